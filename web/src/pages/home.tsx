/** All projects, and what runs at this moment. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { groupDigits } from "../base/numbers.ts";
import { formatDuration } from "../base/times.ts";
import { getProjects, getRuns } from "../data/api.ts";
import { type Liveness, watchChanges } from "../data/stream.ts";
import type { Project, Run } from "../data/wire.ts";
import { paced } from "../state/pace.ts";
import { LOGDIRS, projectHref, runHref } from "../state/route.ts";
import { themeChoice } from "../state/theme.ts";
import { Age } from "./age.tsx";
import { Header } from "./header.tsx";
import { Notice } from "./notice.tsx";
import { StateMark } from "./run_state.tsx";
import { Snippets } from "./snippets.tsx";

const MAX_ACTIVE = 50;

function createHome() {
  const projects = signal<Project[] | null>(null);
  const active = signal<Run[]>([]);
  const error = signal<Error | null>(null);
  const liveness = signal<Liveness>("connecting");

  const refresh = paced(async () => {
    try {
      const all = await getProjects();
      projects.value = all;
      error.value = null;
      const busy = all.filter((project) => project.running > 0).slice(0, 10);
      const pages = await Promise.all(
        busy.map((one) =>
          getRuns(one.entity, one.name, { filter: "state:running", limit: MAX_ACTIVE }),
        ),
      );
      active.value = pages
        .flatMap((page) => page.runs)
        .sort((a, b) => b.created - a.created)
        .slice(0, MAX_ACTIVE);
    } catch (caught) {
      error.value = caught as Error;
    }
  }, 1000);

  return { projects, active, error, liveness, refresh };
}

export function HomePage(): JSX.Element {
  const home = useMemo(createHome, []);
  useEffect(() => {
    document.title = "epochal";
    home.refresh();
    const stop = watchChanges(null, {
      onLiveness: (liveness) => {
        home.liveness.value = liveness;
      },
      onChange: home.refresh,
      onCatchUp: home.refresh,
    });
    return () => {
      stop();
      home.refresh.stop();
    };
  }, [home]);

  const projects = home.projects.value;
  const error = home.error.value;
  const hasBookmark = location.hash !== "" && projects !== null && projects.length > 0;
  useEffect(() => {
    if (hasBookmark) void followBookmark(home.projects.peek()!);
  }, [hasBookmark, home]);
  return (
    <>
      <Header liveness={home.liveness.value} />
      <main class="home">
        <h1 class="sr">Projects</h1>
        {error && projects === null && (
          <Notice title="The projects cannot be read" isError>
            <p>{error.message}</p>
            <button type="button" class="chip" onClick={home.refresh}>
              Try again
            </button>
          </Notice>
        )}
        {projects?.length === 0 && (
          <Notice title="Nothing has been logged yet">
            <p>Log a first run: this page shows it as soon as it begins.</p>
            <Snippets />
          </Notice>
        )}
        {home.active.value.length > 0 && <ActiveRuns runs={home.active.value} />}
        {projects !== null && projects.length > 0 && <Projects projects={projects} />}
      </main>
    </>
  );
}

/** A bookmark of TensorBoard leads to the log directory that changed last, else to the project that did. */
async function followBookmark(projects: readonly Project[]): Promise<void> {
  const { readBookmark } = await import("../state/bookmarks.ts");
  const bookmark = readBookmark(location.search, location.hash);
  const project = projects.find((one) => one.entity === LOGDIRS) ?? projects[0];
  if (bookmark === null || project === undefined) return;
  if (bookmark.theme !== null) themeChoice.value = bookmark.theme;
  const href = projectHref(project.entity, project.name) + bookmark.page + bookmark.query;
  // In the place of the bookmark: the back button must not lead here again.
  location.replace(href);
}

function ActiveRuns({ runs }: { runs: readonly Run[] }): JSX.Element {
  return (
    <section>
      <h2>
        Running now <span class="section-count">{runs.length}</span>
      </h2>
      <ul class="cards">
        {runs.map((run) => (
          <li key={run.uid}>
            <a class="card" href={runHref(run.entity, run.project, run.id)}>
              <span class="card-title">
                {run.name} <StateMark state={run.state} />
              </span>
              <span class="card-line">
                {run.project}
                {run.last_step !== null && ` · step ${groupDigits(run.last_step)}`}
                {run.duration !== null && ` · ${formatDuration(run.duration)}`}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Projects({ projects }: { projects: readonly Project[] }): JSX.Element {
  return (
    <section>
      <h2>
        Projects <span class="section-count">{projects.length}</span>
      </h2>
      <table class="projects">
        <thead>
          <tr>
            <th scope="col">Project</th>
            <th scope="col" class="number">
              Runs
            </th>
            <th scope="col" class="number">
              Running
            </th>
            <th scope="col" class="number">
              Last change
            </th>
          </tr>
        </thead>
        <tbody>
          {projects.map((project) => (
            <tr key={`${project.entity}/${project.name}`}>
              <td>
                <a href={projectHref(project.entity, project.name)}>
                  {project.entity !== "local" && <span class="quiet">{project.entity} / </span>}
                  <b>{project.name}</b>
                </a>
              </td>
              <td class="number">{groupDigits(project.runs)}</td>
              <td class={`number${project.running ? " running-count" : ""}`}>
                {project.running || ""}
              </td>
              <td class="number">
                <Age at={project.updated} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Two to eight runs beside one another: what differs in their settings, results, surroundings and code. */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { getRun } from "../../data/api.ts";
import { RequestError } from "../../data/client.ts";
import { getFile, getFiles, type RunFile } from "../../data/run_files.ts";
import type { RunDetail } from "../../data/wire.ts";
import { remembered } from "../../state/remembered.ts";
import {
  arrival,
  comparedIds,
  compareHref,
  navigate,
  projectHref,
  runHref,
} from "../../state/route.ts";
import { MOST_COMPARED } from "../../state/run_actions.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Colour } from "../../widgets/swatch.tsx";
import { Toggle } from "../../widgets/toggle.tsx";
import { useAnswer, useChanges } from "../artifacts/use_answer.ts";
import { Header } from "../header.tsx";
import { Notice } from "../notice.tsx";
import { StateMark } from "../run_state.tsx";
import { useWorkspace } from "../workspace/workspace_page.tsx";
import { CompareCode } from "./compare_code.tsx";
import { compareRows, factsOf, packagesOf, surroundingsOf } from "./compare_rows.ts";
import { type CompareSection, CompareTable } from "./compare_table.tsx";
import "../../styles/compare.css";

interface PageProps {
  entity: string;
  project: string;
}

/** What is read of the runs of an address; ids that lead nowhere are named. */
interface Compared {
  runs: RunDetail[];
  files: RunFile[][];
  packages: Record<string, string>[];
  missing: string[];
}

const MOST_PACKAGES_BYTES = 1 << 20;

export function ComparePage({ entity, project }: PageProps): JSX.Element {
  const ws = useWorkspace(entity, project, null);
  const moment = useChanges(ws);
  const asked = comparedIds(arrival.value.query);
  const ids = asked.slice(0, MOST_COMPARED);
  const { value, error } = useAnswer(`${ids.join("\n")} ${moment}`, () =>
    readCompared(entity, project, ids),
  );
  // What was there last stays while the next answer is on its way.
  const [last, setLast] = useState<Compared | null>(null);
  useEffect(() => {
    if (value !== null) setLast(value);
  }, [value]);
  useEffect(() => {
    document.title = `${project}: compare · epochal`;
  }, [project]);
  const shown = value ?? last;
  return (
    <>
      <Header ws={ws}>
        <span>{entity}</span>
        <a href={projectHref(entity, project)}>{project}</a>
        <span aria-current="page">Compare</span>
      </Header>
      <main class="compare-page">
        <h1 class="sr">{project}: runs compared</h1>
        {error !== null && (
          <Notice title="The runs cannot be read" isError>
            <p>{error.message}</p>
          </Notice>
        )}
        {asked.length > MOST_COMPARED && (
          <p class="list-notice" role="status">
            The address names {asked.length} runs; the first {MOST_COMPARED} of them are compared.
          </p>
        )}
        {shown !== null && shown.missing.length > 0 && (
          <p class="list-notice" role="status">
            There is no run {shown.missing.map((id) => `“${id}”`).join(", ")} in {project}.
          </p>
        )}
        {shown !== null && shown.runs.length < 2 ? (
          <TooFew href={projectHref(entity, project)} />
        ) : (
          shown && <Beside ws={ws} compared={shown} />
        )}
      </main>
    </>
  );
}

function TooFew({ href }: { href: string }): JSX.Element {
  return (
    <Notice title="There is nothing to compare">
      <p>
        Select two to eight runs in the <a href={href}>list</a> (Ctrl+click) and press <kbd>C</kbd>.
      </p>
    </Notice>
  );
}

function Beside({ ws, compared }: { ws: Workspace; compared: Compared }): JSX.Element {
  const { runs, files } = compared;
  const [text, setText] = useState("");
  const [isAll, setAll] = remembered("compare-all", false);
  const sections = useMemo(() => sectionsOf(compared), [compared]);
  const { entity, project } = ws;
  const ids = runs.map(({ id }) => id);
  const charts = `${projectHref(entity, project)}?only=${ids.map(encodeURIComponent).join(",")}`;
  return (
    <>
      <div class="part-bar">
        <b>{runs.length} runs</b>
        <input
          type="search"
          class="compare-find"
          placeholder="Find a name"
          aria-label="Find a name"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <Toggle
          label="Only what differs"
          title="Leave out the names in which all runs agree"
          isOn={!isAll.value}
          onTurn={(isOn) => setAll(!isOn)}
        />
        <span class="spread" />
        <a class="chip" href={charts}>
          Their charts
        </a>
      </div>
      <div class="compare-scroll">
        <CompareTable
          heads={runs.map((run, i) => (
            <RunHead key={run.uid} {...{ ws, run, isBase: i === 0, ids }} />
          ))}
          sections={sections}
          text={text}
          isAll={isAll.value}
        />
        <CompareCode runs={runs} files={files} />
      </div>
    </>
  );
}

interface HeadProps {
  ws: Workspace;
  run: RunDetail;
  isBase: boolean;
  ids: readonly string[];
}

function RunHead({ ws, run, isBase, ids }: HeadProps): JSX.Element {
  const { entity, project, id, name } = run;
  const others = ids.filter((one) => one !== id);
  return (
    <th scope="col">
      <span class="compare-head">
        <Colour paint={ws.paint.value(run)} theme={theme.value} isOff={false} />
        <StateMark state={run.state} />
        <a href={runHref(entity, project, id)} title={name}>
          {name}
        </a>
        {!isBase && (
          <button
            type="button"
            class="link"
            aria-label={`${name} as baseline`}
            title="Compare the others with this run"
            onClick={() => navigate(compareHref(entity, project, [id, ...others]))}
          >
            as baseline
          </button>
        )}
        {isBase && <span class="compare-base">baseline</span>}
        {ids.length > 2 && (
          <button
            type="button"
            class="icon-button"
            aria-label={`Leave out ${name}`}
            title="Leave out"
            onClick={() => navigate(compareHref(entity, project, others))}
          >
            <Icon name="close" />
          </button>
        )}
      </span>
    </th>
  );
}

function sectionsOf({ runs, packages }: Compared): CompareSection[] {
  const rows = (of: (run: RunDetail) => Parameters<typeof compareRows>[0][number]) =>
    compareRows(runs.map(of));
  return [
    { id: "config", title: "Config", rows: rows((run) => run.config) },
    { id: "summary", title: "Summary", rows: rows((run) => run.summary), isMeasured: true },
    { id: "run", title: "Run", rows: rows(factsOf) },
    { id: "environment", title: "Environment", rows: rows(surroundingsOf) },
    { id: "packages", title: "Packages", rows: compareRows(packages) },
  ];
}

/** Reads the runs of a page; a run that is gone takes nothing from the others. */
async function readCompared(
  entity: string,
  project: string,
  ids: readonly string[],
): Promise<Compared> {
  const found = await Promise.all(
    ids.map(async (id) => {
      try {
        return await getRun(entity, project, id);
      } catch (error) {
        if (error instanceof RequestError && error.status === 404) return id;
        throw error;
      }
    }),
  );
  const runs = found.filter((one) => typeof one !== "string");
  const files = await Promise.all(runs.map(({ uid }) => getFiles(uid).catch(() => [])));
  const packages = await Promise.all(files.map(readPackages));
  return { runs, files, packages, missing: found.filter((one) => typeof one === "string") };
}

async function readPackages(files: readonly RunFile[]): Promise<Record<string, string>> {
  const file = files.find(({ name }) => name === "requirements.txt");
  if (file === undefined) return {};
  try {
    const bytes = await getFile(file, undefined, MOST_PACKAGES_BYTES);
    return packagesOf(new TextDecoder().decode(bytes)) as Record<string, string>;
  } catch {
    // The file itself says what is wrong with it, among the files of its run.
    return {};
  }
}

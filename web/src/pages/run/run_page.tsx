/** One run: what it is, and its charts. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo } from "preact/hooks";
import { formatDuration, formatMoment } from "../../base/times.ts";
import type { Contents } from "../../data/run_files.ts";
import type { RunDetail } from "../../data/wire.ts";
import { slotOf } from "../../state/paint.ts";
import { projectHref, type RunTab, runHref } from "../../state/route.ts";
import { changeRun, restore } from "../../state/run_changes.ts";
import { RunContents } from "../../state/run_contents.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { Swatch } from "../../widgets/swatch.tsx";
import { Age } from "../age.tsx";
import { Header } from "../header.tsx";
import { lazy } from "../lazy.tsx";
import { Notice } from "../notice.tsx";
import { StateMark } from "../run_state.tsx";
import { useShortcuts } from "../shortcuts.tsx";
import { FullSlot } from "../workspace/full_slot.tsx";
import { PanelGrid } from "../workspace/panel_grid.tsx";
import { RunMenu } from "../workspace/run_menu.tsx";
import { Toolbar } from "../workspace/toolbar.tsx";
import { chartShortcuts, useWorkspace } from "../workspace/workspace_page.tsx";
import { newest } from "./newest.ts";
import { commandLine, commitOf, reproduceLines } from "./reproduce.ts";
import { Name, Notes, Tags } from "./run_labels.tsx";

interface RunPageProps {
  entity: string;
  project: string;
  run: string;
  tab: RunTab;
  /** The path of a file, on the tabs that show one. */
  file: string;
}

/** What every tab is given. */
export interface TabProps {
  ws: Workspace;
  run: RunDetail;
  contents: RunContents;
  file: string;
}

const PARTS = {
  overview: lazy<TabProps>(async () => (await import("./overview.tsx")).Overview),
  logs: lazy<TabProps>(async () => (await import("./logs/logs.tsx")).Logs),
  system: lazy<TabProps>(async () => (await import("./system/system.tsx")).System),
  files: lazy<TabProps>(async () => (await import("./files/files.tsx")).Files),
  code: lazy<TabProps>(async () => (await import("./code/code.tsx")).Code),
  artifacts: lazy<TabProps>(async () => (await import("./run_artifacts.tsx")).RunArtifacts),
} satisfies Record<Exclude<RunTab, "charts">, unknown>;

export function RunPage(address: RunPageProps): JSX.Element {
  const { entity, project, run, tab, file } = address;
  const ws = useWorkspace(entity, project, run);
  const contents = useMemo(() => new RunContents(ws), [ws]);
  useLayoutEffect(() => contents.watch(), [contents]);
  const detail = ws.detail.value && newest(ws, ws.detail.value);
  const error = ws.detailError.value;
  const Part = tab === "charts" ? null : PARTS[tab];
  useEffect(() => {
    document.title = `${detail?.name ?? run} · ${project} · epochal`;
  }, [detail?.name, run, project]);
  return (
    <>
      <Header ws={ws}>
        <span>{entity}</span>
        <a href={projectHref(entity, project)}>{project}</a>
        <a href={runHref(entity, project, run)} aria-current="page">
          {detail?.name ?? run}
        </a>
      </Header>
      {detail === null && error !== null && (
        <Notice title={`The run “${run}” cannot be shown`} isError>
          <p>{error.message}</p>
          <p>
            <a href={projectHref(entity, project)}>All runs of {project}</a>
          </p>
        </Notice>
      )}
      <div class="run-page">
        <RunHead {...{ ws, detail, contents, address }} />
        {detail?.trashed && (
          <div class="strip" role="status">
            This run is in the trash.
            <button type="button" class="chip" onClick={() => void restore(ws, detail)}>
              Restore
            </button>
          </div>
        )}
        {Part === null ? (
          <Charts ws={ws} />
        ) : (
          detail && <Part key={tab} {...{ ws, run: detail, contents, file }} />
        )}
      </div>
    </>
  );
}

function Charts({ ws }: { ws: Workspace }): JSX.Element {
  const shortcuts = useMemo(() => chartShortcuts(ws), [ws]);
  useShortcuts(shortcuts);
  return (
    <div class="charts">
      <Toolbar ws={ws} onList={null} />
      <PanelGrid ws={ws} />
      <FullSlot ws={ws} />
    </div>
  );
}

const TAB_NAMES: readonly (readonly [RunTab, string])[] = [
  ["charts", "Charts"],
  ["overview", "Overview"],
  ["logs", "Logs"],
  ["system", "System"],
  ["files", "Files"],
  ["code", "Code"],
  ["artifacts", "Artifacts"],
];

/** Whether a run has something for a tab. */
function has(contents: Contents, tab: RunTab): boolean {
  if (tab === "logs") return contents.lines > 0;
  if (tab === "system") return contents.system.length > 0;
  if (tab === "files" || tab === "code" || tab === "artifacts") return contents[tab] > 0;
  return true;
}

interface HeadProps {
  ws: Workspace;
  detail: RunDetail | null;
  contents: RunContents;
  address: RunPageProps;
}

function RunHead({ ws, detail, contents, address }: HeadProps): JSX.Element {
  const { entity, project, run, tab } = address;
  const known = contents.now.value;
  const isSettled = known !== null || contents.error.value !== null;
  return (
    <div class="run-head">
      <div class="run-title">
        {detail && (
          <>
            <Swatch
              slot={slotOf(detail)}
              theme={theme.value}
              label="Colour of this run"
              onPick={(color) => void changeRun(ws, detail, { color })}
            />
            <h1>
              <Name ws={ws} run={detail} />
            </h1>
            <span class="fact">
              <StateMark state={detail.state} /> {detail.state}
            </span>
            {detail.duration !== null && (
              <Fact label="Duration">{formatDuration(detail.duration)}</Fact>
            )}
            <span class="fact" title={`Started ${formatMoment(detail.created)}`}>
              started <Age at={detail.created} />
            </span>
            <Tags ws={ws} run={detail} />
            <span class="spread" />
            <Origin run={detail} />
            <RunMenu ws={ws} run={detail} />
          </>
        )}
      </div>
      <div class="tab-row">
        <nav class="tabs" aria-label="Parts of the run">
          {TAB_NAMES.map(([to, label]) =>
            to === "charts" || to === "overview" || to === tab || (known && has(known, to)) ? (
              <a
                key={to}
                href={runHref(entity, project, run, to)}
                aria-current={tab === to ? "page" : undefined}
              >
                {label}
              </a>
            ) : null,
          )}
        </nav>
        {/* Behind the last tab: it comes when it is known which there are, so that nothing moves. */}
        {detail && isSettled && <Notes ws={ws} run={detail} />}
      </div>
    </div>
  );
}

/** The commit that the run came from; a press copies the lines that run it again. */
function Origin({ run }: { run: RunDetail }): JSX.Element | null {
  const commit = commitOf(run.environment);
  if (commit === null) return null;
  const said = `${commit.commit.slice(0, 8)}${commit.isDirty ? " + changes" : ""}`;
  return (
    <span class="origin">
      <CopyButton
        text={reproduceLines(commit, commandLine(run.environment))}
        label={`Commit ${said}: copy the lines that run it again`}
        said={said}
      />
    </span>
  );
}

function Fact({ label, children }: { label: string; children: ComponentChildren }): JSX.Element {
  return (
    <span class="fact" title={label}>
      {children}
    </span>
  );
}

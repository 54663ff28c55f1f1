/** Settings of runs and what came of them: parallel axes above, the table or the scatter matrix below. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { Hparams, MOST_RUNS } from "../../state/hparams.ts";
import type { Bindings } from "../../state/keys.ts";
import { toggleList } from "../../state/list_shown.ts";
import { projectHref } from "../../state/route.ts";
import { RunTable } from "../../state/table.ts";
import { Choice } from "../../widgets/choice.tsx";
import { Icon } from "../../widgets/icon.tsx";
import { Header } from "../header.tsx";
import { Notice } from "../notice.tsx";
import { useShortcuts } from "../shortcuts.tsx";
import { ColumnMenu } from "../table/column_choice.tsx";
import { Grid } from "../table/grid.tsx";
import { PickBar } from "../workspace/pick_bar.tsx";
import { RunSheet } from "../workspace/run_sheet.tsx";
import { RunsBeside } from "../workspace/runs_beside.tsx";
import { focusField, useWorkspace } from "../workspace/workspace_page.tsx";
import { ColorLegend } from "./color_legend.tsx";
import { Parallel } from "./parallel.tsx";
import { Scatter } from "./scatter.tsx";
import "../../styles/table.css";
import "../../styles/hparams.css";

export function HparamsPage(props: { entity: string; project: string }): JSX.Element {
  const { entity, project } = props;
  const ws = useWorkspace(entity, project, null);
  const hparams = useMemo(() => new Hparams(ws), [ws]);
  const table = useMemo(() => new RunTable(ws, hparams.columnStore), [ws, hparams]);
  useLayoutEffect(() => {
    table.start();
    const stop = hparams.start();
    return () => {
      stop();
      table.stop();
    };
  }, [table, hparams]);
  const shortcuts = useMemo(
    (): Bindings => ({
      "run-filter": () => focusField("run-filter"),
      list: toggleList,
      back: () => (ws.picks.areShown.peek() ? ws.picks.clear() : false),
    }),
    [ws],
  );
  useShortcuts(shortcuts);
  useEffect(() => {
    document.title = `${project}: hyperparameters · epochal`;
  }, [project]);

  return (
    <>
      <Header ws={ws} tab="hparams">
        <span>{entity}</span>
        <a href={projectHref(entity, project)} aria-current="page">
          {project}
        </a>
      </Header>
      <h1 class="sr">{project}: hyperparameters</h1>
      <RunsBeside ws={ws}>
        {(onList) => (
          <main class="hparams">
            <HparamsBar hparams={hparams} table={table} onList={onList} />
            <Content hparams={hparams} table={table} />
            <PickBar ws={ws} />
          </main>
        )}
      </RunsBeside>
      <RunSheet ws={ws} />
    </>
  );
}

interface PartProps {
  hparams: Hparams;
  table: RunTable;
}

function HparamsBar({ hparams, table, onList }: PartProps & { onList: () => void }): JSX.Element {
  const { ws } = hparams;
  const hasBrushes = hparams.axes.value.some(({ brushes }) => brushes.length > 0);
  return (
    <div class="toolbar" role="toolbar" aria-label="Hyperparameters">
      <button
        type="button"
        class="icon-button"
        aria-label="Show or hide the run list"
        title="Run list ([)"
        onClick={onList}
      >
        <Icon name="list" />
      </button>
      <ColumnMenu table={table} />
      <ColorLegend hparams={hparams} />
      <span class="spread" />
      <Counts hparams={hparams} />
      {hasBrushes && (
        <button type="button" class="chip" onClick={() => hparams.clear()}>
          Clear brushes
        </button>
      )}
      <Choice
        label="Below the axes"
        value={ws.view.value.below}
        options={[
          { value: "table", label: "Table" },
          { value: "scatter", label: "Scatter matrix" },
        ]}
        onPick={(below) => ws.set({ below })}
      />
    </div>
  );
}

function Counts({ hparams }: { hparams: Hparams }): JSX.Element {
  const selected = hparams.selectedCount.value;
  const { length } = hparams.runs.value;
  const matched = hparams.list.matched.value;
  return (
    <span class="quiet hparams-count" role="status">
      {groupDigits(selected)} of {groupDigits(length)} runs
      {matched > length && length >= MOST_RUNS && ` (the newest of ${groupDigits(matched)})`}
    </span>
  );
}

function Content({ hparams, table }: PartProps): JSX.Element {
  const { list, ws } = hparams;
  const error = list.error.value;
  if (error !== null) {
    return (
      <div class="list-notice" role="alert">
        {error.message}
      </div>
    );
  }
  if (hparams.specs.value.length === 0) return <NoAxes hparams={hparams} />;
  return (
    <>
      {!hparams.isOpen.value && (
        <div class="list-notice" role="note">
          Brushes need a run filter in words: this one is JSON, or cannot be read.
        </div>
      )}
      <Parallel hparams={hparams} />
      {ws.view.value.below === "scatter" ? <Scatter hparams={hparams} /> : <Grid table={table} />}
    </>
  );
}

function NoAxes({ hparams }: { hparams: Hparams }): JSX.Element | null {
  const { ws } = hparams;
  if (ws.columns.value.length === 0 || !hparams.areAxesKnown.value) return null;
  return (
    <Notice title="Nothing differs between the runs yet">
      <p>
        Axes are settings in which runs differ, and the metrics that came of them. Pick any column
        with “Columns”, or log <code>config=</code> with more than one run.
      </p>
    </Notice>
  );
}

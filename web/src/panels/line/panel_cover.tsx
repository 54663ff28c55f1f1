/** What lies over the plot while there is nothing to draw, or when what is drawn may be old. */
import type { JSX } from "preact";
import { groupDigits } from "../../base/numbers.ts";
import type { Key } from "../../data/wire.ts";
import { setPanel } from "../../state/panel_settings.ts";
import type { Workspace } from "../../state/workspace.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { NoRunsCover } from "../frame/no_runs.tsx";
import { axisName } from "./lines.ts";
import type { PanelModel } from "./panel_model.ts";

interface PanelCoverProps {
  ws: Workspace;
  model: PanelModel;
  metric: Key;
}

export function PanelCover({ ws, model, metric }: PanelCoverProps): JSX.Element | null {
  const { lines, isLoading, error } = model.status.value;
  if (error) {
    return (
      <div class={`panel-cover error${lines > 0 ? " stale" : ""}`} role="alert">
        <p>{lines > 0 ? "Not up to date: the server does not answer." : error.message}</p>
        <div class="cover-actions">
          <button type="button" class="chip" onClick={() => model.retry()}>
            Try again
          </button>
          <CopyButton
            label="Copy the details of the error"
            text={`${metric.name}: ${error.status} ${error.code}: ${error.message}`}
          />
        </div>
      </div>
    );
  }
  if (lines > 0) return null;
  if (isLoading) return <div class="skeleton" />;
  if (ws.shown.value.length === 0) {
    if (ws.runId === null && !ws.list.isReady.value) return <div class="skeleton" />;
    return <NoRunsCover ws={ws} />;
  }
  return <NoValues ws={ws} metric={metric} />;
}

/** Runs are shown, and none of them has a value here: on another axis, or at all. */
function NoValues({ ws, metric }: { ws: Workspace; metric: Key }): JSX.Element {
  const { name } = metric;
  const axis = ws.axisOf(metric);
  const { xlog } = ws.settingsOf(name);
  const isMetric = axis.startsWith("metric:");
  const offer = (label: string, run: () => void) => (
    <button type="button" class="chip" onClick={run}>
      {label}
    </button>
  );
  if (isMetric || xlog) {
    return (
      <div class="panel-cover">
        <p>
          {isMetric
            ? `None of the runs shown has this over ${axisName(axis)}.`
            : `None of the runs shown has this at a positive ${axisName(axis)}.`}
        </p>
        <div class="cover-actions">
          {xlog && offer("Linear x axis", () => setPanel(ws, name, "xlog", false))}
          {isMetric && offer("Over step", () => setPanel(ws, name, "x", "step"))}
          {isMetric && offer("Over relative time", () => setPanel(ws, name, "x", "rel"))}
        </div>
      </div>
    );
  }
  const elsewhere = metric.runs === 1 ? "One run has" : `${groupDigits(metric.runs)} runs have`;
  return (
    <div class="panel-cover">
      <p>
        None of the runs shown has logged this.
        {ws.runId === null && metric.runs > 0 && ` ${elsewhere}.`}
      </p>
    </div>
  );
}

/** What both plots of the page show of runs: the one under the pointer, and their colours. */
import type { JSX } from "preact";
import { formatWritten } from "../../base/numbers.ts";
import { rampColor } from "../../base/ramp.ts";
import { Fact, MediaTip } from "../../panels/frame/media_tip.tsx";
import type { PlotAxis } from "../../plots/parallel_plot.ts";
import { type HparamAxis, type Hparams, rangeOf } from "../../state/hparams.ts";

const STEPS = 32;

/** The ramp of numbers in each theme. */
export const RAMPS = {
  light: Array.from({ length: STEPS + 1 }, (_, i) => rampColor(i / STEPS).light),
  dark: Array.from({ length: STEPS + 1 }, (_, i) => rampColor(i / STEPS).dark),
};

/** An axis as the plots take it. */
export function plotAxis(one: HparamAxis): PlotAxis {
  return {
    id: one.column,
    axis: one.axis,
    isFlipped: one.isFlipped,
    brushes: one.brushes.flatMap((brush) => rangeOf(one, brush)),
  };
}

/** The run that is pointed at here, in the run list or in the table. */
export function pointedRun(hparams: Hparams): number | null {
  const own = hparams.pointed.value;
  if (own !== null) return own;
  const uid = hparams.ws.pointedRun.value;
  if (uid === null) return null;
  const at = hparams.runs.value.findIndex((run) => run.uid === uid);
  return at < 0 ? null : at;
}

interface RunCardProps {
  hparams: Hparams;
  /** The pointer, in CSS pixels from the corner of the plot. */
  at: { left: number; top: number };
}

/** What the run under the pointer has on every axis. */
export function RunCard({ hparams, at }: RunCardProps): JSX.Element | null {
  const index = hparams.pointed.value;
  const run = index === null ? undefined : hparams.runs.value[index];
  if (index === null || run === undefined) return null;
  return (
    <MediaTip {...at} title={run.name}>
      {hparams.axes.value.map((axis) => (
        <Fact key={axis.column} name={axis.label} value={textOf(axis, index)} />
      ))}
    </MediaTip>
  );
}

function textOf({ values }: HparamAxis, index: number): string {
  const value = values[index];
  if (value === null || value === undefined) return "no value";
  return typeof value === "number" ? formatWritten(value) : String(value);
}

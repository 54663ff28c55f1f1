/** What a line panel asks for and draws, worked out from the workspace. */
import { formatValue, groupDigits } from "../../base/numbers.ts";
import { formatDuration, formatMoment } from "../../base/times.ts";
import type { Want } from "../../data/series_loader.ts";
import type { Key, Run } from "../../data/wire.ts";
import type { Line, XKind } from "../../plots/line_plot.ts";
import { at, length, type Series } from "../../plots/series.ts";
import type { PaintOf } from "../../state/paint.ts";
import type { Workspace } from "../../state/workspace.ts";

export function xKindOf(axis: string): XKind {
  return axis === "step" || axis === "relative" || axis === "wall" ? axis : "metric";
}

/** How a position on an axis reads: 23,600, 4 m 12 s, a moment. */
export function formatX(axis: string, x: number): string {
  const kind = xKindOf(axis);
  if (kind === "relative") return formatDuration(x);
  if (kind === "wall") return formatMoment(x);
  return Number.isInteger(x) ? groupDigits(x) : formatValue(x);
}

export function axisName(axis: string): string {
  if (axis === "relative" || axis === "wall") return `${axis} time`;
  return axis.startsWith("metric:") ? axis.slice("metric:".length) : axis;
}

export function wantOf(ws: Workspace, metric: Key, px: number, visible: boolean): Want {
  const x = ws.axisOf(metric);
  return {
    key: metric.name,
    runs: ws.shownOrder.value,
    x,
    range: ws.rangeOn(x),
    px,
    visible,
  };
}

/** Lines in the runs' colours; slots beyond the ten hues are dashed when more than ten are shown. */
export function linesOf(
  series: readonly Series[],
  runs: ReadonlyMap<string, Run>,
  paint: PaintOf,
  theme: "light" | "dark",
): Line[] {
  const isDashed = series.length > 10;
  const lines: Line[] = [];
  for (const one of series) {
    const run = runs.get(one.run);
    if (!run) continue;
    const slot = paint(run);
    const line = { series: one, run: one.run, color: slot[theme], label: run.name };
    lines.push(isDashed && slot.dash.length > 0 ? { ...line, dash: slot.dash } : line);
  }
  return lines;
}

/** Whether two sets of lines draw the same picture. */
export function areSameLines(a: readonly Line[], b: readonly Line[]): boolean {
  return (
    a.length === b.length &&
    a.every((line, i) => {
      const other = b[i]!;
      return (
        line.series === other.series &&
        line.color === other.color &&
        line.dash === other.dash &&
        line.label === other.label
      );
    })
  );
}

export interface LineFacts {
  last: number;
  lastX: number;
  min: number;
  max: number;
}

/** What a line holds, over the part that was answered; NaN where there is no finite value. */
export function factsOf(series: Series): LineFacts {
  const n = length(series);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  const lows = series.mode === "points" ? series.y : series.min;
  const highs = series.mode === "points" ? series.y : series.max;
  for (let i = 0; i < n; i++) {
    if (lows[i]! < min && lows[i]! > Number.NEGATIVE_INFINITY) min = lows[i]!;
    if (highs[i]! > max && highs[i]! < Number.POSITIVE_INFINITY) max = highs[i]!;
  }
  const values = series.mode === "points" ? series.y : series.last;
  const xs = series.mode === "points" ? series.x : series.x1;
  return {
    last: n > 0 ? values[n - 1]! : Number.NaN,
    lastX: n > 0 ? at(xs, n - 1) : Number.NaN,
    min: Number.isFinite(min) ? min : Number.NaN,
    max: Number.isFinite(max) ? max : Number.NaN,
  };
}

const SPOKEN_RUNS = 3;

/** The sentence that stands for the chart where it cannot be seen. */
export function sentence(key: string, axis: string, lines: readonly Line[]): string {
  if (lines.length === 0) return `${key}: no lines.`;
  const last = lines.slice(-SPOKEN_RUNS).map(({ series, label }) => {
    const facts = factsOf(series);
    return `${label} ${formatValue(facts.last)} at ${formatX(axis, facts.lastX)}`;
  });
  const runs = `${lines.length} ${lines.length === 1 ? "run" : "runs"}`;
  return `${key} over ${axisName(axis)}, ${runs}. Last values: ${last.join(", ")}.`;
}

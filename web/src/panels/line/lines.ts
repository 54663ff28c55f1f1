/** What a line panel asks for and draws, worked out from the workspace. */
import { formatValue, groupDigits } from "../../base/numbers.ts";
import { formatDuration, formatMoment } from "../../base/times.ts";
import type { Want } from "../../data/series_loader.ts";
import type { Key, Run } from "../../data/wire.ts";
import type { Line, XKind } from "../../plots/line_plot.ts";
import type { Series } from "../../plots/series.ts";
import type { PaintOf } from "../../state/paint.ts";
import type { Workspace } from "../../state/workspace.ts";
import { factsOf } from "./statistics.ts";

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

/** Of the keys in one chart, the first of which is drawn through. CSS pixels. */
const KEY_DASHES: readonly (readonly number[])[] = [
  [],
  [7, 4],
  [2, 3],
  [9, 3, 2, 3],
  [14, 4],
  [4, 4],
  [2, 6],
  [9, 3, 2, 3, 2, 3],
];

/**
 * Lines in the runs' colours, of one key or of several. Of one, slots beyond the ten hues are dashed when more
 * than ten are shown; of several, the dash says which key it is, and the label names it.
 */
export function linesOf(
  series: readonly (readonly Series[])[],
  keys: readonly string[],
  runs: ReadonlyMap<string, Run>,
  paint: PaintOf,
  theme: "light" | "dark",
): Line[] {
  const isMerged = keys.length > 1;
  const lines: Line[] = [];
  series.forEach((ofKey, index) => {
    for (const one of ofKey) {
      const run = runs.get(one.run);
      if (!run) continue;
      const slot = paint(run);
      const dash = isMerged ? KEY_DASHES[index]! : ofKey.length > 10 ? slot.dash : [];
      const label = isMerged ? `${run.name} · ${keys[index]}` : run.name;
      const line = { series: one, run: one.run, color: slot[theme], label };
      lines.push(dash.length > 0 ? { ...line, dash } : line);
    }
  });
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

/** What a line panel asks for and draws, worked out from the workspace. */
import { formatValue, groupDigits } from "../../base/numbers.ts";
import { dashOf } from "../../base/palette.ts";
import { formatDuration, formatMoment } from "../../base/times.ts";
import type { Want } from "../../data/series_loader.ts";
import type { Key, Run } from "../../data/wire.ts";
import type { BandSeries } from "../../plots/bands.ts";
import type { Band, Line, XKind } from "../../plots/plot_types.ts";
import type { Series } from "../../plots/series.ts";
import type { PaintOf } from "../../state/paint.ts";
import type { RunGroup, Workspace } from "../../state/workspace.ts";
import { factsOf } from "./statistics.ts";

export function xKindOf(axis: string): XKind {
  return axis === "step" || axis === "relative" || axis === "wall" ? axis : "metric";
}

/** How a position on an axis reads: 23,600, 4 m 12 s, a moment. */
export function formatX(axis: string, x: number): string {
  const kind = xKindOf(axis);
  if (kind === "relative") return formatDuration(x);
  if (kind === "wall") return formatMoment(x);
  // Steps are whole; only grids and the middles of buckets lie between them.
  if (kind === "step") return groupDigits(Math.round(x));
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
    range: ws.rangeOf(metric.name, x),
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

export interface LinesOf {
  readonly runs: ReadonlyMap<string, Run>;
  readonly paint: PaintOf;
  readonly theme: "light" | "dark";
  /** The uid of the run that others are compared with. */
  readonly baseline: string | null;
  /** The groups of the runs that lie faintly behind bands; null where runs are drawn by themselves. */
  readonly members: ReadonlyMap<string, RunGroup> | null;
}

/**
 * Lines in the runs' colours, of one key or of several. Of one, slots beyond the ten hues are dashed when more
 * than ten are shown; of several, the dash says which key it is, and the label names it.
 */
export function linesOf(
  series: readonly (readonly Series[])[],
  keys: readonly string[],
  { runs, paint, theme, baseline, members }: LinesOf,
): Line[] {
  const isMerged = keys.length > 1;
  const lines: Line[] = [];
  series.forEach((ofKey, index) => {
    for (const one of ofKey) {
      const run = runs.get(one.run);
      const isBaseline = one.run === baseline;
      const group = isBaseline ? undefined : members?.get(one.run);
      const slot = group?.paint ?? (run && paint(run));
      if (slot === undefined || (members !== null && group === undefined && !isBaseline)) continue;
      const own = members === null ? dashOf(slot, ofKey.length) : [];
      const dash = isMerged ? KEY_DASHES[index]! : own;
      const name = run?.name ?? group?.label ?? "";
      lines.push({
        ...{ series: one, run: one.run, color: slot[theme] },
        label: isMerged ? `${name} · ${keys[index]}` : name,
        ...(dash.length > 0 ? { dash } : {}),
        ...(isBaseline ? { role: "baseline" as const } : {}),
        ...(group ? { role: "member" as const } : {}),
      });
    }
  });
  return lines;
}

/** Groups in their colours; of several keys, the dash says which one it is. */
export function bandsOf(
  found: readonly (readonly BandSeries[])[],
  keys: readonly string[],
  groups: readonly RunGroup[],
  { theme, isShaded }: { theme: "light" | "dark"; isShaded: boolean },
): Band[] {
  const isMerged = keys.length > 1;
  return found.flatMap((ofKey, index) => {
    const byGroup = new Map(ofKey.map((band) => [band.group, band]));
    return groups.flatMap(({ id, label, paint }) => {
      const series = byGroup.get(id);
      if (series === undefined || series.key !== keys[index]) return [];
      const dash = isMerged ? KEY_DASHES[index]! : paint.dash;
      return {
        ...{ id, series, color: paint[theme], isShaded },
        ...(dash.length > 0 ? { dash } : {}),
        label: isMerged ? `${label} · ${series.key}` : label,
      };
    });
  });
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
        line.role === other.role &&
        line.label === other.label
      );
    })
  );
}

/** Whether two sets of bands draw the same picture. */
export function areSameBands(a: readonly Band[], b: readonly Band[]): boolean {
  return (
    a.length === b.length &&
    a.every((band, i) => {
      const other = b[i]!;
      return (
        band.series === other.series &&
        band.color === other.color &&
        band.dash === other.dash &&
        band.isShaded === other.isShaded &&
        band.label === other.label
      );
    })
  );
}

const SPOKEN_RUNS = 3;

/** The sentence that stands for the chart where it cannot be seen. */
export function sentence(
  key: string,
  axis: string,
  lines: readonly Line[],
  bands: readonly Band[],
): string {
  const own = lines.filter((line) => line.role !== "member");
  if (own.length + bands.length === 0) return `${key}: no lines.`;
  const groups = bands.slice(0, SPOKEN_RUNS).map(({ series, label }) => {
    const end = series.center.length - 1;
    const value = end < 0 ? Number.NaN : series.center[end]!;
    return `${label} ${formatValue(value)}, ${countOf(series.runs, "run")}`;
  });
  const last = own.slice(-SPOKEN_RUNS).map(({ series, label }) => {
    const facts = factsOf(series);
    return `${label} ${formatValue(facts.last)} at ${formatX(axis, facts.lastX)}`;
  });
  const counts = [
    ...(bands.length > 0 ? [countOf(bands.length, "group")] : []),
    ...(own.length > 0 ? [countOf(own.length, "run")] : []),
  ];
  const values = [...groups, ...last].join(bands.length > 0 ? "; " : ", ");
  return `${key} over ${axisName(axis)}, ${counts.join(" and ")}. Last values: ${values}.`;
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

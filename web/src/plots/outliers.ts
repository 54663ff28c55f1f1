/** Quantiles of what is drawn, and the points that an axis without outliers leaves out. */
import type { Scale } from "../base/scale.ts";
import type { Clip, Line } from "./plot_types.ts";
import { at, type Series, xFacts } from "./series.ts";
import { lowerBound, type Trace } from "./trace.ts";

/** Below so many values in view there are no outliers. */
const LEAST_VALUES = 40;
/** Quantiles are read from a sample of about this size: sorting all would cost more than drawing them. */
const SAMPLE = 2048;

/** Quantiles (shares of 0 to 1) of the extremes of the pixel columns in view; null when there are too few. */
export function quantilesOf(traces: readonly Trace[], shares: readonly number[]): number[] | null {
  let count = 0;
  for (const trace of traces) count += 2 * trace.length;
  const every = Math.max(1, Math.floor(count / (2 * SAMPLE)));
  const sample = new Float64Array(Math.ceil(count / every) + 2 * traces.length);
  let size = 0;
  for (const trace of traces) {
    const { length, x, lo, hi, width } = trace;
    for (let i = 0; i < length; i += every) {
      if (!(x[i]! >= 0 && x[i]! <= width)) continue;
      sample[size++] = lo[i]!;
      sample[size++] = hi[i]!;
    }
  }
  if (size < LEAST_VALUES) return null;
  const sorted = sample.subarray(0, size).sort();
  return shares.map((share) => sorted[Math.round(share * (size - 1))]!);
}

/** How many points in view of each line lie above and below the y axis; lines without one are left out. */
export function countClipped(lines: readonly Line[], xScale: Scale, yScale: Scale): Clip[] {
  const clips: Clip[] = [];
  for (const { series, run, label, color } of lines) {
    const { above, below } = count(series, xScale, yScale);
    if (above + below === 0) continue;
    clips.push({ run, label, color, above, below, isExact: series.mode === "points" });
  }
  return clips;
}

function count(
  series: Series,
  { lo: from, hi: to }: Scale,
  { lo, hi }: Scale,
): { above: number; below: number } {
  const isPoints = series.mode === "points";
  const [x0, x1] = isPoints ? [series.x, series.x] : [series.x0, series.x1];
  const [lows, highs] = isPoints ? [series.y, series.y] : [series.min, series.max];
  let index = 0;
  let end = lows.length;
  if (xFacts(series).sorted) {
    index = lowerBound(x1, from, 0, end);
    end = lowerBound(x0, to, index, end);
    // Positions at the very end are in view.
    while (end < lows.length && at(x0, end) === to) end++;
  }
  let above = 0;
  let below = 0;
  for (let i = index; i < end; i++) {
    if (!(at(x1, i) >= from && at(x0, i) <= to)) continue;
    const [low, high] = [lows[i]!, highs[i]!];
    if (high > hi && high < Number.POSITIVE_INFINITY) above++;
    if (low < lo && low > Number.NEGATIVE_INFINITY) below++;
  }
  return { above, below };
}

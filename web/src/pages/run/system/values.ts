/** Values of a series by position: what it ended with, and what it had at a time. */
import { at, length, type Series } from "../../../plots/series.ts";

/** The last value; NaN of an empty series. */
export function lastOf(series: Series): number {
  const n = length(series);
  if (n === 0) return Number.NaN;
  return series.mode === "points" ? series.y[n - 1]! : series.last[n - 1]!;
}

/** The beginning of a series on its x axis; NaN of an empty one. */
export function startOf(series: Series): number {
  if (length(series) === 0) return Number.NaN;
  return at(series.mode === "points" ? series.x : series.x0, 0);
}

/** The end of a series on its x axis; NaN of an empty one. */
export function endOf(series: Series): number {
  const n = length(series);
  if (n === 0) return Number.NaN;
  return at(series.mode === "points" ? series.x : series.x1, n - 1);
}

/** The index of the point, or of the bucket by its beginning, that is nearest to `x`; -1 of none. Positions ascend. */
export function nearestTo(series: Series, x: number): number {
  const positions = series.mode === "points" ? series.x : series.x0;
  const n = length(series);
  let [low, high] = [0, n];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(positions, middle) <= x) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return n > 0 ? 0 : -1;
  if (low === n) return n - 1;
  return x - at(positions, low - 1) <= at(positions, low) - x ? low - 1 : low;
}

/** The value at an index; of a bucket, the middle of its extremes. */
export function valueAt(series: Series, index: number): number {
  if (series.mode === "points") return series.y[index]!;
  return (series.min[index]! + series.max[index]!) / 2;
}

/** The least and the largest finite value; null without any. */
export function extremesOf(series: readonly Series[]): readonly [number, number] | null {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const one of series) {
    const n = length(one);
    for (let i = 0; i < n; i++) {
      const [low, high] =
        one.mode === "points" ? [one.y[i]!, one.y[i]!] : [one.min[i]!, one.max[i]!];
      if (low < lo) lo = low;
      if (high > hi) hi = high;
    }
  }
  return lo <= hi ? [lo, hi] : null;
}

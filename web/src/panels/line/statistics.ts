/** What logged points say at a position and over a range. */
import { at, length, type PointsSeries, type Series } from "../../plots/series.ts";

/** The point logged last at or before `x`: of those with the largest position, the last one. */
export function pointAt(series: PointsSeries, x: number): { x: number; y: number } | null {
  let best = -1;
  let bestX = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < series.y.length; i++) {
    const here = at(series.x, i);
    if (here <= x && here >= bestX) {
      best = i;
      bestX = here;
    }
  }
  return best < 0 ? null : { x: bestX, y: series.y[best]! };
}

export interface RangeStatistics {
  /** Finite values in the range. */
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Of the line through the values with the least squares, per unit of x; NaN below two positions. */
  readonly slope: number;
  /** false: from buckets of points; then only `min` and `max` are exact. */
  readonly isExact: boolean;
}

/** Over the finite values at positions from `lo` to `hi`, both included; null where there is none. */
export function statisticsBetween(series: Series, lo: number, hi: number): RangeStatistics | null {
  const isExact = series.mode === "points";
  const lows = isExact ? series.y : series.min;
  const highs = isExact ? series.y : series.max;
  const from = isExact ? series.x : series.x0;
  const to = isExact ? series.x : series.x1;
  const sums = new Sums();
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length(series); i++) {
    const x = (at(from, i) + at(to, i)) / 2;
    const [low, high] = [lows[i]!, highs[i]!];
    if (!(x >= lo && x <= hi) || !Number.isFinite(low) || !Number.isFinite(high)) continue;
    if (low < min) min = low;
    if (high > max) max = high;
    sums.add(x, (low + high) / 2);
  }
  if (sums.count === 0) return null;
  return { count: sums.count, min, max, mean: sums.mean, slope: sums.slope(), isExact };
}

/** Mean and regression in one pass, by updating means: large steps and values cancel nothing. */
class Sums {
  count = 0;
  mean = 0;
  private meanX = 0;
  private xx = 0;
  private xy = 0;

  add(x: number, y: number): void {
    this.count += 1;
    const dx = x - this.meanX;
    this.meanX += dx / this.count;
    this.mean += (y - this.mean) / this.count;
    this.xx += dx * (x - this.meanX);
    this.xy += dx * (y - this.mean);
  }

  slope(): number {
    return this.xx > 0 ? this.xy / this.xx : Number.NaN;
  }
}

export interface SeriesFacts {
  readonly last: number;
  readonly lastX: number;
  readonly min: number;
  /** Where the smallest value was logged: exactly, or a bucket's middle. */
  readonly minX: number;
  readonly max: number;
  readonly isExact: boolean;
}

/** What a series holds, over the part that was answered; NaN where there is no finite value. */
export function factsOf(series: Series): SeriesFacts {
  const n = length(series);
  const isExact = series.mode === "points";
  const lows = isExact ? series.y : series.min;
  const highs = isExact ? series.y : series.max;
  const from = isExact ? series.x : series.x0;
  const to = isExact ? series.x : series.x1;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let where = -1;
  for (let i = 0; i < n; i++) {
    if (lows[i]! < min && lows[i]! > Number.NEGATIVE_INFINITY) {
      min = lows[i]!;
      where = i;
    }
    if (highs[i]! > max && highs[i]! < Number.POSITIVE_INFINITY) max = highs[i]!;
  }
  const values = isExact ? series.y : series.last;
  return {
    last: n > 0 ? values[n - 1]! : Number.NaN,
    lastX: n > 0 ? at(to, n - 1) : Number.NaN,
    min: where < 0 ? Number.NaN : min,
    minX: where < 0 ? Number.NaN : (at(from, where) + at(to, where)) / 2,
    max: Number.isFinite(max) ? max : Number.NaN,
    isExact,
  };
}

/** Mean of the last `count` finite values logged; NaN when fewer points are known than that and more were logged. */
export function meanOfLast(series: Series, count: number): number {
  if (series.mode !== "points") return Number.NaN;
  let [sum, found] = [0, 0];
  for (let i = series.y.length - 1; i >= 0 && found < count; i--) {
    const value = series.y[i]!;
    if (!Number.isFinite(value)) continue;
    sum += value;
    found += 1;
  }
  const isShort = found < count && series.y.length < series.total;
  return found === 0 || isShort ? Number.NaN : sum / found;
}

/**
 * Smoothing in the page, so that a slider answers at once: the twin of the server's (docs/reference/http.md).
 *
 * Of a series of which every point is here it makes what the server makes. Of buckets it makes a likeness,
 * each bucket counting as its number of points, which stands until the server's answer is there.
 */
import { setRaw } from "./curve.ts";
import { at, type ColumnsSeries, type Numbers, type PointsSeries, type Series } from "./series.ts";

export type Smoothing =
  /** Debiased exponential moving average over points, as TensorBoard's. */
  | { readonly kind: "ema"; readonly weight: number }
  /** The same, weighted by the distance in x. */
  | { readonly kind: "time"; readonly weight: number }
  /** A Gaussian kernel; `sigma` in units of the x axis. */
  | { readonly kind: "gaussian"; readonly sigma: number }
  /** A centred running mean over `window` points. */
  | { readonly kind: "mean"; readonly window: number };

/** A Gaussian reaches so many sigmas. */
const CUT = 3;
/** Pairs of points that a Gaussian may weigh here; of more it makes a likeness, in three running means. */
const MOST_PAIRS = 200_000;

/** Tells one smoothing from another; "" for none. */
export function smoothingKey(smoothing: Smoothing | null): string {
  return smoothing === null ? "" : JSON.stringify(smoothing);
}

/** Whether the page makes exactly of these points what the server would. */
export function isSmoothedExactly(series: Series, smoothing: Smoothing): boolean {
  // Whether one session goes on from another depends on times, which only the server knows.
  if (series.mode !== "points" || series.starts.length > 1) return false;
  if (series.y.length < series.total) return false;
  return smoothing.kind !== "gaussian" || pairs(series, smoothing.sigma) <= MOST_PAIRS;
}

function pairs({ x, y }: PointsSeries, sigma: number): number {
  const n = y.length;
  const spacing = Math.abs(at(x, n - 1) - at(x, 0)) / Math.max(1, n - 1);
  return n * Math.min(n, 1 + (2 * CUT * sigma) / spacing);
}

const made = new WeakMap<Series, { key: string; series: Series }>();

/**
 * The series with its smoothed values; `has` is the key of the smoothing whose values came with it. The
 * same object for the same question, as long as no other is asked of the series.
 */
export function smoothSeries(series: Series, has: string, smoothing: Smoothing | null): Series {
  const key = smoothingKey(smoothing);
  if (series.smoothed === undefined ? smoothing === null : has === key) return series;
  const known = made.get(series);
  if (known?.key === key) return known.series;
  const dressed = smoothing === null ? bare(series) : dress(series, smoothing);
  setRaw(dressed, series);
  made.set(series, { key, series: dressed });
  return dressed;
}

function bare(series: Series): Series {
  const { smoothed: _, ...rest } = series;
  return rest as Series;
}

function dress(series: Series, smoothing: Smoothing): Series {
  if (series.mode === "columns") return dressColumns(series, smoothing);
  return { ...series, smoothed: smoothValues(series.x, series.y, smoothing) };
}

/** The smoothed values of `y` at positions `x`, both in log order; what is not finite passes through. */
export function smoothValues(x: PointsSeries["x"], y: Numbers, smoothing: Smoothing): Float64Array {
  const needsX = smoothing.kind === "time" || smoothing.kind === "gaussian";
  const n = y.length;
  const places = new Int32Array(n);
  const values = new Float64Array(n);
  let [count, least, most] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < n; i++) {
    const value = y[i]!;
    // (The difference of one that is not finite and itself is NaN.)
    if (value - value !== 0 || (needsX && !Number.isFinite(at(x, i)))) continue;
    places[count] = i;
    values[count++] = value;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const out = new Float64Array(y);
  if (!(least < most)) return out;
  const kept = values.subarray(0, count);
  // Sums of the largest numbers would overflow.
  const scale = Math.max(-least, most) > 2 ** 960 ? 2 ** 64 : 1;
  if (scale > 1) for (let k = 0; k < count; k++) kept[k]! /= scale;
  const along = needsX ? new Float64Array(count) : null;
  if (along) for (let k = 0; k < count; k++) along[k] = at(x, places[k]!);
  const smoothed = smoothFinite(along, kept, smoothing);
  for (let k = 0; k < count; k++) out[places[k]!] = smoothed[k]! * scale;
  return out;
}

function smoothFinite(
  x: Float64Array | null,
  values: Float64Array,
  smoothing: Smoothing,
): Float64Array {
  switch (smoothing.kind) {
    case "ema":
      return fade(values, new Float64Array(values.length).fill(smoothing.weight));
    case "time":
      return fade(values, decaysOf(x!, smoothing.weight));
    case "mean":
      return runningMean(values, Math.floor(smoothing.window / 2));
    case "gaussian":
      return inOrder(x!, values, (along, ordered) => gaussian(along, ordered, smoothing.sigma));
  }
}

/** Sum of v[k] by what is left of each at i, over the sum of what is left: debiased. */
function fade(values: Float64Array, decays: Float64Array): Float64Array {
  const out = new Float64Array(values.length);
  let sum = 0;
  let size = 0;
  for (let i = 0; i < values.length; i++) {
    const decay = decays[i]!;
    sum = sum * decay + values[i]!;
    size = size * decay + 1;
    out[i] = sum / size;
  }
  return out;
}

/** What is left of the past at each position; the mean distance is one step, a distance back is none. */
function decaysOf(x: Float64Array, weight: number): Float64Array {
  const distances = new Float64Array(x.length);
  let mean = 0;
  for (let i = 1; i < x.length; i++) {
    distances[i] = Math.max(0, x[i]! / 2 - x[i - 1]! / 2);
    mean += distances[i]! / (x.length - 1);
  }
  return distances.map((distance) => (mean > 0 ? weight ** (distance / mean) : 1));
}

/** Mean of each value and `half` on either side; at the ends of as many on both sides as there are. */
function runningMean(values: Float64Array, half: number): Float64Array {
  const n = values.length;
  const width = 2 * half + 1;
  const out = new Float64Array(n);
  // Sums from either end of tiles as wide as the window: each window is the end of one and the beginning of the next.
  const forward = new Float64Array(n);
  const backward = new Float64Array(n);
  for (let i = 0; i < n; i++) forward[i] = values[i]! + (i % width === 0 ? 0 : forward[i - 1]!);
  for (let i = n - 1; i >= 0; i--) {
    backward[i] = values[i]! + (i === n - 1 || i % width === width - 1 ? 0 : backward[i + 1]!);
  }
  for (let i = half; i < n - half; i++) {
    const from = i - half;
    const sum = backward[from]! + (from % width === 0 ? 0 : forward[i + half]!);
    out[i] = sum / width;
  }
  const ends = Math.min(half, (n + 1) >> 1);
  let [left, right] = [0, 0];
  for (let i = 0; i < ends; i++) {
    left += values[2 * i]! + (i > 0 ? values[2 * i - 1]! : 0);
    right += values[n - 1 - 2 * i]! + (i > 0 ? values[n - 2 * i]! : 0);
    out[i] = left / (2 * i + 1);
    out[n - 1 - i] = right / (2 * i + 1);
  }
  return out;
}

/** Runs `work` on positions that ascend, and brings what it makes back into log order. */
function inOrder(
  x: Float64Array,
  values: Float64Array,
  work: (x: Float64Array, values: Float64Array) => Float64Array,
): Float64Array {
  if (x.every((position, i) => i === 0 || position >= x[i - 1]!)) return work(x, values);
  const order = Array.from(x, (_, i) => i).sort((a, b) => x[a]! - x[b]! || a - b);
  const made = work(
    Float64Array.from(order, (i) => x[i]!),
    Float64Array.from(order, (i) => values[i]!),
  );
  const out = new Float64Array(values.length);
  order.forEach((i, k) => {
    out[i] = made[k]!;
  });
  return out;
}

function gaussian(x: Float64Array, values: Float64Array, sigma: number): Float64Array {
  const n = values.length;
  const out = new Float64Array(n);
  let first = 0;
  let budget = MOST_PAIRS * 2;
  for (let i = 0; i < n; i++) {
    while ((x[i]! - x[first]!) / sigma > CUT) first++;
    let [sum, size] = [0, 0];
    let k = first;
    for (; k < n; k++) {
      const distance = (x[k]! - x[i]!) / sigma;
      if (distance > CUT) break;
      const weight = Math.exp(-0.5 * distance * distance);
      sum += weight * values[k]!;
      size += weight;
    }
    out[i] = sum / size;
    budget -= k - first;
    if (budget < 0) return threeMeans(x, values, sigma);
  }
  return out;
}

/** A likeness of a Gaussian that costs the same for every sigma: three running means over points. */
function threeMeans(x: Float64Array, values: Float64Array, sigma: number): Float64Array {
  const n = values.length;
  const spacing = (x[n - 1]! - x[0]!) / Math.max(1, n - 1);
  // Three boxes of 2 h + 1 points have the variance of h (h + 1).
  const half = Math.min(n, Math.round(Math.sqrt((sigma / spacing) ** 2 + 0.25) - 0.5));
  let out = values;
  for (let pass = 0; pass < 3; pass++) out = runningMean(out, half);
  return out;
}

/** Buckets as single values that count as many points as lie in them, by their width. */
function dressColumns(series: ColumnsSeries, smoothing: Smoothing): ColumnsSeries {
  const n = series.min.length;
  const middles = new Float64Array(n);
  const values = new Float64Array(n);
  const widths = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const [x0, x1] = [at(series.x0, i), at(series.x1, i)];
    middles[i] = x0 / 2 + x1 / 2;
    widths[i] = Math.abs(x1 - x0);
    const ends = series.first[i]! / 2 + series.last[i]! / 2;
    values[i] = Number.isFinite(ends) ? ends : series.min[i]! / 2 + series.max[i]! / 2;
  }
  const spacing = spacingOf(series);
  const points = (i: number) => 1 + Math.round(widths[i]! / spacing);
  let total = 0;
  for (let i = 0; i < n; i++) total += points(i);
  const likeness = smoothBuckets(middles, values, points, total, smoothing);
  // In both extremes and both ends: a bucket has one value.
  const smoothed = { first: likeness, min: likeness, max: likeness, last: likeness };
  return { ...series, smoothed };
}

function smoothBuckets(
  x: Float64Array,
  y: Float64Array,
  points: (i: number) => number,
  total: number,
  smoothing: Smoothing,
): Float64Array {
  const { kind } = smoothing;
  if (kind === "mean") {
    const window = Math.round((smoothing.window * y.length) / total);
    return smoothValues(x, y, { kind, window: Math.max(1, window) });
  }
  if (kind === "gaussian") return smoothValues(x, y, smoothing);
  const reach = x.length > 1 ? Math.abs(x.at(-1)! - x[0]!) / total : 1;
  const out = Float64Array.from(y);
  let [sum, size, before] = [0, 0, x[0] ?? 0];
  for (let i = 0; i < y.length; i++) {
    if (!Number.isFinite(y[i]!)) continue;
    const steps = kind === "ema" ? points(i) : Math.max(0, x[i]! - before) / (reach || 1);
    before = x[i]!;
    const decay = smoothing.weight ** Math.max(steps, size === 0 ? 1 : 0);
    sum = sum * decay + y[i]! * (1 - decay);
    size = size * decay + 1 - decay;
    out[i] = size > 0 ? sum / size : y[i]!;
  }
  return out;
}

/** The distance of neighbouring points, taken from the gaps between buckets. */
function spacingOf({ x0, x1 }: ColumnsSeries): number {
  let [sum, count] = [0, 0];
  for (let i = 1; i < x0.length; i++) {
    const gap = at(x0, i) - at(x1, i - 1);
    if (!(gap > 0)) continue;
    sum += gap;
    count += 1;
  }
  return count > 0 ? sum / count : Number.POSITIVE_INFINITY;
}

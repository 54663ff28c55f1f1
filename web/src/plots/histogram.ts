/**
 * Histograms as they were logged: buckets with edges of their own, even or not.
 *
 * Between its edges a bucket's values are taken to lie evenly, so counts of any interval and quantiles follow from one
 * function, the count at or below a value; a bucket without width holds all of its values at that place.
 */

export interface Histogram {
  /** Ascending, one more than there are counts. */
  readonly edges: Float64Array;
  readonly counts: Float64Array;
  /** Counts up to each edge: of none at the first, of all at the last. */
  readonly below: Float64Array;
  readonly total: number;
}

/** A histogram of finite ascending edges and counts of at least 0; null where they are none. */
export function makeHistogram(
  edges: Float64Array | null,
  counts: Float64Array | null,
  limits: { min?: number; max?: number } = {},
): Histogram | null {
  if (edges === null || counts === null || counts.length < 1) return null;
  if (edges.length !== counts.length + 1) return null;
  const trimmed = trim(edges, counts, limits);
  if (trimmed === null) return null;
  const below = new Float64Array(trimmed.edges.length);
  trimmed.counts.forEach((count, i) => {
    below[i + 1] = below[i]! + count;
  });
  return { ...trimmed, below, total: below.at(-1)! };
}

/**
 * Without empty buckets at the ends, and with the data's own limits where an outer edge is no number to
 * draw: the oldest writers end with a bucket up to the largest float64.
 */
function trim(
  edges: Float64Array,
  counts: Float64Array,
  { min = Number.NaN, max = Number.NaN }: { min?: number; max?: number },
): { edges: Float64Array; counts: Float64Array } | null {
  let [first, end] = [0, counts.length];
  while (first < end && !(counts[first]! > 0)) first += 1;
  while (end > first && !(counts[end - 1]! > 0)) end -= 1;
  const inner = edges.slice(first, end + 1);
  if (first < end) {
    if (!isDrawable(inner[0]!)) inner[0] = Number.isFinite(min) ? min : inner[1]!;
    const last = inner.length - 1;
    if (!isDrawable(inner[last]!)) inner[last] = Number.isFinite(max) ? max : inner[last - 1]!;
  }
  for (let i = 0; i < inner.length; i++) {
    if (!Number.isFinite(inner[i]!) || (i > 0 && inner[i]! < inner[i - 1]!)) return null;
  }
  const kept = Float64Array.from(counts.subarray(first, end), (count) => (count > 0 ? count : 0));
  return { edges: inner, counts: kept };
}

function isDrawable(edge: number): boolean {
  return Math.abs(edge) < 1e300;
}

/** The values at or below `value`. */
export function countAtMost({ edges, counts, below, total }: Histogram, value: number): number {
  const last = edges.length - 1;
  if (last < 1 || value < edges[0]!) return 0;
  if (value >= edges[last]!) return total;
  // The last edge that is not above the value: with several alike, all that lies at the place counts.
  const bucket = bucketAt(edges, value);
  const width = edges[bucket + 1]! - edges[bucket]!;
  return below[bucket]! + counts[bucket]! * ((value - edges[bucket]!) / width);
}

/** The values above `from` and at or below `to`; at `from` itself too where that is the smallest value. */
export function countBetween(histogram: Histogram, from: number, to: number): number {
  const start =
    from <= (histogram.edges[0] ?? 0) && to >= (histogram.edges[0] ?? 0)
      ? 0
      : countAtMost(histogram, from);
  return Math.max(0, countAtMost(histogram, to) - start);
}

/** The index of the last edge that is not above a value within the edges. */
function bucketAt(edges: Float64Array, value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The bucket that a value lies in, the last one with its upper edge; null outside of all. */
export function bucketOf({ edges, counts }: Histogram, value: number): number | null {
  if (counts.length === 0 || !(value >= edges[0]!) || value > edges.at(-1)!) return null;
  return Math.min(counts.length - 1, bucketAt(edges, value));
}

/** The basis points of TensorBoard's distributions: 0, 1.5, 1, 0.5 standard deviations and the middle of a normal one. */
export const BASIS_POINTS: readonly number[] = [0, 668, 1587, 3085, 5000, 6915, 8413, 9332, 10000];

/** The value below which a share (0 to 1) of all values lies, in proportion inside of buckets; NaN for no values. */
export function quantile({ edges, counts, below, total }: Histogram, share: number): number {
  if (total === 0) return Number.NaN;
  const wanted = share * total;
  if (wanted <= 0) return edges[0]!;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i]! === 0 || below[i + 1]! < wanted) continue;
    return edges[i]! + (edges[i + 1]! - edges[i]!) * ((wanted - below[i]!) / counts[i]!);
  }
  return edges.at(-1)!;
}

/** The smallest interval that holds every value of some histograms, with room around a single one. */
export function valueRange(histograms: Iterable<Histogram>): [number, number] {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { edges, counts } of histograms) {
    if (counts.length === 0) continue;
    lo = Math.min(lo, edges[0]!);
    hi = Math.max(hi, edges.at(-1)!);
  }
  if (lo > hi) return [0, 1];
  if (lo < hi) return [lo, hi];
  const room = Math.abs(lo) * 0.5 || 1;
  return [lo - room, hi + room];
}

/**
 * The outline of densities as stairs: x and y in turn, beginning and ending at density 0. Neighbouring buckets that
 * are narrower than `narrowest` are one, until they are as wide; one that has no such neighbour is drawn as wide
 * as that, at the cost of its neighbours. Areas stay true.
 */
export function outline(histogram: Histogram, narrowest: number): Float64Array {
  const cuts = cutsOf(histogram, narrowest);
  const points: number[] = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    const [from, to] = [cuts[i]!, cuts[i + 1]!];
    const density = countBetween(histogram, from, to) / (to - from);
    if (i === 0) points.push(from, 0);
    points.push(from, density, to, density);
    if (i + 2 === cuts.length) points.push(to, 0);
  }
  return Float64Array.from(points);
}

/** Ascending edges for drawing. */
function cutsOf({ edges, counts }: Histogram, narrowest: number): number[] {
  const cuts: number[] = [];
  for (let i = 0; i < counts.length; ) {
    let end = i + 1;
    while (
      end < counts.length &&
      edges[end]! - edges[i]! < narrowest &&
      edges[end + 1]! - edges[end]! < narrowest
    ) {
      end += 1;
    }
    let [from, to] = [edges[i]!, edges[end]!];
    if (to - from < narrowest) {
      const middle = (from + to) / 2;
      [from, to] = [middle - narrowest / 2, middle + narrowest / 2];
      const last = cuts.pop();
      if (last !== undefined) cuts.push(Math.max(cuts.at(-1) ?? last, Math.min(last, from)));
    }
    for (const cut of [from, to]) {
      const last = cuts.at(-1);
      if (last === undefined || cut > last) cuts.push(cut);
    }
    i = end;
  }
  return cuts;
}

/**
 * Series as the renderer draws them: typed columns in log order, never arrays of points.
 *
 * A series is a value: `append` answers a longer one and leaves the shorter one as it was. Both share
 * one growing buffer, so that appending a few points a second to a million costs no copy.
 */

export type Numbers = Float64Array | Float32Array | Int32Array | Uint8Array;

/** Evenly spaced positions, `start + stride * i`, kept as a rule and never spelled out. */
export interface Affine {
  readonly start: number;
  readonly stride: number;
  readonly length: number;
}

export type XArray = Numbers | Affine;

export interface PointsSeries {
  readonly mode: "points";
  readonly run: string;
  readonly key: string;
  /** Values in the whole series, of which these may be a part. */
  readonly total: number;
  /** Indexes at which another writer's session begins: the line is not joined across them. */
  readonly starts: readonly number[];
  /** Positions in log order; any order, and non-finite where the x metric was. */
  readonly x: XArray;
  readonly y: Numbers;
  /** Beside `y`, when smoothing was asked for. */
  readonly smoothed?: Numbers;
}

/** Values of buckets: of their first and last point, and the extremes (NaN where none is finite). */
export interface Extent {
  readonly first: Numbers;
  readonly min: Numbers;
  readonly max: Numbers;
  readonly last: Numbers;
}

/** Buckets of consecutive points. */
export interface ColumnsSeries extends Extent {
  readonly mode: "columns";
  readonly run: string;
  readonly key: string;
  readonly total: number;
  readonly starts: readonly number[];
  /** Whether x never falls, over the whole series. */
  readonly sorted: boolean;
  readonly x0: XArray;
  readonly x1: XArray;
  /** Bits `HAS_NAN`, `HAS_POSITIVE_INFINITY`, `HAS_NEGATIVE_INFINITY`. */
  readonly flags: Uint8Array;
  /** The same of the smoothed values, when smoothing was asked for. */
  readonly smoothed?: Extent;
}

export type Series = PointsSeries | ColumnsSeries;

export const HAS_NAN = 1;
export const HAS_POSITIVE_INFINITY = 2;
export const HAS_NEGATIVE_INFINITY = 4;

export function isAffine(x: XArray): x is Affine {
  return !ArrayBuffer.isView(x);
}

/** Position `index` of `x`. */
export function at(x: XArray, index: number): number {
  return isAffine(x) ? x.start + x.stride * index : x[index]!;
}

/** Positions `from` to `to` (excluded) of `x`, on the same memory. */
export function sliceX(x: XArray, from: number, to: number): XArray {
  if (!isAffine(x)) return x.subarray(from, to);
  return { start: at(x, from), stride: x.stride, length: to - from };
}

/** Points or buckets in a series. */
export function length(series: Series): number {
  return series.mode === "points" ? series.y.length : series.min.length;
}

/** The flag bit of a non-finite value, 0 for a finite one. */
export function flagOf(value: number): number {
  if (value === Number.POSITIVE_INFINITY) return HAS_POSITIVE_INFINITY;
  if (value === Number.NEGATIVE_INFINITY) return HAS_NEGATIVE_INFINITY;
  return Number.isNaN(value) ? HAS_NAN : 0;
}

/** What a scan of the positions tells; scanned once for a series and remembered. */
export interface XFacts {
  /** Smallest and largest finite position (`Infinity` and `-Infinity` when there is none). */
  readonly min: number;
  readonly max: number;
  /** Smallest non-zero distance from 0, for a logarithmic axis; Infinity when there is none. */
  readonly tiny: number;
  /** Whether every position is finite and none is smaller than the one before it. */
  readonly sorted: boolean;
}

const factsOfSeries = new WeakMap<Series, XFacts>();

export function xFacts(series: Series): XFacts {
  let facts = factsOfSeries.get(series);
  if (facts === undefined) {
    facts = series.mode === "points" ? scan(series.x, series.x) : scan(series.x0, series.x1);
    if (series.mode === "columns" && !series.sorted) facts = { ...facts, sorted: false };
    factsOfSeries.set(series, facts);
  }
  return facts;
}

/** The facts of a rule that does not fall, without spelling it out. */
function factsOfRule({ start, stride, length: count }: Affine): XFacts {
  const max = start + stride * (count - 1);
  // The positions on both sides of 0 are the nearest to it.
  const before = stride > 0 ? Math.floor(-start / stride) : 0;
  let tiny = Number.POSITIVE_INFINITY;
  for (let index = before - 1; index <= before + 2; index++) {
    const size = Math.abs(start + stride * Math.min(count - 1, Math.max(0, index)));
    if (size > 0 && size < tiny) tiny = size;
  }
  return { min: start, max, tiny, sorted: true };
}

function scan(lows: XArray, highs: XArray): XFacts {
  const n = lows.length;
  if (lows === highs && isAffine(lows) && lows.stride >= 0 && n > 0) return factsOfRule(lows);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let tiny = Number.POSITIVE_INFINITY;
  let sorted = true;
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    const lo = at(lows, i);
    const hi = at(highs, i);
    if (!(lo >= before && hi >= lo && hi < Number.POSITIVE_INFINITY)) sorted = false;
    before = hi;
    if (Number.isFinite(lo)) {
      if (lo < min) min = lo;
      if (lo !== 0 && Math.abs(lo) < tiny) tiny = Math.abs(lo);
    }
    if (Number.isFinite(hi) && hi > max) max = hi;
  }
  return { min, max, tiny, sorted };
}

/**
 * `series` with `more` after it. Points that arrive behind columns become columns of one point.
 *
 * `more.total` is the new total. A session that begins at `more`'s first point is taken to be the one
 * that `series` ends with (an answer to "rows since" always names 0); later ones break the line.
 */
export function append(series: Series, more: Series): Series {
  if (length(more) === 0) return remember(series, series, { ...series, total: more.total });
  if (length(series) === 0) return more;
  const offset = length(series);
  const starts = [
    ...series.starts,
    ...more.starts.filter((index) => index > 0).map((index) => index + offset),
  ];
  const shared = { run: series.run, key: series.key, total: more.total, starts };
  if (series.mode === "points" && more.mode === "points") {
    const x = joinX(series.x, more.x);
    const joined: PointsSeries = {
      ...shared,
      mode: "points",
      x,
      y: joinNumbers(series.y, more.y),
    };
    if (!series.smoothed || !more.smoothed) return remember(series, more, joined);
    const smoothed = joinNumbers(series.smoothed, more.smoothed);
    return remember(series, more, { ...joined, smoothed });
  }
  const head = toColumns(series);
  const tail = toColumns(more);
  const falls = at(tail.x0, 0) < at(head.x1, head.x1.length - 1);
  const joined: ColumnsSeries = {
    ...shared,
    mode: "columns",
    sorted: head.sorted && tail.sorted && !falls,
    x0: joinX(head.x0, tail.x0),
    x1: joinX(head.x1, tail.x1),
    ...joinExtents(head, tail),
    flags: joinNumbers(head.flags, tail.flags) as Uint8Array,
  };
  if (!head.smoothed || !tail.smoothed) return remember(series, more, joined);
  const smoothed = joinExtents(head.smoothed, tail.smoothed);
  return remember(series, more, { ...joined, smoothed });
}

function joinExtents(head: Extent, tail: Extent): Extent {
  return {
    first: joinNumbers(head.first, tail.first),
    min: joinNumbers(head.min, tail.min),
    max: joinNumbers(head.max, tail.max),
    last: joinNumbers(head.last, tail.last),
  };
}

/** Derives the facts of a longer series from those of its parts, so that appending scans only what is new. */
function remember(head: Series, tail: Series, joined: Series): Series {
  const known = factsOfSeries.get(head);
  if (known !== undefined) {
    const added = xFacts(tail);
    const end = head.mode === "points" ? head.x : head.x1;
    const begin = tail.mode === "points" ? tail.x : tail.x0;
    const rises = head === tail || at(begin, 0) >= at(end, end.length - 1);
    factsOfSeries.set(joined, {
      min: Math.min(known.min, added.min),
      max: Math.max(known.max, added.max),
      tiny: Math.min(known.tiny, added.tiny),
      sorted: known.sorted && added.sorted && rises,
    });
  }
  return joined;
}

/** Points as columns of one point each. */
export function toColumns(series: Series): ColumnsSeries {
  if (series.mode === "columns") return series;
  const { run, key, total, starts, x, y, smoothed } = series;
  const flags = new Uint8Array(y.length);
  for (let i = 0; i < y.length; i++) flags[i] = flagOf(y[i]!);
  const { sorted } = xFacts(series);
  const columns: ColumnsSeries = {
    ...{ mode: "columns", run, key, total, starts, sorted, flags },
    ...{ x0: x, x1: x },
    ...extentOf(y, flags),
  };
  return smoothed ? { ...columns, smoothed: extentOf(smoothed, flags) } : columns;
}

/** Values as buckets of one. */
function extentOf(values: Numbers, flags: Uint8Array): Extent {
  let finite = values;
  for (let i = 0; i < values.length; i++) {
    if (flags[i] === 0) continue;
    if (finite === values) finite = values.slice();
    finite[i] = Number.NaN;
  }
  return { first: values, min: finite, max: finite, last: values };
}

function joinX(head: XArray, tail: XArray): XArray {
  if (isAffine(head) && isAffine(tail)) {
    const stride = head.length > 1 ? head.stride : tail.start - head.start;
    const follows = tail.start === head.start + stride * head.length;
    if (follows && (tail.length === 1 || tail.stride === stride)) {
      return { start: head.start, stride, length: head.length + tail.length };
    }
  }
  return joinNumbers(spell(head), spell(tail));
}

function spell(x: XArray): Numbers {
  if (!isAffine(x)) return x;
  const out = new Float64Array(x.length);
  for (let i = 0; i < out.length; i++) out[i] = x.start + x.stride * i;
  return out;
}

/** How much of a growing buffer its longest view uses: only that view may grow in place. */
const used = new WeakMap<ArrayBufferLike, number>();

type NumbersConstructor = new (buffer: ArrayBufferLike, offset: number, length: number) => Numbers;

function joinNumbers(head: Numbers, tail: Numbers): Numbers {
  if (head.constructor !== tail.constructor) {
    if (!(head instanceof Float64Array)) return joinNumbers(Float64Array.from(head), tail);
    return joinNumbers(head, Float64Array.from(tail));
  }
  const size = head.BYTES_PER_ELEMENT;
  const count = head.length + tail.length;
  const kind = head.constructor as unknown as NumbersConstructor;
  let buffer = head.buffer;
  if (used.get(buffer) !== head.length || buffer.byteLength < count * size) {
    buffer = new ArrayBuffer(Math.ceil(count * 1.5 + 16) * size);
    new kind(buffer, 0, head.length).set(head);
  }
  const joined = new kind(buffer, 0, count);
  joined.set(tail, head.length);
  used.set(buffer, count);
  return joined;
}

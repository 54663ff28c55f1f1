/**
 * From a series to what one plot draws of it: at most a few entries for each pixel column.
 *
 * Consecutive points in one pixel column become one entry that keeps their first, smallest, largest and
 * last value, so that a column that is drawn from `lo` to `hi` spans exactly the points in it. Only
 * consecutive points are joined: a series whose x goes back is still drawn in the order logged.
 */
import type { Scale } from "../base/scale.ts";
import {
  at,
  type ColumnsSeries,
  flagOf,
  HAS_NAN,
  HAS_NEGATIVE_INFINITY,
  HAS_POSITIVE_INFINITY,
  type Numbers,
  type PointsSeries,
  type Series,
  type XArray,
  xFacts,
} from "./series.ts";

/** Pixels beyond the plot's edges in which lines are still drawn, for their caps and corners. */
export const MARGIN = 4;

export interface Trace {
  /** Entries used of the arrays below. */
  readonly length: number;
  /** Device pixels from the plot's left edge. */
  readonly x: Float64Array;
  /** Values as logged. `lo` and `hi` are finite; `first` or `last` is NaN where no line joins on. */
  readonly lo: Float64Array;
  readonly hi: Float64Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** Pixel positions of values that have no place on the y axis, ascending, one a pixel column. */
  readonly nan: readonly number[];
  readonly positive: readonly number[];
  readonly negative: readonly number[];
  /** Smallest and largest finite value in view (`yMin > yMax` when there is none). */
  readonly yMin: number;
  readonly yMax: number;
  /** Smallest non-zero distance from 0 among the extremes, for a logarithmic axis. */
  readonly tiny: number;
}

class Builder {
  length = 0;
  x = new Float64Array(256);
  lo = new Float64Array(256);
  hi = new Float64Array(256);
  first = new Float64Array(256);
  last = new Float64Array(256);
  /** Pixel column of the last entry, when another bucket in it may be merged into it; else NaN. */
  column = Number.NaN;
  yMin = Number.POSITIVE_INFINITY;
  yMax = Number.NEGATIVE_INFINITY;
  tiny = Number.POSITIVE_INFINITY;
  private readonly nan = new Set<number>();
  private readonly positive = new Set<number>();
  private readonly negative = new Set<number>();

  constructor(readonly width: number) {}

  add(x: number, first: number, lo: number, hi: number, last: number): void {
    const n = this.length;
    if (n === this.x.length) this.grow();
    this.x[n] = x;
    this.first[n] = first;
    this.lo[n] = lo;
    this.hi[n] = hi;
    this.last[n] = last;
    this.length = n + 1;
    this.column = Number.NaN;
    if (x >= 0 && x <= this.width) this.see(lo, hi);
  }

  /** Adds a bucket that lies in one pixel column, or merges it with the one before it there. */
  addToColumn(column: number, first: number, lo: number, hi: number, last: number): void {
    if (this.column !== column) {
      this.add(column + 0.5, first, lo, hi, last);
      this.column = column;
      return;
    }
    const n = this.length - 1;
    if (lo < this.lo[n]!) this.lo[n] = lo;
    if (hi > this.hi[n]!) this.hi[n] = hi;
    this.last[n] = last;
    if (column >= 0 && column <= this.width) this.see(lo, hi);
  }

  /** Ends the line here: the next entry is not joined to the last one. */
  break(): void {
    if (this.length > 0) this.last[this.length - 1] = Number.NaN;
  }

  mark(x: number, flags: number): void {
    if (x < 0 || x > this.width) return;
    const column = Math.floor(x);
    if (flags & HAS_NAN) this.nan.add(column);
    if (flags & HAS_POSITIVE_INFINITY) this.positive.add(column);
    if (flags & HAS_NEGATIVE_INFINITY) this.negative.add(column);
  }

  finish(): Trace {
    const positions = (columns: Set<number>) =>
      [...columns].sort((a, b) => a - b).map((column) => column + 0.5);
    const { length, x, lo, hi, first, last, yMin, yMax, tiny } = this;
    return {
      ...{ length, x, lo, hi, first, last, yMin, yMax, tiny },
      nan: positions(this.nan),
      positive: positions(this.positive),
      negative: positions(this.negative),
    };
  }

  private see(lo: number, hi: number): void {
    if (lo < this.yMin) this.yMin = lo;
    if (hi > this.yMax) this.yMax = hi;
    if (lo !== 0 && Math.abs(lo) < this.tiny) this.tiny = Math.abs(lo);
    if (hi !== 0 && Math.abs(hi) < this.tiny) this.tiny = Math.abs(hi);
  }

  private grow(): void {
    const size = this.x.length * 2;
    const longer = (old: Float64Array) => {
      const out = new Float64Array(size);
      out.set(old);
      return out;
    };
    this.x = longer(this.x);
    this.lo = longer(this.lo);
    this.hi = longer(this.hi);
    this.first = longer(this.first);
    this.last = longer(this.last);
  }
}

/** Reduces a series to a plot `width` device pixels wide, whose columns `scale` defines. */
export function traceOf(series: Series, scale: Scale, width: number): Trace {
  const builder = new Builder(width);
  if (series.mode === "points") tracePoints(builder, series, scale);
  else traceColumns(builder, series, scale);
  return builder.finish();
}

/** First index from `from` on whose position is not below `edge`; positions ascend. Gallops. */
export function lowerBound(x: XArray, edge: number, from: number, to: number): number {
  let step = 1;
  let lo = from;
  while (lo + step < to && at(x, lo + step) < edge) {
    lo += step;
    step *= 2;
  }
  let hi = Math.min(lo + step, to);
  if (lo < to && at(x, lo) >= edge) return lo;
  while (lo + 1 < hi) {
    const middle = (lo + hi) >> 1;
    if (at(x, middle) < edge) lo = middle;
    else hi = middle;
  }
  return hi;
}

function tracePoints(builder: Builder, series: PointsSeries, scale: Scale): void {
  const { x, y, starts } = series;
  const { sorted } = xFacts(series);
  const left = scale.toValue(-MARGIN);
  const right = scale.toValue(builder.width + MARGIN);
  let index = 0;
  let end = y.length;
  if (sorted) {
    index = Math.max(0, lowerBound(x, left, 0, end) - 1);
    end = Math.min(end, lowerBound(x, right, index, end) + 1);
  }
  let session = starts.findIndex((start) => start > index);
  if (session < 0) session = starts.length;
  while (index < end) {
    const position = at(x, index);
    const pixel = scale.toPixel(position);
    let limit = end;
    if (session < starts.length && starts[session]! < end) limit = starts[session]!;
    let next = index + 1;
    if (!Number.isFinite(pixel)) {
      builder.break();
    } else {
      const column = Math.floor(pixel);
      const offLeft = position < left;
      const offRight = position >= right;
      const from = offLeft ? Number.NEGATIVE_INFINITY : offRight ? right : scale.toValue(column);
      const to = offLeft ? left : offRight ? Number.POSITIVE_INFINITY : scale.toValue(column + 1);
      if (sorted) next = Math.max(next, lowerBound(x, to, index, limit));
      else while (next < limit && at(x, next) >= from && at(x, next) < to) next++;
      if (offLeft || offRight) {
        // Of a stretch outside only its ends matter: where the line leaves, and where it comes in.
        addPoint(builder, pixel, y[index]!);
        if (next - index > 1) addPoint(builder, scale.toPixel(at(x, next - 1)), y[next - 1]!);
      } else if (next - index === 1) addPoint(builder, pixel, y[index]!);
      else addBucket(builder, column, y, index, next);
    }
    index = next;
    if (index === limit && limit < end) {
      builder.break();
      session += 1;
    }
  }
}

function addPoint(builder: Builder, pixel: number, value: number): void {
  if (value - value === 0) {
    builder.add(pixel, value, value, value, value);
    return;
  }
  builder.break();
  builder.mark(pixel, flagOf(value));
}

function addBucket(builder: Builder, column: number, y: Numbers, from: number, to: number): void {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  let taint = 0;
  for (let i = from; i < to; i++) {
    const value = y[i]!;
    if (value < lo) lo = value;
    if (value > hi) hi = value;
    taint += value - value;
  }
  let first = y[from]!;
  let last = y[to - 1]!;
  if (taint !== 0) {
    // The difference of a non-finite value and itself is NaN: look at this column again with care.
    let flags = 0;
    lo = Number.POSITIVE_INFINITY;
    hi = Number.NEGATIVE_INFINITY;
    for (let i = from; i < to; i++) {
      const value = y[i]!;
      const flag = flagOf(value);
      flags |= flag;
      if (flag !== 0) continue;
      if (value < lo) lo = value;
      if (value > hi) hi = value;
    }
    builder.mark(column + 0.5, flags);
    if (!Number.isFinite(first)) first = Number.NaN;
    if (!Number.isFinite(last)) last = Number.NaN;
    if (lo > hi) {
      builder.break();
      return;
    }
  }
  builder.add(column + 0.5, first, lo, hi, last);
}

function traceColumns(builder: Builder, series: ColumnsSeries, scale: Scale): void {
  const { x0, x1, starts } = series;
  const { sorted } = xFacts(series);
  const { width } = builder;
  let index = 0;
  let end = series.min.length;
  if (sorted) {
    index = Math.max(0, lowerBound(x1, scale.toValue(-MARGIN), 0, end) - 1);
    end = Math.min(end, lowerBound(x0, scale.toValue(width + MARGIN), index, end) + 1);
  }
  let session = 0;
  while (session < starts.length && starts[session]! < index) session++;
  for (; index < end; index++) {
    if (session < starts.length && starts[session] === index) {
      session += 1;
      builder.break();
      builder.column = Number.NaN;
    }
    addColumn(builder, series, scale, index);
  }
}

function addColumn(builder: Builder, series: ColumnsSeries, scale: Scale, index: number): void {
  const { width } = builder;
  const a = scale.toPixel(at(series.x0, index));
  const b = scale.toPixel(at(series.x1, index));
  if (!Number.isFinite(a + b)) {
    builder.break();
    return;
  }
  const flags = series.flags[index]!;
  if (flags !== 0) {
    // Where in the bucket is not known: at each of its pixel columns in which it may be, as with values.
    const from = Math.max(0, Math.floor(a));
    const to = Math.min(width, Math.floor(b));
    for (let column = from; column <= to; column++) builder.mark(column + 0.5, flags);
  }
  const lo = series.min[index]!;
  const hi = series.max[index]!;
  if (Number.isNaN(lo)) {
    builder.break();
    return;
  }
  let first = series.first[index]!;
  let last = series.last[index]!;
  if (!Number.isFinite(first)) first = Number.NaN;
  if (!Number.isFinite(last)) last = Number.NaN;
  const from = Math.max(-MARGIN - 1, Math.floor(a));
  const to = Math.min(width + MARGIN + 1, Math.floor(b));
  if (b < -MARGIN || a > width + MARGIN) {
    builder.add(a, first, lo, hi, b > a ? Number.NaN : last);
    if (b > a) builder.add(b, Number.NaN, lo, hi, last);
  } else if (a === b && lo === hi && builder.column !== from) {
    builder.add(a, first, lo, hi, last);
    builder.column = from;
  } else {
    for (let column = from; column <= to; column++) {
      // Inside the bucket the columns join at a value that each of them spans.
      const enters = column === from ? first : lo;
      const leaves = column === to ? last : lo;
      builder.addToColumn(column, enters, lo, hi, leaves);
    }
  }
}

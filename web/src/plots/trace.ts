/**
 * From a series to what one plot draws of it: at most a few entries for each pixel column.
 *
 * Consecutive points in one pixel column become one entry that keeps their first, smallest, largest and
 * last value, so that a column that is drawn from `lo` to `hi` spans exactly the points in it. Only
 * consecutive points are joined: a series whose x goes back is still drawn in the order logged.
 */
import type { Scale } from "../base/scale.ts";
import { type Positions, plotKernel, type TraceFacts } from "./kernel.ts";
import {
  at,
  type ColumnsSeries,
  flagOf,
  HAS_NAN,
  HAS_NEGATIVE_INFINITY,
  HAS_POSITIVE_INFINITY,
  isAffine,
  length as lengthOf,
  type Numbers,
  type PointsSeries,
  type Series,
  type XArray,
  xFacts,
} from "./series.ts";

/** Pixels beyond the plot's edges in which lines are still drawn, for their caps and corners. */
export const MARGIN = 4;

const NO_NUMBERS = new Float64Array(0);
const FLAGS = [HAS_NAN, HAS_POSITIVE_INFINITY, HAS_NEGATIVE_INFINITY];

/** From how many points a pixel column on it is quicker to search a column's end than to walk to it. */
const DENSE = 12;

function finiteOrNan(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
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

function isLinear({ kind, lo, hi }: Scale): boolean {
  return kind === "linear" && Number.isFinite(hi - lo);
}

function windowOf({ lo, hi }: Scale): { base: number; span: number } {
  return { base: lo, span: hi - lo };
}

/** Positions as the compiled code takes them: those of `from` to `to`, or the rule of all. */
function positionsOf(x: XArray, from: number, to: number): Positions {
  return isAffine(x)
    ? { xs: null, start: x.start, stride: x.stride }
    : { xs: x.subarray(from, to), start: 0, stride: 0 };
}

/** What a plot draws of a series. Made anew for another view in the same memory. */
export class Trace {
  /** Entries used of the arrays below. */
  length = 0;
  /** Device pixels from the plot's left edge. */
  x = NO_NUMBERS;
  /** Values as logged. `lo` and `hi` are finite; `first` or `last` is NaN where no line joins on. */
  lo = NO_NUMBERS;
  hi = NO_NUMBERS;
  first = NO_NUMBERS;
  last = NO_NUMBERS;
  /** The memory of those five, in this order. */
  block = NO_NUMBERS;
  /** Pixel columns of values that have no place on the y axis, by their flag, ascending. */
  readonly marks = new Map<number, readonly number[]>();
  /** Smallest and largest finite value in view (`yMin > yMax` when there is none). */
  yMin = Number.POSITIVE_INFINITY;
  yMax = Number.NEGATIVE_INFINITY;
  /** Smallest non-zero distance from 0 among the extremes, for a logarithmic axis. */
  tiny = Number.POSITIVE_INFINITY;
  /** How often it was made: tells what is kept of another one. */
  made = 0;
  /** Of the plot, in device pixels. */
  width = 0;
  /** Pixel column of the last entry, when another bucket in it may be merged into it; else NaN. */
  private open = Number.NaN;
  private readonly marked = new Map<number, Set<number>>();

  /** Reduces a series to a plot `width` device pixels wide, whose columns `scale` defines. */
  make(series: Series, scale: Scale, width: number): void {
    this.made += 1;
    this.width = width;
    this.length = 0;
    this.open = Number.NaN;
    this.yMin = this.tiny = Number.POSITIVE_INFINITY;
    this.yMax = Number.NEGATIVE_INFINITY;
    this.marked.clear();
    this.marks.clear();
    this.reserve(Math.min(lengthOf(series), width + 2 * MARGIN) + 8);
    if (series.mode === "points") this.makeFromPoints(series, scale);
    else this.makeFromColumns(series, scale);
    for (const [flag, columns] of this.marked) {
      this.marks.set(
        flag,
        [...columns].sort((a, b) => a - b),
      );
    }
  }

  private makeFromPoints(series: PointsSeries, scale: Scale): void {
    const { x, y, starts } = series;
    const { sorted } = xFacts(series);
    const { width } = this;
    const affine = isAffine(x);
    const start = affine ? x.start : 0;
    const stride = affine ? x.stride : 0;
    const positions = affine ? NO_NUMBERS : x;
    const left = scale.toValue(-MARGIN);
    const right = scale.toValue(width + MARGIN);
    // The linear scale, spelled out: its calls would cost more than all else here.
    const linear = isLinear(scale);
    const base = scale.lo;
    const perPixel = (scale.hi - scale.lo) / width;
    let index = 0;
    let end = y.length;
    if (sorted) {
      index = Math.max(0, lowerBound(x, left, 0, end) - 1);
      end = Math.min(end, lowerBound(x, right, index, end) + 1);
    }
    const dense = sorted && (end - index) / width >= DENSE;
    let session = starts.findIndex((first) => first > index);
    if (session < 0) session = starts.length;
    if (sorted && linear && !dense && !(session < starts.length && starts[session]! < end)) {
      if (this.makeCompiled(series, scale, index, end, { lowEdge: left, highEdge: right })) return;
    }
    while (index < end) {
      const position = affine ? start + stride * index : positions[index]!;
      const pixel = linear ? (position - base) / perPixel : scale.toPixel(position);
      const limit = session < starts.length && starts[session]! < end ? starts[session]! : end;
      let next = index + 1;
      if (!Number.isFinite(pixel)) {
        this.break();
      } else {
        const column = Math.floor(pixel);
        const offLeft = position < left;
        const offRight = position >= right;
        let from = linear ? base + column * perPixel : scale.toValue(column);
        let to = linear ? base + (column + 1) * perPixel : scale.toValue(column + 1);
        if (offLeft) [from, to] = [Number.NEGATIVE_INFINITY, left];
        if (offRight) [from, to] = [right, Number.POSITIVE_INFINITY];
        let lo = y[index]!;
        let hi = lo;
        let taint = lo - lo;
        if (dense) {
          next = Math.max(next, lowerBound(x, to, index, limit));
          for (let i = index + 1; i < next; i++) {
            const value = y[i]!;
            if (value < lo) lo = value;
            if (value > hi) hi = value;
            taint += value - value;
          }
        } else {
          for (; next < limit; next++) {
            const ahead = affine ? start + stride * next : positions[next]!;
            if (!(ahead < to && ahead >= from)) break;
            const value = y[next]!;
            if (value < lo) lo = value;
            if (value > hi) hi = value;
            taint += value - value;
          }
        }
        if (offLeft || offRight) {
          // Of a stretch outside only its ends matter: where the line leaves, and where it comes in.
          this.addPoint(pixel, y[index]!);
          if (next - index > 1) this.addPoint(scale.toPixel(at(x, next - 1)), y[next - 1]!);
        } else if (next - index === 1) this.addPoint(pixel, y[index]!);
        else if (taint === 0) this.add(this.middleOf(column), y[index]!, lo, hi, y[next - 1]!);
        else this.addTainted(column, y, index, next);
      }
      index = next;
      if (index === limit && limit < end) {
        this.break();
        session += 1;
      }
    }
  }

  /** Makes it of sorted points in one session on a linear axis; false where only the script can. */
  private makeCompiled(
    { x, y }: PointsSeries,
    scale: Scale,
    from: number,
    to: number,
    edges: { lowEdge: number; highEdge: number },
  ): boolean {
    const window = { ...edges, ...windowOf(scale), width: this.width };
    const made = plotKernel()?.trace(
      positionsOf(x, from, to),
      y.subarray(from, to),
      from,
      window,
      this,
    );
    return this.takeFacts(made);
  }

  /** The same of buckets. */
  private makeCompiledColumns(
    series: ColumnsSeries,
    scale: Scale,
    from: number,
    to: number,
  ): boolean {
    const kernel = plotKernel();
    if (kernel === null) return false;
    // An entry for each pixel column, and two for a bucket beyond each edge.
    this.reserve(this.width + 2 * MARGIN + 16);
    const { x0, x1, min, max, first, last, flags } = series;
    const made = kernel.traceBuckets(
      positionsOf(x0, from, to),
      positionsOf(x1, from, to),
      [
        min.subarray(from, to),
        max.subarray(from, to),
        first.subarray(from, to),
        last.subarray(from, to),
      ],
      flags.subarray(from, to),
      from,
      { ...windowOf(scale), width: this.width },
      this,
    );
    return this.takeFacts(made);
  }

  private takeFacts(made: TraceFacts | null | undefined): boolean {
    if (!made) return false;
    this.length = made.length;
    this.yMin = made.yMin;
    this.yMax = made.yMax;
    this.tiny = made.tiny;
    return true;
  }

  private addPoint(pixel: number, value: number): void {
    if (value - value === 0) {
      this.add(pixel, value, value, value, value);
      return;
    }
    this.break();
    this.mark(pixel, flagOf(value));
  }

  /** A bucket with values that are not finite. (The difference of one and itself is NaN: it tells.) */
  private addTainted(column: number, y: Numbers, from: number, to: number): void {
    let flags = 0;
    let lo = Number.POSITIVE_INFINITY;
    let hi = Number.NEGATIVE_INFINITY;
    for (let i = from; i < to; i++) {
      const value = y[i]!;
      const flag = flagOf(value);
      flags |= flag;
      if (flag !== 0) continue;
      if (value < lo) lo = value;
      if (value > hi) hi = value;
    }
    const middle = this.middleOf(column);
    this.mark(middle, flags);
    if (lo > hi) this.break();
    else this.add(middle, finiteOrNan(y[from]!), lo, hi, finiteOrNan(y[to - 1]!));
  }

  /** Where a bucket of a column stands. That of the very end of the axis is in view, though its middle is not. */
  private middleOf(column: number): number {
    return column === this.width ? column : column + 0.5;
  }

  private makeFromColumns(series: ColumnsSeries, scale: Scale): void {
    const { x0, x1, starts } = series;
    const { sorted } = xFacts(series);
    const { width } = this;
    let index = 0;
    let end = series.min.length;
    if (sorted) {
      index = Math.max(0, lowerBound(x1, scale.toValue(-MARGIN), 0, end) - 1);
      end = Math.min(end, lowerBound(x0, scale.toValue(width + MARGIN), index, end) + 1);
    }
    let session = 0;
    while (session < starts.length && starts[session]! < index) session++;
    // One that begins with the first bucket has nothing before it to part from.
    const next = starts[session] === index ? starts[session + 1] : starts[session];
    const isWhole = next === undefined || next >= end;
    if (sorted && isWhole && isLinear(scale)) {
      if (this.makeCompiledColumns(series, scale, index, end)) return;
    }
    for (; index < end; index++) {
      if (session < starts.length && starts[session] === index) {
        session += 1;
        this.break();
        this.open = Number.NaN;
      }
      this.addBucketColumn(series, scale, index);
    }
  }

  private addBucketColumn(series: ColumnsSeries, scale: Scale, index: number): void {
    const { width } = this;
    const a = scale.toPixel(at(series.x0, index));
    const b = scale.toPixel(at(series.x1, index));
    if (!Number.isFinite(a + b)) {
      this.break();
      return;
    }
    const flags = series.flags[index]!;
    if (flags !== 0) {
      // Where in the bucket is not known: at each of its pixel columns in which it may be, as with values.
      const from = Math.max(0, Math.floor(a));
      const to = Math.min(width, Math.floor(b));
      for (let column = from; column <= to; column++) this.mark(column + 0.5, flags);
    }
    const lo = series.min[index]!;
    const hi = series.max[index]!;
    if (Number.isNaN(lo)) {
      this.break();
      return;
    }
    const first = finiteOrNan(series.first[index]!);
    const last = finiteOrNan(series.last[index]!);
    const from = Math.max(-MARGIN - 1, Math.floor(a));
    const to = Math.min(width + MARGIN + 1, Math.floor(b));
    if (b < -MARGIN || a > width + MARGIN) {
      this.add(a, first, lo, hi, b > a ? Number.NaN : last);
      if (b > a) this.add(b, Number.NaN, lo, hi, last);
    } else if (a === b && lo === hi && this.open !== from) {
      this.add(a, first, lo, hi, last);
      this.open = from;
    } else {
      for (let column = from; column <= to; column++) {
        // Inside the bucket the columns join at a value that each of them spans.
        const enters = column === from ? first : lo;
        const leaves = column === to ? last : lo;
        this.addToColumn(column, enters, lo, hi, leaves);
      }
    }
  }

  private add(x: number, first: number, lo: number, hi: number, last: number): void {
    const n = this.length;
    if (n === this.x.length) this.reserve(2 * n);
    this.x[n] = x;
    this.first[n] = first;
    this.lo[n] = lo;
    this.hi[n] = hi;
    this.last[n] = last;
    this.length = n + 1;
    this.open = Number.NaN;
    if (x >= 0 && x <= this.width) this.see(lo, hi);
  }

  /** Adds a bucket that lies in one pixel column, or merges it with the one before it there. */
  private addToColumn(column: number, first: number, lo: number, hi: number, last: number): void {
    if (this.open !== column) {
      this.add(column + 0.5, first, lo, hi, last);
      this.open = column;
      return;
    }
    const n = this.length - 1;
    if (lo < this.lo[n]!) this.lo[n] = lo;
    if (hi > this.hi[n]!) this.hi[n] = hi;
    this.last[n] = last;
    if (column >= 0 && column <= this.width) this.see(lo, hi);
  }

  /** Ends the line here: the next entry is not joined to the last one. */
  private break(): void {
    if (this.length > 0) this.last[this.length - 1] = Number.NaN;
  }

  private mark(x: number, flags: number): void {
    if (x < 0 || x > this.width) return;
    for (const flag of FLAGS) {
      if ((flags & flag) === 0) continue;
      const columns = this.marked.get(flag) ?? new Set();
      this.marked.set(flag, columns.add(Math.floor(x)));
    }
  }

  private see(lo: number, hi: number): void {
    if (lo < this.yMin) this.yMin = lo;
    if (hi > this.yMax) this.yMax = hi;
    if (lo !== 0 && Math.abs(lo) < this.tiny) this.tiny = Math.abs(lo);
    if (hi !== 0 && Math.abs(hi) < this.tiny) this.tiny = Math.abs(hi);
  }

  /** Makes room for `size` entries, in one piece of memory. */
  private reserve(size: number): void {
    if (size <= this.x.length) return;
    const all = new Float64Array(5 * size);
    const longer = (old: Float64Array, place: number) => {
      const out = all.subarray(place * size, (place + 1) * size);
      if (this.length > 0) out.set(old.subarray(0, this.length));
      return out;
    };
    this.x = longer(this.x, 0);
    this.lo = longer(this.lo, 1);
    this.hi = longer(this.hi, 2);
    this.first = longer(this.first, 3);
    this.last = longer(this.last, 4);
    this.block = all;
  }
}

/** Charts of tables: what stands where, and what is near the pointer. Axes of names count from 0, each name one wide. */
import { linearScale, padDomain, type Scale } from "../base/scale.ts";

export interface ChartAxis {
  readonly title: string;
  /** From the least to the greatest value of the whole chart; of an axis of names 0 and their number. */
  readonly lo: number;
  readonly hi: number;
  /** Null: an axis of numbers. */
  readonly names: readonly string[] | null;
  /** All its numbers are whole. */
  readonly isWhole?: boolean;
}

interface MarkBase {
  /** The run that it belongs to, which is highlighted as everywhere on the page. */
  readonly run: string;
  readonly label: string;
  /** Any CSS colour. */
  readonly color: string;
}

export interface LineMark extends MarkBase {
  readonly type: "line";
  readonly xs: Float64Array;
  readonly ys: Float64Array;
  readonly dash: readonly number[];
}

export interface PointsMark extends MarkBase {
  readonly type: "points";
  readonly xs: Float64Array;
  readonly ys: Float64Array;
}

/** Bars, boxes of a histogram, or the cells of a matrix. */
export interface RectsMark extends MarkBase {
  readonly type: "rects";
  readonly x0: Float64Array;
  readonly x1: Float64Array;
  readonly y0: Float64Array;
  readonly y1: Float64Array;
  /** A colour and a text of each; without, all are of the mark's colour and say nothing. */
  readonly colors?: readonly string[];
  readonly texts?: readonly string[];
}

export type ChartMark = LineMark | PointsMark | RectsMark;

export interface Chart {
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  /** A matrix is read from its upper end. */
  readonly isUpsideDown?: boolean;
  readonly marks: readonly ChartMark[];
  /** A dotted line of reference, from one corner to the other. */
  readonly hasDiagonal?: boolean;
}

export interface ChartView {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** A plot area in CSS pixels, and the scales of a view on it. */
export interface ChartFrame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: Scale;
  readonly y: Scale;
}

export interface Hit {
  readonly mark: ChartMark;
  readonly index: number;
}

/** The room that labels take beside the plot, in CSS pixels. */
export interface Pads {
  readonly left: number;
  readonly bottom: number;
}

const TOP = 8;
const RIGHT = 12;

export function wholeOf(chart: Chart): ChartView {
  return { x: [chart.x.lo, chart.x.hi], y: [chart.y.lo, chart.y.hi] };
}

/** An axis of numbers that shows all of them with some air. */
export function numberAxis(title: string, lists: readonly ArrayLike<number>[]): ChartAxis {
  const [lo, hi] = extentOf(lists);
  const [from, to] = padDomain(lo, hi, false);
  return { title, lo: from, hi: to, names: null, isWhole: lists.every(isWhole) };
}

function isWhole(list: ArrayLike<number>): boolean {
  for (let i = 0; i < list.length; i++) {
    if (Number.isFinite(list[i]) && !Number.isInteger(list[i])) return false;
  }
  return true;
}

/** An axis that begins at 0, for what is drawn from there. */
export function zeroAxis(title: string, lists: Iterable<ArrayLike<number>>): ChartAxis {
  const [least, most] = extentOf(lists);
  const [lo, hi] = [Math.min(0, least), Math.max(0, most)];
  if (!(lo < hi)) return { title, lo: 0, hi: 1, names: null };
  const air = (hi - lo) * 0.04;
  return { title, lo: lo < 0 ? lo - air : 0, hi: hi > 0 ? hi + air : 0, names: null };
}

export function nameAxis(title: string, names: readonly string[]): ChartAxis {
  return { title, lo: 0, hi: Math.max(1, names.length), names };
}

function extentOf(lists: Iterable<ArrayLike<number>>): [number, number] {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const value = list[i]!;
      if (!Number.isFinite(value)) continue;
      if (value < lo) lo = value;
      if (value > hi) hi = value;
    }
  }
  return [lo, hi];
}

export function frameOf(
  chart: Chart,
  size: { width: number; height: number },
  view: ChartView,
  pads: Pads,
): ChartFrame {
  const width = Math.max(8, size.width - pads.left - RIGHT);
  const height = Math.max(8, size.height - TOP - pads.bottom);
  const [low, high] = chart.isUpsideDown ? [TOP, TOP + height] : [TOP + height, TOP];
  return {
    ...{ left: pads.left, top: TOP, width, height },
    x: linearScale(view.x[0], view.x[1], pads.left, pads.left + width),
    y: linearScale(view.y[0], view.y[1], low, high),
  };
}

/** What is nearest to a place, in CSS pixels, or lies under it; null where nothing is within reach. */
export function hitAt(
  marks: readonly ChartMark[],
  frame: ChartFrame,
  left: number,
  top: number,
  reach: number,
): Hit | null {
  let best: Hit | null = null;
  let least = reach;
  const [x, y] = [frame.x.toValue(left), frame.y.toValue(top)];
  for (const mark of marks) {
    if (mark.type === "rects") {
      const index = rectAt(mark, x, y);
      // What is drawn later lies above.
      if (index >= 0 && least === reach) best = { mark, index };
      continue;
    }
    for (let index = 0; index < mark.xs.length; index++) {
      const dx = frame.x.toPixel(mark.xs[index]!) - left;
      const dy = frame.y.toPixel(mark.ys[index]!) - top;
      const away = Math.hypot(dx, dy);
      if (away < least) {
        least = away;
        best = { mark, index };
      }
    }
  }
  return best;
}

function rectAt({ x0, x1, y0, y1 }: RectsMark, x: number, y: number): number {
  const isIn = (value: number, a: number, b: number) =>
    value >= Math.min(a, b) && value <= Math.max(a, b);
  for (let i = x0.length - 1; i >= 0; i--) {
    if (isIn(x, x0[i]!, x1[i]!) && isIn(y, y0[i]!, y1[i]!)) return i;
  }
  return -1;
}

/** Where a thing is: the point itself, of a box its middle. */
export function placeOf({ mark, index }: Hit): [number, number] {
  if (mark.type !== "rects") return [mark.xs[index]!, mark.ys[index]!];
  return [(mark.x0[index]! + mark.x1[index]!) / 2, (mark.y0[index]! + mark.y1[index]!) / 2];
}

export function countOf(mark: ChartMark): number {
  return mark.type === "rects" ? mark.x0.length : mark.xs.length;
}

/** What a key leads to: along a mark, or to the next one; null for other keys. */
export function hitBeside(marks: readonly ChartMark[], from: Hit | null, key: string): Hit | null {
  const full = marks.filter((mark) => countOf(mark) > 0);
  const first = full[0];
  if (first === undefined) return null;
  const at = from === null ? -1 : full.indexOf(from.mark);
  if (from === null || at < 0) return { mark: first, index: 0 };
  const along = { ArrowRight: 1, ArrowLeft: -1, Home: -1e9, End: 1e9 }[key];
  const across = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (along === undefined && across === undefined) return null;
  const mark = full[(at + (across ?? 0) + full.length) % full.length]!;
  const index = Math.max(0, Math.min(countOf(mark) - 1, from.index + (along ?? 0)));
  return { mark, index };
}

/** A whole series in the space of a word: no axes, its own range, exact extremes in each pixel column. */
import { linearScale, logarithmicScale, type Scale } from "../base/scale.ts";
import { type Series, xFacts } from "./series.ts";
import { Trace } from "./trace.ts";

/** Where a line is drawn: a canvas's context, or a list of strokes. */
export interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
}

/** Of the picture, in device pixels; `inset` is kept free at each edge, for half the width of the line. */
export interface SparkSize {
  readonly width: number;
  readonly height: number;
  readonly inset: number;
}

/** The length of a stroke that only its round ends show. */
const DOT = 0.01;

// One is drawn at a time, and nothing is kept of it.
const trace = new Trace();

/**
 * Moves a pen along a series, from its first position to its last and its least value to its largest.
 * The line is broken where values or positions are not finite and where sessions begin.
 * Answers false where there is nothing to draw.
 */
export function drawSpark(pen: Pen, series: Series, size: SparkSize, isLog = false): boolean {
  const { inset } = size;
  const width = size.width - 2 * inset;
  const { min, max } = xFacts(series);
  if (!(min <= max)) return false;
  // A single position stands in the middle.
  const scale =
    min < max ? linearScale(min, max, 0, width) : linearScale(min - 1, min + 1, 0, width);
  trace.make(series, scale, width);
  if (!(trace.yMin <= trace.yMax)) return false;
  const rows = rowsOf(trace, size, isLog);
  const row = (value: number) => rows.toPixel(value);
  const { x, lo, hi, first, last } = trace;
  let isJoined = false;
  for (let i = 0; i < trace.length; i++) {
    const at = inset + x[i]!;
    const joins = i + 1 < trace.length && !Number.isNaN(last[i]!) && !Number.isNaN(first[i + 1]!);
    const begin = Number.isNaN(first[i]!) ? lo[i]! : first[i]!;
    if (isJoined) pen.lineTo(at, row(begin));
    else pen.moveTo(at, row(begin));
    if (lo[i]! < hi[i]!) {
      pen.lineTo(at, row(hi[i]!));
      pen.lineTo(at, row(lo[i]!));
      if (joins) pen.lineTo(at, row(last[i]!));
    } else if (!isJoined && !joins) pen.lineTo(at + DOT, row(begin));
    isJoined = joins;
  }
  return true;
}

function rowsOf({ yMin, yMax, tiny }: Trace, { height, inset }: SparkSize, isLog: boolean): Scale {
  const [bottom, top] = [height - inset, inset];
  // What never changes runs through the middle.
  if (yMin === yMax)
    return linearScale(yMin - Math.abs(yMin || 1), yMin + Math.abs(yMin || 1), bottom, top);
  if (isLog) return logarithmicScale(yMin, yMax, tiny, bottom, top);
  return linearScale(yMin, yMax, bottom, top);
}

/** From a trace to a raster: which pixels one line covers. */
import type { Scale } from "../base/scale.ts";
import type { Rows } from "./kernel.ts";
import type { Raster, Sweep } from "./raster.ts";
import { MARGIN, type Trace } from "./trace.ts";

/** CSS pixels. */
export const DOT_RADIUS = 2.25;
/**
 * No row lies further away: where a line goes there and back within a pixel column, the rows over which it fades still
 * count in 32 bits. (Of rows that do not, a page painted for minutes.)
 */
const FAR = 2 ** 28;
/** Points are dotted when they stand further apart than this, in CSS pixels. */
const SPARSE_PX = 28;

/** More sweeps than this are not kept: they are those of a line that goes to and fro. */
const MOST_SWEEPS = 4;

interface Painted {
  readonly made: number;
  readonly place: string;
  readonly width: number;
  readonly columns: number;
  /** Null where they are too many to keep; undefined while they were painted once, by compiled code. */
  readonly sweeps: readonly Sweep[] | null | undefined;
}

const painted = new WeakMap<Trace, Painted>();

interface AxisFacts {
  readonly key: string;
  readonly rows: Rows | null;
}

const axes = new WeakMap<Scale, AxisFacts>();

function factsOf(scale: Scale): AxisFacts {
  let facts = axes.get(scale);
  if (facts === undefined) {
    const key = [scale.kind, scale.lo, scale.hi, scale.threshold, scale.toPixel(scale.lo)].join();
    facts = { key, rows: linearRows(scale) };
    axes.set(scale, facts);
  }
  return facts;
}

/** Tells one y axis from another. */
export function axisKey(scale: Scale): string {
  return factsOf(scale).key;
}

/**
 * Draws one trace with the raster's ink, as `strokeTrace`; when nothing but the ink has changed since it was
 * drawn last, from what it covered then.
 */
export function restrokeTrace(
  raster: Raster,
  trace: Trace,
  yScale: Scale,
  brush: { width: number; ratio: number },
): void {
  const { made } = trace;
  const { width } = brush;
  const columns = raster.width;
  const { key: place, rows } = factsOf(yScale);
  const before = painted.get(trace);
  const isSize = before?.columns === columns;
  const isSame = isSize && before.made === made && before.width === width && before.place === place;
  if (isSame && before.sweeps) {
    raster.replay(before.sweeps);
    return;
  }
  const facts = { made, place, width, columns };
  if (rows !== null) {
    const dots = { sparse: SPARSE_PX * brush.ratio, radius: dotRadius(brush) };
    // What is painted a second time is kept: the first picture of a page need not take the time and the memory.
    const isKept = isSame && before.sweeps === undefined;
    const done = raster.stroke(trace, rows, dots, isKept);
    if (done !== null) {
      if (!isSame || isKept) {
        painted.set(trace, { ...facts, sweeps: isKept ? done.sweeps : undefined });
      }
      return;
    }
  }
  raster.record(MOST_SWEEPS, isSize ? (before.sweeps ?? []) : []);
  strokeTrace(raster, trace, yScale, brush);
  painted.set(trace, { ...facts, sweeps: raster.recording() });
}

/** Draws one trace with the raster's ink: columns, the lines between them, dots where points stand alone. */
export function strokeTrace(
  raster: Raster,
  trace: Trace,
  yScale: Scale,
  brush: { width: number; ratio: number },
): void {
  const { length, x, lo, hi, first, last } = trace;
  const toRow = rowsOf(yScale);
  const dotted = isDotted(trace, raster.width, brush.ratio);
  const radius = dotRadius(brush);
  let forward = true;
  let isJoined = false;
  for (let i = 0; i < length; i++) {
    const here = x[i]! + MARGIN;
    const low = lo[i]!;
    const high = hi[i]!;
    const bottom = toRow(low);
    const top = low === high ? bottom : toRow(high);
    if (isJoined) {
      const before = x[i - 1]! + MARGIN;
      if (here >= before !== forward) {
        // The line turns back: what it covers of a column is no longer one stretch.
        forward = here >= before;
        raster.paint();
        raster.point(before, toRow(hi[i - 1]!), toRow(lo[i - 1]!));
      }
      if (!(here - before <= 1 && overlaps(trace, i))) {
        raster.segment(before, toRow(last[i - 1]!), here, toRow(first[i]!));
      }
    } else if (i > 0 && x[i]! < x[i - 1]! !== !forward) raster.paint();
    raster.point(here, top, bottom);
    const joins = i + 1 < length && !Number.isNaN(last[i]!) && !Number.isNaN(first[i + 1]!);
    if (low === high && (dotted || !(isJoined || joins))) raster.dot(here, top, radius);
    isJoined = joins;
  }
  raster.paint();
}

function dotRadius({ width, ratio }: { width: number; ratio: number }): number {
  return Math.max(DOT_RADIUS * ratio, width / 2);
}

/** Where values of a linear axis lie in the raster; null of another axis. */
function linearRows(scale: Scale): Rows | null {
  if (scale.kind !== "linear" || !Number.isFinite(scale.hi - scale.lo)) return null;
  const row = scale.toPixel(scale.lo) + MARGIN;
  const perValue = (scale.toPixel(scale.hi) + MARGIN - row) / (scale.hi - scale.lo);
  return Number.isFinite(perValue) ? { row, value: scale.lo, perValue } : null;
}

/** Rows of values in the raster. What has no place on a log axis lies far below it. */
export function rowsOf(scale: Scale): (value: number) => number {
  const clamp = (row: number) => (row > FAR ? FAR : row < -FAR ? -FAR : row);
  const linear = factsOf(scale).rows;
  if (linear !== null) {
    // Spelled out, because this is called four times for every pixel column of every line.
    const { row: zero, value: lo, perValue } = linear;
    return (value) => clamp(zero + (value - lo) * perValue);
  }
  return (value) => {
    const row = scale.toPixel(value) + MARGIN;
    return Number.isNaN(row) ? FAR : clamp(row);
  };
}

/** Whether an entry and the one before it are columns whose values overlap: then a join adds nothing. */
function overlaps({ lo, hi }: Trace, i: number): boolean {
  return lo[i - 1]! < hi[i - 1]! && lo[i]! < hi[i]! && lo[i]! <= hi[i - 1]! && lo[i - 1]! <= hi[i]!;
}

/** Whether the points in view (`width` pixels) stand so far apart that each can have its dot. */
export function isDotted({ length, x }: Trace, width: number, ratio: number): boolean {
  const apart = SPARSE_PX * ratio;
  let inView = 0;
  for (let i = 0; i < length && inView * apart <= width; i++) {
    if (x[i]! >= 0 && x[i]! <= width) inView++;
  }
  return inView > 0 && inView * apart <= width;
}

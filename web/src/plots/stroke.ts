/** From a trace to a raster: which pixels one line covers. */
import type { Scale } from "../base/scale.ts";
import type { Raster, Sweep } from "./raster.ts";
import { MARGIN, type Trace } from "./trace.ts";

/** CSS pixels. */
export const DOT_RADIUS = 2.25;
/** Points are dotted when they stand further apart than this, in CSS pixels. */
const SPARSE_PX = 28;

/** More sweeps than this are not kept: they are those of a line that goes to and fro. */
const MOST_SWEEPS = 4;

interface Painted {
  readonly made: number;
  readonly place: string;
  readonly width: number;
  readonly columns: number;
  readonly sweeps: readonly Sweep[] | null;
}

const painted = new WeakMap<Trace, Painted>();

const axes = new WeakMap<Scale, string>();

/** Tells one y axis from another. */
export function axisKey(scale: Scale): string {
  let key = axes.get(scale);
  if (key === undefined) {
    key = [scale.kind, scale.lo, scale.hi, scale.threshold, scale.toPixel(scale.lo)].join();
    axes.set(scale, key);
  }
  return key;
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
  const place = axisKey(yScale);
  const before = painted.get(trace);
  const isSize = before?.columns === columns;
  if (isSize && before.made === made && before.width === width && before.place === place) {
    if (before.sweeps !== null) {
      raster.replay(before.sweeps);
      return;
    }
  }
  raster.record(MOST_SWEEPS, isSize ? (before.sweeps ?? []) : []);
  strokeTrace(raster, trace, yScale, brush);
  const sweeps = raster.recording();
  painted.set(trace, { made, place, width, columns, sweeps });
}

/** Draws one trace with the raster's ink: columns, the lines between them, dots where points stand alone. */
export function strokeTrace(
  raster: Raster,
  trace: Trace,
  yScale: Scale,
  { width, ratio }: { width: number; ratio: number },
): void {
  const { length, x, lo, hi, first, last } = trace;
  const toRow = rowsOf(yScale);
  const dotted = isDotted(trace, raster.width, ratio);
  const radius = Math.max(DOT_RADIUS * ratio, width / 2);
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

/** Rows of values in the raster. What has no place on a log axis lies far below it. */
export function rowsOf(scale: Scale): (value: number) => number {
  const clamp = (row: number) => (row > 1e9 ? 1e9 : row < -1e9 ? -1e9 : row);
  if (scale.kind === "linear" && Number.isFinite(scale.hi - scale.lo)) {
    // Spelled out, because this is called four times for every pixel column of every line.
    const zero = scale.toPixel(scale.lo) + MARGIN;
    const perValue = (scale.toPixel(scale.hi) + MARGIN - zero) / (scale.hi - scale.lo);
    const { lo } = scale;
    if (Number.isFinite(perValue)) return (value) => clamp(zero + (value - lo) * perValue);
  }
  return (value) => {
    const row = scale.toPixel(value) + MARGIN;
    return Number.isNaN(row) ? 1e9 : clamp(row);
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

/**
 * Marks for values that have no place on the y axis: a cross on the bottom edge for NaN, a triangle at
 * the top for +Infinity, one on its tip at the bottom for -Infinity.
 */
import type { Raster, Rgb } from "./raster.ts";
import { HAS_NAN, HAS_NEGATIVE_INFINITY, HAS_POSITIVE_INFINITY } from "./series.ts";
import { MARGIN, type Trace } from "./trace.ts";

/** Half a mark's width, and from its middle to the plot's edge, in CSS pixels. */
export const MARK = { half: 3, inset: 4.5 };

/** Draws the marks of one line; nothing when it has none. */
export function drawMarks(
  raster: Raster,
  trace: Trace,
  ratio: number,
  ink: { rgb: Rgb; alpha: number },
): void {
  const { marks } = trace;
  if (marks.size === 0) return;
  raster.setInk({ ...ink, dash: [], width: 1.25 * ratio });
  const top = MARGIN + MARK.inset * ratio;
  const bottom = raster.height - MARGIN - MARK.inset * ratio;
  const half = MARK.half * ratio;
  const stroke = (xa: number, ya: number, xb: number, yb: number) => {
    raster.point(xa, ya, ya);
    raster.segment(xa, ya, xb, yb);
    raster.point(xb, yb, yb);
    raster.paint();
  };
  const cross = (x: number) => {
    stroke(x - half, bottom - half, x + half, bottom + half);
    stroke(x - half, bottom + half, x + half, bottom - half);
  };
  const triangle = (x: number, y: number, up: number) => {
    const [tip, base] = [y - half * up, y + half * up];
    stroke(x - half, base, x, tip);
    stroke(x, tip, x + half, base);
    stroke(x - half, base, x + half, base);
    stroke(x, tip, x, y);
  };
  const tick = (x: number, row: number) => {
    raster.point(x, row - ratio / 2, row + ratio / 2);
    raster.paint();
  };
  const gap = 2 * half + 3 * ratio;
  spaced(marks.get(HAS_NAN), gap, cross, (x) => tick(x, bottom));
  spaced(
    marks.get(HAS_POSITIVE_INFINITY),
    gap,
    (x) => triangle(x, top, 1),
    (x) => tick(x, top),
  );
  spaced(
    marks.get(HAS_NEGATIVE_INFINITY),
    gap,
    (x) => triangle(x, bottom, -1),
    (x) => tick(x, bottom),
  );
}

/**
 * Whole marks where there is room; between them a tick for each pixel column that has such a value. Both
 * are given the middle of the column, from `offset` pixels before the plot's left edge on.
 */
export function spaced(
  columns: readonly number[] | undefined,
  gap: number,
  whole: (x: number) => void,
  tick: (x: number) => void,
  offset = MARGIN,
): void {
  let next = Number.NEGATIVE_INFINITY;
  for (const column of columns ?? []) {
    const x = column + 0.5 + offset;
    if (column < next) tick(x);
    else {
      whole(x);
      next = column + gap;
    }
  }
}

/**
 * Marks for values that have no place on the y axis: a cross on the bottom edge for NaN, a triangle at
 * the top for +Infinity, one on its tip at the bottom for -Infinity.
 */
import type { Raster } from "./raster.ts";
import { MARGIN, type Trace } from "./trace.ts";

/** Half a mark's width, and from its middle to the plot's edge, in CSS pixels. */
const HALF = 3;
const INSET = 4.5;

/** Gathers a line's marks in the raster's mask; false when it has none. */
export function drawMarks(raster: Raster, trace: Trace, ratio: number): boolean {
  const { nan, positive, negative } = trace;
  if (nan.length + positive.length + negative.length === 0) return false;
  const top = MARGIN + INSET * ratio;
  const bottom = raster.height - MARGIN - INSET * ratio;
  const half = HALF * ratio;
  raster.setLineWidth(1.25 * ratio);
  const gap = 2 * half + 3 * ratio;
  spaced(raster, nan, gap, bottom, ratio, (x) => {
    raster.segment(x - half, bottom - half, x + half, bottom + half);
    raster.segment(x - half, bottom + half, x + half, bottom - half);
  });
  const triangle = (x: number, y: number, up: number) => {
    const [tip, base] = [y - half * up, y + half * up];
    raster.segment(x - half, base, x, tip);
    raster.segment(x, tip, x + half, base);
    raster.segment(x - half, base, x + half, base);
    raster.vertical(x, Math.min(y, tip), Math.max(y, tip));
  };
  spaced(raster, positive, gap, top, ratio, (x) => triangle(x, top, 1));
  spaced(raster, negative, gap, bottom, ratio, (x) => triangle(x, bottom, -1));
  return true;
}

/** Whole marks where there is room; between them a tick for each pixel column that has such a value. */
function spaced(
  raster: Raster,
  positions: readonly number[],
  gap: number,
  row: number,
  ratio: number,
  draw: (x: number) => void,
): void {
  let next = Number.NEGATIVE_INFINITY;
  for (const position of positions) {
    const x = position + MARGIN;
    if (position >= next) {
      draw(x);
      next = position + gap;
    } else raster.vertical(x, row - ratio / 2, row + ratio / 2);
  }
}

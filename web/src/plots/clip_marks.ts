/** Filled triangles at the edge over which a line leaves the plot because the y axis leaves outliers out. */
import type { Scale } from "../base/scale.ts";
import { spaced } from "./marks.ts";
import type { Raster, Rgb } from "./raster.ts";
import { MARGIN, type Trace } from "./trace.ts";

/** Half the width, and the height, in CSS pixels. */
export const TRIANGLE = { half: 3.5, height: 5 };

/** Pixel columns in which a line goes beyond the upper and the lower end of the y axis, ascending. */
export function clippedColumns(
  { length, x, lo, hi, width }: Trace,
  yScale: Scale,
): { above: number[]; below: number[] } {
  const above: number[] = [];
  const below: number[] = [];
  for (let i = 0; i < length; i++) {
    if (!(x[i]! >= 0 && x[i]! <= width)) continue;
    if (hi[i]! > yScale.hi) above.push(Math.floor(x[i]!));
    if (lo[i]! < yScale.lo) below.push(Math.floor(x[i]!));
  }
  const ascending = (a: number, b: number) => a - b;
  return { above: above.sort(ascending), below: below.sort(ascending) };
}

/** Draws the marks of one line; a value outside has one, or stands beside one that has no room for another. */
export function drawClips(
  raster: Raster,
  trace: Trace,
  yScale: Scale,
  ratio: number,
  ink: { rgb: Rgb; alpha: number },
): void {
  if (!(trace.yMax > yScale.hi || trace.yMin < yScale.lo)) return;
  const { above, below } = clippedColumns(trace, yScale);
  raster.setInk({ ...ink, dash: [], width: 1 });
  const half = TRIANGLE.half * ratio;
  const tall = TRIANGLE.height * ratio;
  const triangle = (x: number, tip: number, down: number) => {
    for (let column = Math.ceil(x - half); column <= x + half; column++) {
      const depth = tall * Math.min(1, Math.abs(column + 0.5 - x) / half);
      const [a, b] = [tip + down * depth, tip + down * tall];
      raster.point(column, Math.min(a, b), Math.max(a, b));
    }
    raster.paint();
  };
  const gap = 2 * half + 2 * ratio;
  const top = MARGIN + 0.5;
  const bottom = raster.height - MARGIN - 0.5;
  spaced(
    above,
    gap,
    (x) => triangle(x, top, 1),
    () => undefined,
  );
  spaced(
    below,
    gap,
    (x) => triangle(x, bottom, -1),
    () => undefined,
  );
}

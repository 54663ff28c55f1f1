/** The area of a band: in each pixel column the rows between its edges, paler where fewer runs go on. */
import type { Scale } from "../base/scale.ts";
import type { BandSeries } from "./bands.ts";
import type { Raster, Rgb } from "./raster.ts";
import { at } from "./series.ts";
import { rowsOf } from "./stroke.ts";
import { lowerBound, MARGIN } from "./trace.ts";

/** Of a band of all runs, and of one of few. */
const FULL_ALPHA = 0.22;
const LEAST_ALPHA = 0.07;

export function bandAlpha(n: number, runs: number): number {
  return Math.max(LEAST_ALPHA, FULL_ALPHA * Math.min(1, n / runs));
}

/** Paints the area with `ink` (its alpha is that of the whole band). Edges are straight from grid position to grid position. */
export function shadeBand(
  raster: Raster,
  band: BandSeries,
  xScale: Scale,
  yScale: Scale,
  ink: { rgb: Rgb; alpha: number },
): void {
  const { x, lo, hi, n, runs } = band;
  const { width } = raster;
  const toRow = rowsOf(yScale);
  const top = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  const bottom = new Float64Array(width).fill(Number.NEGATIVE_INFINITY);
  const weight = new Float64Array(width);
  const cover = (column: number, high: number, low: number, alpha: number) => {
    if (column < 0 || column >= width) return;
    if (high < top[column]!) top[column] = high;
    if (low > bottom[column]!) bottom[column] = low;
    weight[column] = alpha;
  };
  const last = x.length - 1;
  let index = Math.max(0, lowerBound(x, xScale.toValue(-MARGIN), 0, last + 1) - 1);
  const end = Math.min(last, lowerBound(x, xScale.toValue(width), index, last + 1));
  let before = Number.NaN;
  let beforeTop = Number.NaN;
  let beforeBottom = Number.NaN;
  for (; index <= end; index++) {
    const here = xScale.toPixel(at(x, index)) + MARGIN;
    if (!(n[index]! > 0) || !Number.isFinite(here) || Number.isNaN(lo[index]! + hi[index]!)) {
      before = Number.NaN;
      continue;
    }
    const hereTop = toRow(hi[index]!);
    const hereBottom = toRow(lo[index]!);
    const alpha = bandAlpha(n[index]!, runs);
    cover(Math.floor(here), hereTop, hereBottom, alpha);
    if (here > before) {
      const from = Math.max(0, Math.floor(before));
      const to = Math.min(width - 1, Math.floor(here));
      for (let column = from; column <= to; column++) {
        const part = Math.min(1, Math.max(0, (column + 0.5 - before) / (here - before)));
        const high = beforeTop + (hereTop - beforeTop) * part;
        cover(column, high, beforeBottom + (hereBottom - beforeBottom) * part, alpha);
      }
    }
    [before, beforeTop, beforeBottom] = [here, hereTop, hereBottom];
  }
  raster.shade(top, bottom, weight, ink);
}

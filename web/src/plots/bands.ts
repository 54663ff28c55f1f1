/** Groups as the renderer draws them: a centre and a band around it on a grid of positions. */
import { at, type Numbers, type PointsSeries, type XArray } from "./series.ts";

/** Values on a common grid, which ascends. Where no run of the group has a value, all of them are NaN. */
export interface BandSeries {
  readonly group: string;
  readonly key: string;
  /** Runs of the group that have the key. */
  readonly runs: number;
  readonly x: XArray;
  readonly center: Numbers;
  readonly lo: Numbers;
  readonly hi: Numbers;
  /** How many runs have a value at a position. */
  readonly n: Numbers;
  /** Whether no value was interpolated. */
  readonly exact: boolean;
}

/** Centre and edges of a band as series, so that they are reduced and fitted as lines are. */
export interface BandLines {
  readonly center: PointsSeries;
  readonly lo: PointsSeries;
  readonly hi: PointsSeries;
}

const linesOfBand = new WeakMap<BandSeries, BandLines>();

/** The lines of a band; the same objects each time. */
export function bandLines(band: BandSeries): BandLines {
  let lines = linesOfBand.get(band);
  if (lines === undefined) {
    const series = (y: Numbers): PointsSeries => ({
      ...{ mode: "points", run: band.group, key: band.key, total: y.length, starts: [0] },
      ...{ x: band.x, y },
    });
    lines = { center: series(band.center), lo: series(band.lo), hi: series(band.hi) };
    linesOfBand.set(band, lines);
  }
  return lines;
}

/** Index of the grid position nearest to `x`; null when the grid is empty. */
export function nearestIndex(
  { x: grid }: BandSeries,
  toPixel: (value: number) => number,
  x: number,
): number | null {
  const pixel = toPixel(x);
  let [lo, hi] = [0, grid.length - 1];
  if (hi < 0) return null;
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    if (at(grid, middle) < x) lo = middle + 1;
    else hi = middle;
  }
  const away = (index: number) => Math.abs(toPixel(at(grid, index)) - pixel);
  return lo > 0 && away(lo - 1) <= away(lo) ? lo - 1 : lo;
}

/** Positions behind which fewer runs go on than before them, because some have ended. */
export function dropsOf({ n, x }: BandSeries): { index: number; x: number }[] {
  const drops: { index: number; x: number }[] = [];
  for (let i = 1; i < n.length; i++) {
    if (n[i]! < n[i - 1]!) drops.push({ index: i - 1, x: at(x, i - 1) });
  }
  return drops;
}

/** Which logged point is meant by a position on the x axis, and which line by a place on the plot. */
import type { Scale } from "../base/scale.ts";
import { at, type ColumnsSeries, type Series, type XArray, xFacts } from "./series.ts";
import { lowerBound, type Trace } from "./trace.ts";

/** A point that was logged: never interpolated, never a bucket's mean; `y` may be non-finite. */
export interface LoggedPoint {
  readonly x: number;
  readonly y: number;
  /** What smoothing makes of it, where the series has that. */
  readonly smoothed?: number;
}

/**
 * The logged point nearest to `x` as the axis shows it; of several at one place the one nearest to the
 * pixel row `row`, or the last logged without one. Null when the series does not reach within
 * `slack` pixels of `x`, or (unsorted columns) when no point of it is known with its position.
 */
export function nearestPoint(
  series: Series,
  x: number,
  xScale: Scale,
  yScale: Scale,
  row: number | null,
  slack: number,
): LoggedPoint | null {
  const facts = xFacts(series);
  const pixel = xScale.toPixel(x);
  if (pixel < xScale.toPixel(facts.min) - slack || pixel > xScale.toPixel(facts.max) + slack) {
    return null;
  }
  const best = new Best(pixel, row, xScale, yScale);
  if (series.mode === "points") {
    const n = series.y.length;
    const offer = (i: number) => best.offer(at(series.x, i), series.y[i]!, series.smoothed?.[i]);
    if (!facts.sorted) for (let i = 0; i < n; i++) offer(i);
    else offerAround(series.x, lowerBound(series.x, x, 0, n), n, offer);
  } else offerColumns(best, series, x, facts.sorted);
  return best.point();
}

function offerColumns(best: Best, series: ColumnsSeries, x: number, sorted: boolean): void {
  const n = series.min.length;
  const offer = (i: number) => {
    const x0 = at(series.x0, i);
    const x1 = at(series.x1, i);
    // Where x may go back, the first value of a bucket need not lie at its smallest position.
    if (!sorted && x0 !== x1) return;
    best.offer(x0, series.first[i]!, series.smoothed?.first[i]);
    best.offer(x1, series.last[i]!, series.smoothed?.last[i]);
  };
  if (!sorted) for (let i = 0; i < n; i++) offer(i);
  else offerAround(series.x0, lowerBound(series.x0, x, 0, n), n, offer);
}

/** Offers the indexes on both sides of `right`, with all that share a position with them. */
function offerAround(x: XArray, right: number, n: number, offer: (index: number) => void): void {
  if (right > 0) {
    const position = at(x, right - 1);
    let from = right - 1;
    while (from > 0 && at(x, from - 1) === position) from--;
    for (let i = from; i < right; i++) offer(i);
  }
  if (right < n) {
    const position = at(x, right);
    for (let i = right; i < n && at(x, i) === position; i++) offer(i);
  }
}

class Best {
  private x = Number.NaN;
  private y = Number.NaN;
  private smoothed: number | undefined;
  private across = Number.POSITIVE_INFINITY;
  private along = Number.POSITIVE_INFINITY;

  constructor(
    private readonly pixel: number,
    private readonly row: number | null,
    private readonly xScale: Scale,
    private readonly yScale: Scale,
  ) {}

  offer(x: number, y: number, smoothed: number | undefined): void {
    const across = Math.abs(this.xScale.toPixel(x) - this.pixel);
    if (!(across <= this.across)) return;
    const along = this.row === null ? 0 : Math.abs(this.yScale.toPixel(smoothed ?? y) - this.row);
    // NaN has no distance: it is taken when nothing else lies there.
    if (across === this.across && !(along <= this.along) && !Number.isNaN(this.x)) return;
    this.x = x;
    this.y = y;
    this.smoothed = smoothed;
    this.across = across;
    this.along = Number.isNaN(along) ? Number.POSITIVE_INFINITY : along;
  }

  point(): LoggedPoint | null {
    const { x, y, smoothed } = this;
    if (Number.isNaN(x)) return null;
    return smoothed === undefined ? { x, y } : { x, y, smoothed };
  }
}

/** Pixels between a place and the nearest part of a drawn line; Infinity beyond `limit`. */
export function distanceTo(
  trace: Trace,
  yScale: Scale,
  x: number,
  row: number,
  limit: number,
): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < trace.length; i++) {
    const here = trace.x[i]!;
    if (Math.abs(here - x) <= limit) {
      const high = yScale.toPixel(trace.hi[i]!);
      const low = yScale.toPixel(trace.lo[i]!);
      const past = Math.max(high - row, row - low, 0);
      best = Math.min(best, Math.hypot(here - x, past));
    }
    if (i === 0) continue;
    const before = trace.x[i - 1]!;
    if (Math.max(before, here) < x - limit || Math.min(before, here) > x + limit) continue;
    const [from, to] = [trace.last[i - 1]!, trace.first[i]!];
    if (Number.isNaN(from) || Number.isNaN(to)) continue;
    const [y0, y1] = [yScale.toPixel(from), yScale.toPixel(to)];
    best = Math.min(best, segmentDistance(before, y0, here, y1, x, row));
  }
  return best <= limit ? best : Number.POSITIVE_INFINITY;
}

function segmentDistance(
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  x: number,
  y: number,
): number {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x0 + t * dx - x, y0 + t * dy - y);
}

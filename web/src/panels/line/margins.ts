/** Margin charts: a value of a run with what it logged as lower and upper bounds around it. */
import type { BandSeries } from "../../plots/bands.ts";
import { at, length, type Series } from "../../plots/series.ts";

interface Column {
  x: Float64Array;
  y: Float64Array;
}

/**
 * A band on the positions of the value, ascending. A bound is the one logged there or last before it; where
 * there is none yet, the value itself. Of buckets, bounds are their extremes, so that a band is never too narrow.
 */
export function marginBand(
  id: string,
  value: Series,
  lower: Series | undefined,
  upper: Series | undefined,
): BandSeries {
  const center = columnOf(value, "last");
  const lo = lower === undefined ? center : columnOf(lower, "min");
  const hi = upper === undefined ? center : columnOf(upper, "max");
  return {
    ...{ group: id, key: value.key, runs: 1, exact: value.mode === "points" },
    ...{ x: center.x, center: center.y, n: new Uint8Array(center.x.length).fill(1) },
    lo: along(center, lo),
    hi: along(center, hi),
  };
}

/** Positions and values in ascending order of the position. */
function columnOf(series: Series, part: "last" | "min" | "max"): Column {
  const n = length(series);
  const xs = series.mode === "points" ? series.x : series.x0;
  const ys = series.mode === "points" ? series.y : series[part];
  const order = Array.from({ length: n }, (_, i) => i);
  const x = (i: number) => at(xs, i);
  // Array.sort is stable: of two at one position, the one logged last is the last.
  if (order.some((i) => i > 0 && x(i) < x(i - 1))) order.sort((a, b) => x(a) - x(b));
  return { x: Float64Array.from(order, x), y: Float64Array.from(order, (i) => ys[i]!) };
}

function along(center: Column, bound: Column): Float64Array {
  let next = 0;
  return center.x.map((x, i) => {
    while (next < bound.x.length && bound.x[next]! <= x) next += 1;
    const found = next > 0 ? bound.y[next - 1]! : Number.NaN;
    return Number.isFinite(found) ? found : center.y[i]!;
  });
}

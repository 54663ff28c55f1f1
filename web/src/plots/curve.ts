/** The line that stands for a series: its smoothed values where it has them, else what was logged. */
import type { ColumnsSeries, PointsSeries, Series } from "./series.ts";

const curves = new WeakMap<Series, Series>();
const raws = new WeakMap<Series, Series>();

/** Says of which series `smoothed` is a copy that differs in its smoothed values only. */
export function setRaw(smoothed: Series, raw: Series): void {
  raws.set(smoothed, raw);
}

/** The series whose values lie behind smoothed ones: the same object while only the smoothing changes. */
export function rawOf(series: Series): Series {
  return raws.get(series) ?? series;
}

/** The smoothed values of a series as a series of their own (the same object each time), or null. */
export function curveOf(series: Series): Series | null {
  if (series.smoothed === undefined) return null;
  let curve = curves.get(series);
  if (curve === undefined) {
    curve = series.mode === "points" ? curveOfPoints(series) : curveOfColumns(series);
    curves.set(series, curve);
  }
  return curve;
}

function curveOfPoints({ smoothed, ...series }: PointsSeries): PointsSeries {
  return { ...series, y: smoothed! };
}

function curveOfColumns({ smoothed, ...series }: ColumnsSeries): ColumnsSeries {
  return { ...series, ...smoothed! };
}

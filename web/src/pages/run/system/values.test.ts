import { describe, expect, it } from "vitest";
import type { Series } from "../../../plots/series.ts";
import { endOf, extremesOf, lastOf, nearestTo, startOf, valueAt } from "./values.ts";

function points(x: number[], y: number[]): Series {
  const whole = { run: "r", key: "k", total: x.length, starts: [] };
  return { mode: "points", ...whole, x: Float64Array.from(x), y: Float64Array.from(y) };
}

describe("values of a series", () => {
  const series = points([0, 10, 20], [1, Number.NaN, 3]);

  it("are those of the nearest position", () => {
    expect([-5, 4, 5, 6, 19, 99].map((x) => nearestTo(series, x))).toEqual([0, 0, 0, 1, 2, 2]);
    expect(nearestTo(points([], []), 3)).toBe(-1);
    expect(valueAt(series, 2)).toBe(3);
  });

  it("have ends and extremes, without what is not finite", () => {
    expect([startOf(series), endOf(series), lastOf(series)]).toEqual([0, 20, 3]);
    expect(extremesOf([series, points([1], [-2])])).toEqual([-2, 3]);
    expect(extremesOf([points([], [])])).toBeNull();
    expect(lastOf(points([], []))).toBeNaN();
  });

  it("are the middles of buckets", () => {
    const columns: Series = {
      ...{ mode: "columns", run: "r", key: "k", total: 4, starts: [], sorted: true },
      x0: Float64Array.of(0, 2),
      x1: Float64Array.of(1, 3),
      first: Float64Array.of(1, 5),
      min: Float64Array.of(1, 4),
      max: Float64Array.of(3, 8),
      last: Float64Array.of(2, 7),
      flags: Uint8Array.of(0, 0),
    };
    expect([valueAt(columns, 0), valueAt(columns, 1), lastOf(columns), endOf(columns)]).toEqual([
      ...[2, 6, 7, 3],
    ]);
    expect(extremesOf([columns])).toEqual([1, 8]);
  });
});

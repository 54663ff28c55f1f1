import { describe, expect, it } from "vitest";
import { linearScale } from "../base/scale.ts";
import { distanceTo, nearestPoint } from "./nearest.ts";
import { type PointsSeries, type Series, toColumns } from "./series.ts";
import { Trace } from "./trace.ts";

const X = linearScale(0, 100, 0, 100);
const Y = linearScale(0, 10, 100, 0);

function points(x: number[], y: number[]): PointsSeries {
  return {
    ...{ mode: "points", run: "r", key: "loss", total: y.length, starts: [0] },
    x: Float64Array.from(x),
    y: Float64Array.from(y),
  };
}

const near = (series: Series, x: number, row: number | null = null) =>
  nearestPoint(series, x, X, Y, row, 20);

describe.each(["points", "columns"] as const)("nearest logged point of %s", (mode) => {
  const make = (x: number[], y: number[]): Series =>
    mode === "points" ? points(x, y) : toColumns(points(x, y));

  it("is a logged one, on either side", () => {
    const series = make([0, 10, 40], [1, 2, 3]);
    expect(near(series, 4.9)).toEqual({ x: 0, y: 1 });
    expect(near(series, 5.1)).toEqual({ x: 10, y: 2 });
    expect(near(series, 30)).toEqual({ x: 40, y: 3 });
    expect(near(series, 55)).toEqual({ x: 40, y: 3 });
  });

  it("is none where the run has long ended or not begun", () => {
    expect(near(make([50, 60], [1, 2]), 81)).toBeNull();
    expect(near(make([50, 60], [1, 2]), 29)).toBeNull();
    expect(near(make([], []), 1)).toBeNull();
  });

  it("is the one nearest to the pointer of several at one place, else the last", () => {
    const series = make([10, 20, 20, 20, 30], [0, 9, 1, 5, 0]);
    expect(near(series, 19, Y.toPixel(8))?.y).toBe(9);
    expect(near(series, 21, Y.toPixel(0.5))?.y).toBe(1);
    expect(near(series, 20)?.y).toBe(5);
  });

  it("can be one that has no place on the y axis", () => {
    const series = make([0, 50, 100], [1, Number.NaN, Number.POSITIVE_INFINITY]);
    expect(near(series, 48, 10)?.y).toBeNaN();
    expect(near(series, 99, 10)?.y).toBe(Number.POSITIVE_INFINITY);
  });

  it("is found where x goes back", () => {
    const series = make([0, 50, 20, 70], [1, 2, 3, 4]);
    expect(near(series, 22)).toEqual({ x: 20, y: 3 });
    expect(near(series, 52)).toEqual({ x: 50, y: 2 });
  });
});

it("knows a bucket only by its first and last value, never by its mean or extremes", () => {
  const series: Series = {
    ...{ mode: "columns", run: "r", key: "loss", total: 400, starts: [0], sorted: true },
    ...{ x0: Float64Array.of(0, 50), x1: Float64Array.of(40, 90) },
    ...{ first: Float64Array.of(1, 3), last: Float64Array.of(2, 4) },
    ...{ min: Float64Array.of(-7, -7), max: Float64Array.of(7, 7), flags: new Uint8Array(2) },
  };
  expect([1, 30, 44, 46, 60, 80].map((x) => near(series, x)?.y)).toEqual([1, 2, 2, 3, 3, 4]);
  // Where x may go back, the place of a bucket's first value is not known.
  expect(near({ ...series, sorted: false }, 30)).toBeNull();
});

it("measures the distance to the line that is drawn", () => {
  const trace = new Trace();
  trace.make(points([0, 100], [0, 10]), X, 100);
  expect(distanceTo(trace, Y, 50, 50, 8)).toBeCloseTo(0, 9);
  expect(distanceTo(trace, Y, 50, 45, 8)).toBeCloseTo(5 / Math.SQRT2, 9);
  expect(distanceTo(trace, Y, 50, 20, 8)).toBe(Number.POSITIVE_INFINITY);
  trace.make(points([0, 50, 100], [0, Number.NaN, 10]), X, 100);
  expect(distanceTo(trace, Y, 50, 50, 8)).toBe(Number.POSITIVE_INFINITY);
});

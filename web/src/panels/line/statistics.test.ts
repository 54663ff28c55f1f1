import { describe, expect, it } from "vitest";
import { type PointsSeries, toColumns } from "../../plots/series.ts";
import { otherPosition } from "./moment.ts";
import { factsOf, meanOfLast, pointAt, statisticsBetween } from "./statistics.ts";
import { tailOf } from "./tails.ts";

function points(x: number[], y: number[], total = y.length): PointsSeries {
  const numbers = { x: Float64Array.from(x), y: Float64Array.from(y) };
  return { mode: "points", run: "r", key: "k", total, starts: [0], ...numbers };
}

describe("pointAt", () => {
  it("is the last logged point at or before a position, whatever the order", () => {
    const series = points([0, 10, 20, 10, 30], [1, 2, 3, 4, 5]);
    expect(pointAt(series, 15)).toEqual({ x: 10, y: 4 });
    expect(pointAt(series, 20)).toEqual({ x: 20, y: 3 });
    expect(pointAt(series, -1)).toBeNull();
  });
});

describe("statisticsBetween", () => {
  it("holds both ends and leaves out what is not finite", () => {
    const series = points([0, 1, 2, 3, 4], [9, 1, Number.NaN, 5, -9]);
    expect(statisticsBetween(series, 1, 3)).toEqual({
      ...{ count: 2, min: 1, max: 5, mean: 3, slope: 2, isExact: true },
    });
    expect(statisticsBetween(series, 1.5, 2.5)).toBeNull();
  });

  it("keeps its digits at large steps", () => {
    const x = Array.from({ length: 50 }, (_, i) => 1e12 + i);
    const stats = statisticsBetween(
      points(
        x,
        x.map((_, i) => 1e6 + 0.25 * i),
      ),
      0,
      2e12,
    )!;
    expect(stats.slope).toBeCloseTo(0.25, 9);
    expect(statisticsBetween(points([1, 1], [2, 3]), 0, 2)!.slope).toBeNaN();
  });

  it("says when it is made of buckets", () => {
    const stats = statisticsBetween(toColumns(points([0, 1], [1, 3])), 0, 1)!;
    expect(stats).toMatchObject({ min: 1, max: 3, isExact: false });
  });
});

describe("factsOf and meanOfLast", () => {
  it("tells where the smallest value is", () => {
    const facts = factsOf(points([0, 5, 9], [2, -1, Number.POSITIVE_INFINITY]));
    expect(facts).toMatchObject({ lastX: 9, min: -1, minX: 5, max: 2 });
    expect(factsOf(points([], [])).min).toBeNaN();
  });

  it("averages the last finite values, and nothing that it has not seen", () => {
    expect(meanOfLast(points([0, 1, 2, 3], [1, 2, Number.NaN, 4]), 2)).toBe(3);
    expect(meanOfLast(points([0, 1], [1, 2], 2), 10)).toBe(1.5);
    expect(meanOfLast(points([0, 1], [1, 2], 500), 10)).toBeNaN();
  });
});

describe("otherPosition", () => {
  const steps = points([0, 10, 20, 10], [1, 2, Number.NaN, 2]);
  const times = points([0.5, 1.5, 2.5, 3.5], [1, 2, Number.NaN, 2]);

  it("is where the other axis has the same point, the last of equal ones", () => {
    expect(otherPosition(steps, times, { x: 20, y: Number.NaN })).toBe(2.5);
    expect(otherPosition(steps, times, { x: 10, y: 2 })).toBe(3.5);
    expect(otherPosition(steps, times, { x: 11, y: 2 })).toBeNull();
  });

  it("is unknown where not every point is known", () => {
    expect(otherPosition(points([0], [1], 2), points([0], [1], 2), { x: 0, y: 1 })).toBeNull();
    expect(otherPosition(toColumns(steps), times, { x: 10, y: 2 })).toBeNull();
    expect(otherPosition(steps, undefined, { x: 10, y: 2 })).toBeNull();
  });
});

describe("tailOf", () => {
  it("holds the last forty points and more, however long the series is", () => {
    const x = Array.from({ length: 1000 }, (_, i) => i);
    const thousand = toColumns(points(x, x, 5000));
    // Five points a bucket: nine buckets hold 45.
    expect(tailOf(thousand)).toEqual([991, 999]);
    expect(tailOf(toColumns(points(x, x, 1_000_000)))).toEqual([998, 999]);
    expect(tailOf(points(x, x))).toBeNull();
  });
});

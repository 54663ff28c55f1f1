import { describe, expect, it } from "vitest";
import {
  bucketOf,
  countAtMost,
  countBetween,
  type Histogram,
  makeHistogram,
  outline,
  quantile,
  valueRange,
} from "./histogram.ts";

function of(edges: number[], counts: number[], limits = {}): Histogram {
  return makeHistogram(Float64Array.from(edges), Float64Array.from(counts), limits)!;
}

const UNEVEN = of([-2, -1, 0, 0.5, 4], [2, 0, 8, 14]);

describe("makeHistogram", () => {
  it("drops empty buckets at the ends and bounds what has no end", () => {
    const found = of([-1e308, 0, 1, 2, 1.797e308], [3, 0, 2, 1], { min: -5, max: 7 });
    expect([...found.edges]).toEqual([-5, 0, 1, 2, 7]);
    expect([...of([0, 1, 2, 3], [0, 4, 0]).edges]).toEqual([1, 2]);
  });

  it("refuses what is no histogram", () => {
    expect(makeHistogram(Float64Array.from([0, 1]), Float64Array.from([1, 2]))).toBeNull();
    expect(makeHistogram(Float64Array.from([1, 0]), Float64Array.from([1]))).toBeNull();
    expect(makeHistogram(null, Float64Array.from([1]))).toBeNull();
    expect(
      makeHistogram(Float64Array.from([0, Number.NaN, 2]), Float64Array.from([1, 1])),
    ).toBeNull();
    expect(of([0, 1, 2], [0, 0]).total).toBe(0);
  });
});

describe("counts", () => {
  it("are those of evenly spread values, whatever the buckets", () => {
    // A hundred values in each unit of count, spread over their bucket.
    const values: number[] = [];
    UNEVEN.counts.forEach((count, i) => {
      const [from, to] = [UNEVEN.edges[i]!, UNEVEN.edges[i + 1]!];
      const n = count * 100;
      for (let k = 0; k < n; k++) values.push(from + ((to - from) * (k + 0.5)) / n);
    });
    for (const at of [-3, -2, -1.3, -0.5, 0, 0.2, 0.5, 3, 4, 5]) {
      const expected = values.filter((value) => value <= at).length / 100;
      expect(Math.abs(countAtMost(UNEVEN, at) - expected), String(at)).toBeLessThan(0.02);
    }
    for (const [from, to] of [
      [-3, 9],
      [-1.5, 0.25],
      [0.5, 0.75],
    ] as const) {
      const expected = values.filter((value) => value > from && value <= to).length / 100;
      expect(Math.abs(countBetween(UNEVEN, from, to) - expected)).toBeLessThan(0.02);
    }
  });

  it("add up to the total over any cut", () => {
    const cuts = [-2, -1.7, -0.4, 0, 0.1, 0.5, 1, 4];
    const sum = cuts.slice(1).reduce((all, to, i) => all + countBetween(UNEVEN, cuts[i]!, to), 0);
    expect(sum).toBeCloseTo(24, 10);
  });

  it("hold all values of a bucket without width", () => {
    const single = of([3, 3, 3], [0, 7]);
    expect(countAtMost(single, 2.999)).toBe(0);
    expect(countAtMost(single, 3)).toBe(7);
    expect(countBetween(single, 2, 4)).toBe(7);
    expect(countBetween(single, 3, 4)).toBe(7);
    expect(bucketOf(single, 3)).toBe(0);
    expect(valueRange([single])).toEqual([1.5, 4.5]);
  });
});

describe("quantile", () => {
  it("is the inverse of the count", () => {
    for (const share of [0.01, 0.0668, 0.1587, 0.5, 0.75, 0.9332]) {
      expect(countAtMost(UNEVEN, quantile(UNEVEN, share)) / 24).toBeCloseTo(share, 10);
    }
    expect(quantile(UNEVEN, 0)).toBe(-2);
    expect(quantile(UNEVEN, 1)).toBe(4);
    expect(quantile(of([0, 1], [0]), 0.5)).toBeNaN();
    expect(quantile(of([3, 3], [7]), 0.5)).toBe(3);
  });
});

describe("outline", () => {
  const area = (points: Float64Array) => {
    let sum = 0;
    for (let i = 0; i + 3 < points.length; i += 2) {
      sum += ((points[i + 2]! - points[i]!) * (points[i + 1]! + points[i + 3]!)) / 2;
    }
    return sum;
  };

  it("draws narrow neighbours as one and leaves the others as they are", () => {
    const narrow = of([0, 0.1, 0.2, 0.3, 1.3, 1.4], [1, 2, 3, 4, 5]);
    const points = outline(narrow, 0.2);
    expect(area(points)).toBeCloseTo(15, 10);
    const xs = points.filter((_, i) => i % 2 === 0);
    // 0 to 0.2, then what is from 0.2 to 0.3 and from 1.3 to 1.4 with some of its neighbours.
    expect([...new Set(xs)].map((x) => Number(x.toFixed(6)))).toEqual([0, 0.15, 0.35, 1.25, 1.45]);
    expect([...points]).toEqual([...points].map(Math.abs));
  });

  it("has the area of the counts, of the narrowest buckets too", () => {
    expect(area(outline(UNEVEN, 0))).toBeCloseTo(24, 10);
    expect(area(outline(of([3, 3], [7]), 0.25))).toBeCloseTo(7, 10);
    expect([...outline(of([0, 2, 3], [4, 5]), 0)]).toEqual([0, 0, 0, 2, 2, 2, 2, 5, 3, 5, 3, 0]);
  });
});

import { describe, expect, it } from "vitest";
import { fitX, fitY } from "./fit.ts";
import { countClipped } from "./outliers.ts";
import type { Outliers } from "./plot_types.ts";
import { type PointsSeries, toColumns } from "./series.ts";
import { Trace } from "./trace.ts";

const WIDTH = 500;

function points(y: number[], start = 0): PointsSeries {
  return {
    ...{ mode: "points", run: "r", key: "loss", total: y.length, starts: [0] },
    ...{ x: { start, stride: 1, length: y.length }, y: Float64Array.from(y) },
  };
}

/** Waves between -1 and 1, and other values at some places. */
function waves(others: Record<number, number> = {}): PointsSeries {
  return points(Array.from({ length: 1000 }, (_, i) => others[i] ?? Math.sin(i / 10)));
}

const BARE = { view: null, xKind: "step", yRange: null, yLog: false } as const;

function fitted(series: PointsSeries, outliers: Outliers, yLog = false) {
  const trace = new Trace();
  const xScale = fitX([series], BARE, WIDTH);
  trace.make(series, xScale, WIDTH);
  return { ...fitY([trace], { ...BARE, yLog, outliers }, 200), xScale };
}

describe("the y axis without outliers", () => {
  it("shows all while most have room", () => {
    const { scale, isClipped } = fitted(waves({ 500: 3 }), "auto");
    expect(isClipped).toBe(false);
    expect(scale.hi).toBeGreaterThan(3);
  });

  it("leaves out what would press the others together, and tells how many points", () => {
    const series = waves({ 300: 1e6, 301: 1e9, 700: -500 });
    const { scale, xScale, isClipped } = fitted(series, "auto");
    expect(isClipped).toBe(true);
    expect([scale.lo, scale.hi].map(Math.round)).toEqual([-1, 1]);
    const line = { series, run: "r", label: "r", color: "#000000" };
    const [clip] = countClipped([line], xScale, scale);
    expect(clip).toMatchObject({ above: 2, below: 1, isExact: true });
    const columns = countClipped([{ ...line, series: toColumns(series) }], xScale, scale);
    expect(columns[0]).toMatchObject({ above: 2, below: 1, isExact: false });
    expect(fitted(series, "all").isClipped).toBe(false);
  });

  it("leaves out nothing at an end that has room", () => {
    const { scale, isClipped } = fitted(waves({ 300: 1e6, 700: -1.5 }), "auto");
    expect(isClipped).toBe(true);
    expect(scale.lo).toBeLessThan(-1.5);
    expect(scale.hi).toBeLessThan(1.2);
  });

  it("is not led by what lies faintly behind", () => {
    const [front, behind] = [new Trace(), new Trace()];
    const xScale = fitX([waves()], BARE, WIDTH);
    front.make(waves(), xScale, WIDTH);
    behind.make(waves({ 300: 1e6 }), xScale, WIDTH);
    const settings = { ...BARE, outliers: "auto" } as const;
    expect(fitY([behind, front], settings, 200).isClipped).toBe(true);
    const { scale, isClipped } = fitY([behind, front], settings, 200, [front]);
    expect(isClipped).toBe(false);
    expect(scale.hi).toBeGreaterThan(1e6);
  });

  it("leaves out the outer values that it is told to, in any case", () => {
    const series = points(Array.from({ length: 1000 }, (_, i) => i));
    for (const [outliers, lo, hi] of [
      ["p1", 10, 990],
      ["p5", 50, 950],
    ] as const) {
      const { scale } = fitted(series, outliers);
      const air = 0.05 * (hi - lo);
      expect(Math.abs(scale.lo + air - lo)).toBeLessThan(4);
      expect(Math.abs(scale.hi - air - hi)).toBeLessThan(4);
    }
  });

  it("leaves out nothing of a few values, nor of those that are all alike but one", () => {
    expect(fitted(points([1, 1, 1, 1000]), "auto").isClipped).toBe(false);
    const flat = points(Array.from({ length: 1000 }, (_, i) => (i === 500 ? 9 : 0)));
    expect(fitted(flat, "auto").isClipped).toBe(false);
  });

  it("judges the room on the axis as it is: a spike has its decades", () => {
    const decades = points(Array.from({ length: 1000 }, (_, i) => 10 ** (3 - i / 20)));
    expect(fitted(decades, "auto").isClipped).toBe(true);
    expect(fitted(decades, "auto", true).isClipped).toBe(false);
  });
});

describe("a logarithmic x axis", () => {
  it("begins at the smallest positive position", () => {
    const scale = fitX([points([1, 2, 3, 4, 5])], { ...BARE, xLog: true }, WIDTH);
    expect([scale.kind, scale.lo, scale.hi]).toEqual(["log", 1, 4]);
    expect(scale.toPixel(2)).toBeCloseTo(WIDTH / 2, 9);
    expect(scale.toPixel(0)).toBeNaN();
  });

  it("is there when nothing has a place on it", () => {
    const scale = fitX([points([1, 2], -5)], { ...BARE, xLog: true }, WIDTH);
    expect(scale.lo).toBeGreaterThan(0);
    expect(fitX([], { ...BARE, xLog: true }, WIDTH).hi).toBeGreaterThan(0);
    const one = fitX([points([1], 8)], { ...BARE, xLog: true }, WIDTH);
    expect([one.lo, one.hi]).toEqual([4, 16]);
  });
});

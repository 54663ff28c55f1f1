import { describe, expect, it } from "vitest";
import { linearScale, logarithmicScale, padDomain } from "./scale.ts";

const MAX = Number.MAX_VALUE;

describe("linear scale", () => {
  it.each([
    [0, 1],
    [-5, 1e9],
    [1795000000, 1795000001],
    [-MAX, MAX],
    [-1e308, 1.5e308],
    [0, 5e-324],
  ])("maps %d to %d onto the pixels and back", (lo, hi) => {
    const scale = linearScale(lo, hi, 200, 0);
    expect(scale.toPixel(lo)).toBe(200);
    expect(scale.toPixel(hi)).toBe(0);
    expect(scale.toValue(200)).toBe(lo);
    expect(scale.toValue(0)).toBe(hi);
  });

  it("puts the middle in the middle of the widest domain", () => {
    expect(linearScale(-MAX, MAX, 0, 100).toPixel(0)).toBeCloseTo(50, 9);
  });
});

describe("logarithmic scale", () => {
  it("spaces decades evenly", () => {
    const scale = logarithmicScale(0.01, 100, 0.01, 400, 0);
    expect([0.01, 0.1, 1, 10, 100].map((value) => Math.round(scale.toPixel(value)))).toEqual([
      400, 300, 200, 100, 0,
    ]);
    expect(scale.toPixel(0)).toBeNaN();
    expect(scale.toValue(200)).toBeCloseTo(1, 12);
  });

  it("is symmetric and monotone where values reach 0 and below", () => {
    const scale = logarithmicScale(-1000, 1000, 0.1, 0, 300);
    expect(scale.kind).toBe("symlog");
    expect(scale.toPixel(0)).toBeCloseTo(150, 9);
    const rows = [-1000, -10, -0.1, 0, 0.1, 10, 1000].map((value) => scale.toPixel(value));
    expect([...rows].sort((a, b) => a - b)).toEqual(rows);
    for (const value of [-1000, -3, -0.05, 0, 0.2, 40]) {
      expect(scale.toValue(scale.toPixel(value))).toBeCloseTo(value, 9);
    }
  });

  it("has a threshold also where only zeros are known", () => {
    const scale = logarithmicScale(0, 0, Number.POSITIVE_INFINITY, 0, 100);
    expect(scale.toPixel(0)).toBe(0);
  });
});

describe("padDomain", () => {
  it.each([
    [0, 1],
    [3.25, 3.25],
    [0, 0],
    [-0, -0],
    [-MAX, MAX],
    [MAX, MAX],
    [-MAX, -MAX],
    [5e-324, 5e-324],
    [1e-300, 1e300],
  ])("gives %d to %d a finite domain around it", (lo, hi) => {
    for (const logarithmic of [false, true]) {
      const [from, to] = padDomain(lo, hi, logarithmic);
      expect(Number.isFinite(from) && Number.isFinite(to)).toBe(true);
      expect(from).toBeLessThan(to);
      expect(from).toBeLessThanOrEqual(lo);
      expect(to).toBeGreaterThanOrEqual(hi);
    }
  });

  it("has a domain for no values at all", () => {
    expect(padDomain(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false)).toEqual([0, 1]);
  });
});

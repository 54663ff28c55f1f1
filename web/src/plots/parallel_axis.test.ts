import { describe, expect, it } from "vitest";
import { categoriesBetween, makeAxis, roundBetween, suggestScale } from "./parallel_axis.ts";

describe("suggestScale", () => {
  it("follows what the values are", () => {
    expect(suggestScale([1e-4, 1e-2, null])).toBe("log");
    expect(suggestScale([1, 2, 3])).toBe("linear");
    expect(suggestScale([0, 1000])).toBe("linear");
    expect(suggestScale([0.01, 0.4, 0.5])).toBe("linear");
    expect(suggestScale([16, 64, 32, 16, null])).toBe("log");
    expect(suggestScale(["adam", 1])).toBe("category");
    expect(suggestScale([null, null])).toBe("category");
  });
});

describe("makeAxis", () => {
  it("puts numbers in proportion, and runs without one aside", () => {
    const axis = makeAxis([10, null, 30, Number.NaN, 20], "linear");
    expect([...axis.shares]).toEqual([0, Number.NaN, 1, Number.NaN, 0.5]);
    expect(axis.missing).toBe(2);
    expect(axis.ticks(200).map(({ label }) => label)).toContain("20");
  });

  it("has a tick at each of a few values", () => {
    const labels = (length: number) =>
      makeAxis([16, 128, 32, 32], "log")
        .ticks(length)
        .map(({ label }) => label);
    expect(labels(200)).toEqual(["16", "32", "128"]);
    expect(labels(20)).not.toContain("32");
  });

  it("puts powers at even distances on a logarithmic axis, zero and below too", () => {
    const axis = makeAxis([0.001, 0.01, 0.1], "log");
    expect(axis.shareOf(0.01)).toBeCloseTo(0.5, 12);
    const both = makeAxis([-10, 0, 10], "log");
    expect([...both.shares].map((share) => share.toFixed(6))).toEqual([
      "0.000000",
      "0.500000",
      "1.000000",
    ]);
  });

  it("puts numbers at their ranks, equal ones at the middle of theirs", () => {
    const axis = makeAxis([5, 1, 5, 100, 2], "quantile");
    // Sorted: 1 2 5 5 100.
    expect([...axis.shares]).toEqual([0.625, 0, 0.625, 1, 0.25]);
    expect(axis.shareOf(1.5)).toBeCloseTo(0.125, 12);
    expect(axis.valueAt(0.25, 1e-9)).toBeCloseTo(2, 6);
  });

  it("gives words a place each, numbers among them by size", () => {
    const axis = makeAxis(["b", 10, "a", 9, null, true], "linear");
    expect(axis.scale).toBe("category");
    expect(axis.categories).toEqual(["9", "10", "a", "b", "true"]);
    expect(axis.shares[0]).toBeCloseTo(0.7, 12);
    expect(axis.shares[4]).toBeNaN();
    expect(categoriesBetween(axis, 0.05, 0.55)).toEqual(["9", "10", "a"]);
  });

  it("has a place for a single value", () => {
    for (const value of [3, -3, 0]) {
      const axis = makeAxis([value, value], "linear");
      expect(axis.shares[0]).toBeGreaterThan(0.2);
      expect(axis.shares[0]).toBeLessThan(0.8);
    }
  });

  it("reads a place back as a short number of that place", () => {
    for (const scale of ["linear", "log", "quantile"] as const) {
      const axis = makeAxis(
        Array.from({ length: 200 }, (_, i) => 1e-5 * 1.06 ** i),
        scale,
      );
      for (const share of [0.123, 0.5, 0.987]) {
        const value = axis.valueAt(share, 1 / 300);
        expect(Math.abs(axis.shareOf(value) - share), scale).toBeLessThan(1 / 300);
        expect(String(value).length, `${scale} ${value}`).toBeLessThan(10);
      }
    }
  });
});

describe("roundBetween", () => {
  it("finds the shortest number between two", () => {
    expect(roundBetween(0.0123456, 0.0121, 0.0126)).toBe(0.0123);
    expect(roundBetween(0.0123456, 0.011, 0.013)).toBe(0.012);
    expect(roundBetween(-1234.5, -1240, -1230)).toBe(-1230);
    expect(roundBetween(0, -1, 1)).toBe(0);
  });
});

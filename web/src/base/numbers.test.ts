import { describe, expect, it } from "vitest";
import {
  decimalsOf,
  formatExact,
  formatNarrow,
  formatPower,
  formatValue,
  formatWritten,
  tickFormatter,
} from "./numbers.ts";

describe("formatValue", () => {
  it.each([
    [0, "0"],
    [-0, "0"],
    [42, "42"],
    [23600, "23,600"],
    [-999999, "-999,999"],
    [0.102, "0.1020"],
    [1.23456, "1.235"],
    [123.456, "123.5"],
    [12345.6, "12,346"],
    [1234567, "1.235M"],
    [3e9, "3.000B"],
    [999999.9, "1.000M"],
    [1.23456e-5, "1.235e-5"],
    [1e308, "1e308"],
    [5e-324, "4.941e-324"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "∞"],
    [Number.NEGATIVE_INFINITY, "-∞"],
  ])("%d -> %s", (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});

describe("formatWritten", () => {
  it.each([
    [0.03, "0.03"],
    [1e-7, "1e-7"],
    [20261, "20261"],
    [0.0334521, "0.03345"],
    [Number.POSITIVE_INFINITY, "∞"],
  ])("%d -> %s", (value, text) => {
    expect(formatWritten(value)).toBe(text);
  });
});

describe("formatNarrow", () => {
  it.each([
    [0.0035484, "0.00355"],
    [-0.0035484, "-0.0035"],
    [0.088921, "0.08892"],
    [3.5484e-4, "3.55e-4"],
    [1.23456, "1.235"],
    [23600, "23,600"],
    [Number.NaN, "NaN"],
  ])("%d -> %s", (value, text) => {
    expect(formatNarrow(value, 7)).toBe(text);
  });
});

describe("formatExact", () => {
  it.each([0.1 + 0.2, 1e21, 5e-324, -1.7976931348623157e308, 2 ** 53, 1 / 3])(
    "reads back as %d",
    (value) => {
      expect(Number(formatExact(value))).toBe(value);
    },
  );

  it("tells -0 from 0", () => {
    expect(formatExact(-0)).toBe("-0");
    expect(formatExact(0)).toBe("0");
  });
});

describe("tick labels", () => {
  const label = (values: number[], step: number) =>
    values.map(tickFormatter(step, Math.max(...values.map(Math.abs))));

  it("has one number of decimals for the axis", () => {
    expect(label([0, 0.25, 0.5, 1], 0.25)).toEqual(["0.00", "0.25", "0.50", "1.00"]);
    expect(label([-0.5, 0, 0.5], 0.5)).toEqual(["-0.5", "0.0", "0.5"]);
    expect(label([0, 5000], 5000)).toEqual(["0", "5000"]);
  });

  it("shortens thousands and millions", () => {
    expect(label([0, 10000, 20000], 10000)).toEqual(["0", "10k", "20k"]);
    expect(label([0, 500000, 1000000, 1500000], 500000)).toEqual(["0", "0.5M", "1.0M", "1.5M"]);
  });

  it("does not shorten what it would make unreadable", () => {
    expect(label([1000000.05, 1000000.1], 0.05)).toEqual(["1000000.05", "1000000.10"]);
  });

  it("uses powers of ten at both ends of float64", () => {
    expect(label([0, 1e-7, 1.5e-7], 0.5e-7)).toEqual(["0", "1e-7", "1.5e-7"]);
    expect(label([-1e308, 0, 1e308], 1e308)).toEqual(["-1e308", "0", "1e308"]);
  });

  it("never says the same of two ticks", () => {
    for (const [base, step] of [
      [0, 0.001],
      [1e6, 0.5],
      [123456789, 0.25],
      [1e-9, 1e-12],
      [1e15, 2],
    ] as const) {
      const values = Array.from({ length: 6 }, (_, i) => base + i * step);
      expect(new Set(label(values, step)).size).toBe(6);
    }
  });
});

it("labels powers", () => {
  expect([1e-5, 0.001, 0.5, 1, 100, 1000, 2000, 10000, 2e6, 1e20, -10].map(formatPower)).toEqual([
    ...["1e-5", "0.001", "0.5", "1", "100", "1000", "2000", "10k", "2M", "1e20", "-10"],
  ]);
});

it("counts the decimals of a step", () => {
  expect([20, 1, 0.5, 0.25, 0.1, 0.025, 1e-6].map(decimalsOf)).toEqual([0, 0, 1, 2, 1, 3, 6]);
});

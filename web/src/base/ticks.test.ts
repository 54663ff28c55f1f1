import { describe, expect, it } from "vitest";
import { linearScale, logarithmicScale } from "./scale.ts";
import { niceStep, ticksOf } from "./ticks.ts";
import { durationFormatter, formatDuration, formatMoment, wallTicks } from "./times.ts";

const linear = (lo: number, hi: number, most: number, kind?: "number" | "whole" | "duration") =>
  ticksOf(linearScale(lo, hi, 0, 100), most, kind);

describe("decimal ticks", () => {
  it("stand at round numbers", () => {
    expect(linear(0, 2.1, 5).values).toEqual([0, 0.5, 1, 1.5, 2]);
    expect(linear(0, 0.35, 4).values).toEqual([0, 0.1, 0.2, 0.3]);
    expect(linear(0, 40000, 5, "whole").labels).toEqual(["0", "10k", "20k", "30k", "40k"]);
  });

  it("are whole on a step axis", () => {
    expect(linear(-0.5, 0.5, 5, "whole").labels).toEqual(["0"]);
    expect(linear(0, 3, 5, "whole").labels).toEqual(["0", "1", "2", "3"]);
    expect(linear(0.2, 0.8, 5, "whole").values).toEqual([]);
  });

  it("are there, within the axis, few enough and unlike each other for any domain", () => {
    const domains: [number, number][] = [
      [-1.7e308, 1.7e308],
      [0, 5e-324],
      [1e-320, 3e-320],
      [1e9, 1e9 + 1e-6],
      [-1e-9, 1e-9],
      [0.1, 0.1 + 2 ** -50],
      [-12345.678, 9e15],
    ];
    for (const [lo, hi] of domains) {
      for (const most of [2, 5, 8]) {
        const { values, labels } = linear(lo, hi, most);
        expect(values.length).toBeGreaterThan(0);
        expect(values.length).toBeLessThanOrEqual(most + 1);
        expect(new Set(labels).size).toBe(labels.length);
        for (const value of values) {
          expect(value).toBeGreaterThanOrEqual(lo - (hi - lo) * 1e-6);
          expect(value).toBeLessThanOrEqual(hi + (hi - lo) * 1e-6);
        }
      }
    }
  });

  it("has steps of 1, 2, 2.5 and 5", () => {
    expect([0.9, 1, 1.5, 2.2, 3, 6, 70].map((span) => niceStep(span, 1))).toEqual([
      1, 1, 2, 2.5, 5, 10, 100,
    ]);
  });
});

describe("logarithmic ticks", () => {
  const log = (lo: number, hi: number, most: number) =>
    ticksOf(logarithmicScale(lo, hi, Math.abs(lo), 0, 100), most).values;

  it("are decades, every n-th where there are many", () => {
    expect(log(1e-3, 10, 8)).toEqual([0.001, 0.01, 0.1, 1, 10]);
    expect(log(1e-12, 1, 5).length).toBeLessThanOrEqual(5);
  });

  it("have 2 and 5 between where there are few", () => {
    expect(log(0.9, 60, 8)).toEqual([1, 2, 5, 10, 20, 50]);
  });

  it("fall back to round numbers within one decade", () => {
    expect(log(2.1, 2.9, 5).length).toBeGreaterThan(2);
  });

  it("go both ways through 0", () => {
    const values = ticksOf(logarithmicScale(-1000, 1000, 1, 0, 100), 9).values;
    expect(values).toContain(0);
    expect(values).toContain(1000);
    expect(values).toContain(-1000);
  });
});

describe("time ticks", () => {
  it("are round spans", () => {
    expect(linear(0, 3700, 5, "duration").labels).toEqual(["0", "15m", "30m", "45m", "1h"]);
    expect(linear(0, 100, 5, "duration").labels).toEqual(["0", "30s", "1m", "1m30s"]);
    expect(linear(0, 0.5, 5, "duration").labels).toEqual([
      "0",
      "0.1s",
      "0.2s",
      "0.3s",
      "0.4s",
      "0.5s",
    ]);
    expect(linear(0, 40 * 86400, 5, "duration").labels).toEqual(["0", "14d", "28d"]);
  });

  it("are round local times, with the date where the day turns", () => {
    const start = new Date(2026, 10, 21, 20, 0, 0).getTime() / 1000;
    const { labels, values } = wallTicks(start, start + 6 * 3600, 6);
    expect(labels).toEqual(["20:00", "21:00", "22:00", "23:00", "22 Nov", "01:00", "02:00"]);
    expect(values[0]).toBe(start);
  });

  it("are days at midnight over weeks", () => {
    const start = new Date(2026, 10, 1, 7, 0, 0).getTime() / 1000;
    const { values } = wallTicks(start, start + 20 * 86400, 5);
    expect(values.length).toBeGreaterThan(2);
    for (const value of values) expect(new Date(value * 1000).getHours()).toBe(0);
  });

  it("read as spans and moments", () => {
    expect(
      [0, 2.24e-5, 9.9996e-4, 0.0945, 0.25, 2.3, 12, 252, 11100, 187200, -75].map(formatDuration),
    ).toEqual([
      ...[
        "0 s",
        "22.4 µs",
        "1.00 ms",
        "94.5 ms",
        "0.250 s",
        "2.30 s",
        "12 s",
        "4 m 12 s",
        "3 h 05 m",
        "2 d 4 h",
        "-1 m 15 s",
      ],
    ]);
    expect(durationFormatter(3600)(129600)).toBe("1d12h");
    const moment = new Date(2026, 10, 22, 13, 5, 9).getTime() / 1000;
    expect(formatMoment(moment)).toBe("2026-11-22 13:05:09");
    expect(formatDuration(Number.NaN)).toBe("–");
  });
});

import { expect, it } from "vitest";
import { type BandSeries, bandLines, dropsOf, nearestIndex } from "./bands.ts";

const BAND: BandSeries = {
  ...{ group: "adam", key: "loss", runs: 3, exact: true },
  x: Float64Array.of(0, 10, 20, 50),
  center: Float64Array.of(1, 2, 3, 4),
  lo: Float64Array.of(0, 1, 2, 3),
  hi: Float64Array.of(2, 3, 4, 5),
  n: Int32Array.of(2, 3, 3, 1),
};

it("has the same lines each time, so that their traces are kept", () => {
  expect(bandLines(BAND)).toBe(bandLines(BAND));
  expect(bandLines(BAND).hi).toMatchObject({ mode: "points", x: BAND.x, y: BAND.hi });
});

it("finds the nearest position of the grid", () => {
  const index = (x: number) => nearestIndex(BAND, (value) => value, x);
  expect([-5, 4, 6, 20, 34, 36, 999].map(index)).toEqual([0, 0, 1, 2, 2, 3, 3]);
  // As the axis shows it: 24 is nearer to 50 than to 10 on a bent one.
  const bent = { ...BAND, x: Float64Array.of(10, 50) };
  expect(nearestIndex(bent, (value) => value, 24)).toBe(0);
  expect(nearestIndex(bent, Math.log, 24)).toBe(1);
  expect(nearestIndex({ ...BAND, x: new Float64Array(0) }, Math.log, 1)).toBeNull();
});

it("tells where runs have ended, and not where some begin", () => {
  expect(dropsOf(BAND)).toEqual([{ index: 2, x: 20 }]);
});

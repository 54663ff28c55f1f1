import { describe, expect, it } from "vitest";
import { piecesOf, slice } from "./pieces.ts";
import { at, type ColumnsSeries, type PointsSeries, type Series, toColumns } from "./series.ts";

function points(x: number[], starts: number[], smoothed?: number[]): PointsSeries {
  const series: PointsSeries = {
    ...{ mode: "points", run: "r", key: "loss", total: x.length, starts },
    ...{ x: Float64Array.from(x), y: Float64Array.from(x, (position) => 10 * position) },
  };
  return smoothed ? { ...series, smoothed: Float64Array.from(smoothed) } : series;
}

function positions(series: Series): number[] {
  const x = series.mode === "points" ? series.x : series.x1;
  return Array.from({ length: x.length }, (_, i) => at(x, i));
}

const told = (series: Series, restarts: "joined" | "split" | "newest") =>
  piecesOf(series, restarts).map((one) => [one.strength, positions(one.series)]);

// Steps 0 to 4, then resumed from 3, then from 5.
const RESUMED = points([0, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6, 7], [0, 5, 9]);

describe("pieces of a line", () => {
  it("are the line itself, and the same objects each time", () => {
    expect(piecesOf(RESUMED, "joined")[0]!.series).toBe(RESUMED);
    expect(piecesOf(RESUMED, "split")).toBe(piecesOf(RESUMED, "split"));
    const once = points([0, 1, 2], [0]);
    expect(piecesOf(once, "split")[0]!.series).toBe(once);
  });

  it("are its sessions, the older ones lighter", () => {
    expect(told(RESUMED, "split")).toEqual([
      [0.5, [0, 1, 2, 3, 4]],
      [0.5, [3, 4, 5, 6]],
      [1, [5, 6, 7]],
    ]);
    expect(piecesOf(RESUMED, "split").map((one) => one.isRestart)).toEqual([false, true, true]);
  });

  it("are one line by position, of which every value stays", () => {
    const toAndFro = points([3, 1, Number.NaN, 2, 1], [0, 2], [30, 10, 0, 20, 11]);
    const [piece] = piecesOf(toAndFro, "sorted");
    expect(positions(piece!.series)).toEqual([1, 1, 2, 3, Number.NaN]);
    expect(piece!.series.starts).toEqual([0]);
    expect(Array.from((piece!.series as PointsSeries).smoothed!)).toEqual([10, 11, 20, 30, 0]);
    const columns = toColumns(RESUMED);
    const sorted = piecesOf(columns, "sorted")[0]!.series as ColumnsSeries;
    expect(positions(sorted)).toEqual(positions(columns).sort((a, b) => a - b));
    expect(Array.from(sorted.max)).toEqual(positions(sorted).map((x) => 10 * x));
    // What never goes back is as it is.
    const once = points([0, 1, 2], [0]);
    expect(piecesOf(once, "sorted")[0]!.series).toBe(once);
  });

  it("are split where steps go back within a session, unless they go to and fro", () => {
    expect(told(points([0, 1, 2, 1, 2], [0]), "split")).toEqual([
      [0.5, [0, 1, 2]],
      [1, [1, 2]],
    ]);
    const toAndFro = points(
      Array.from({ length: 200 }, (_, i) => i % 2),
      [0],
    );
    expect(piecesOf(toAndFro, "split")).toHaveLength(1);
  });

  it("are full where nothing newer reaches, and faint below it, each from where the last one ended", () => {
    expect(told(RESUMED, "newest")).toEqual([
      [1, [0, 1, 2]],
      [0.25, [2, 3, 4]],
      [1, [3, 4]],
      [0.25, [4, 5, 6]],
      [1, [5, 6, 7]],
    ]);
    // A short newer session in the middle of an older one.
    expect(told(points([0, 1, 2, 3, 4, 5, 2, 3], [0, 6]), "newest")).toEqual([
      [1, [0, 1]],
      [0.25, [1, 2]],
      [1, [2, 3, 4, 5]],
      [1, [2, 3]],
    ]);
  });

  it("cut smoothed values and buckets along", () => {
    const series = points([0, 1, 2, 3], [0, 2], [5, 6, 7, 8]);
    expect(slice(series, 2, 4)).toMatchObject({ starts: [0], smoothed: Float64Array.of(7, 8) });
    expect(slice(toColumns(series), 1, 4)).toMatchObject({
      starts: [0, 1],
      min: Float64Array.of(10, 20, 30),
      smoothed: { last: Float64Array.of(6, 7, 8) },
    });
  });
});

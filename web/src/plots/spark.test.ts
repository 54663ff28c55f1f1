import { describe, expect, it } from "vitest";
import type { ColumnsSeries, PointsSeries } from "./series.ts";
import { drawSpark } from "./spark.ts";

const SIZE = { width: 48, height: 20, inset: 2 };

/** What a pen was moved along: lists of points. */
class Strokes {
  readonly all: [number, number][][] = [];

  moveTo(x: number, y: number): void {
    this.all.push([[x, y]]);
  }

  lineTo(x: number, y: number): void {
    this.all.at(-1)!.push([x, y]);
  }
}

function points(y: readonly number[], starts: readonly number[] = [0]): PointsSeries {
  const x = { start: 0, stride: 1, length: y.length };
  const shared = { run: "r", key: "loss", total: y.length, starts };
  return { ...shared, mode: "points", x, y: Float64Array.from(y) };
}

function strokesOf(series: PointsSeries | ColumnsSeries, isLog = false): [number, number][][] {
  const pen = new Strokes();
  expect(drawSpark(pen, series, SIZE, isLog)).toBe(true);
  return pen.all;
}

describe("a sparkline", () => {
  it("goes from edge to edge and from the least value to the largest", () => {
    expect(strokesOf(points([1, 3, 2]))).toEqual([
      [
        [2, 18],
        [24, 2],
        [46, 10],
      ],
    ]);
  });

  it("spans in each pixel column what lies in it, however many points there are", () => {
    // One spike up and one down among 100,000 points of noise.
    const y = Array.from({ length: 100_000 }, (_, i) => ((i * 7919) % 101) / 1000);
    y[30_001] = 9;
    y[70_003] = -7;
    const all = strokesOf(points(y)).flat();
    const height = (value: number) => 18 - ((value + 7) / 16) * 16;
    const column = (i: number) => 2 + Math.floor((i / 99_999) * 44) + 0.5;
    const rowsAt = (x: number) => all.filter(([at]) => at === x).map(([, row]) => row);
    expect(Math.min(...rowsAt(column(30_001)))).toBeCloseTo(height(9), 9);
    expect(Math.max(...rowsAt(column(70_003)))).toBeCloseTo(height(-7), 9);
    for (let at = 2.5; at < 46; at++) {
      if (at === column(30_001) || at === column(70_003)) continue;
      expect(Math.min(...rowsAt(at))).toBeCloseTo(height(0.1), 9);
      expect(Math.max(...rowsAt(at))).toBeCloseTo(height(0), 9);
    }
  });

  it("is broken where a value is missing and where a session begins", () => {
    const strokes = strokesOf(points([0, 1, Number.NaN, 1, 0, 4, 5], [0, 5]));
    expect(strokes.map((stroke) => stroke.length)).toEqual([2, 2, 2]);
    expect(strokes[2]![0]![0]).toBeCloseTo(2 + (44 * 5) / 6);
  });

  it("shows points that stand alone, and what never changes in the middle", () => {
    expect(strokesOf(points([5]))).toEqual([
      [
        [24, 10],
        [24.01, 10],
      ],
    ]);
    expect(strokesOf(points([0, 0]))[0]!.map(([, row]) => row)).toEqual([10, 10]);
  });

  it("draws buckets from their least to their largest value", () => {
    const series: ColumnsSeries = {
      ...{ mode: "columns", run: "r", key: "loss", total: 8, starts: [0], sorted: true },
      x0: Float64Array.of(0, 4),
      x1: Float64Array.of(0, 4),
      first: Float64Array.of(1, 2),
      min: Float64Array.of(0, 2),
      max: Float64Array.of(4, 2),
      last: Float64Array.of(3, 2),
      flags: new Uint8Array(2),
    };
    const rows = strokesOf(series)
      .flat()
      .map(([, row]) => row);
    expect([Math.min(...rows), Math.max(...rows)]).toEqual([2, 18]);
  });

  it("is logarithmic where its chart is", () => {
    const [stroke] = strokesOf(points([100, 10, 1]), true);
    expect(stroke!.map(([, row]) => row)).toEqual([2, 10, 18]);
  });

  it("draws nothing without a finite value", () => {
    const pen = new Strokes();
    expect(drawSpark(pen, points([Number.NaN, Number.POSITIVE_INFINITY]), SIZE)).toBe(false);
    expect(drawSpark(pen, points([]), SIZE)).toBe(false);
    expect(pen.all).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { curveOf } from "./curve.ts";
import { append, type PointsSeries, toColumns } from "./series.ts";
import { isSmoothedExactly, type Smoothing, smoothSeries, smoothValues } from "./smooth.ts";

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;

function points(y: readonly number[], x?: readonly number[]): PointsSeries {
  return {
    ...{ mode: "points", run: "r", key: "loss", total: y.length, starts: [0] },
    x: x ? Float64Array.from(x) : { start: 0, stride: 1, length: y.length },
    y: Float64Array.from(y),
  };
}

function noise(n: number): number[] {
  let state = 7;
  return Array.from({ length: n }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.exp(-i / 300) + (state / 2 ** 32 - 0.5) * 0.3;
  });
}

function expectClose(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, i) => {
    if (Number.isFinite(value)) expect(found[i]).toBeCloseTo(value, 11);
    else expect(found[i]).toBe(value);
  });
}

describe("smoothing in the page", () => {
  // The series of TensorBoard's own test, as in tests/store/test_smoothing.py.
  it.each([
    [[1, 0.5, 0], 0.6, [1, 0.6875, (0.44 * 0.6) / (1 - 0.6 ** 3)]],
    [[0, 0.5, 1], 0.6, [0, 0.3125, (0.4 + 0.5 * 0.4 * 0.6) / (1 - 0.6 ** 3)]],
    [[], 0.6, []],
    [[1, 0.5, 0], 0, [1, 0.5, 0]],
    [[-INF, 1, NAN, INF, 0.5], 0.6, [-INF, 1, NAN, INF, 0.6875]],
    [[0.3, 0.3, 0.3], 0.1, [0.3, 0.3, 0.3]],
  ])("has TensorBoard's numbers for %j", (y, weight, expected) => {
    const { x } = points(y);
    expectClose(smoothValues(x, Float64Array.from(y), { kind: "ema", weight }), expected);
  });

  // What epochal.store.smoothing.smooth makes of the same values.
  const X = [0, 1, 2, 4, 5, 9, 9, 10, 12, 11, 20, 21];
  const Y = [3, 1, NAN, 2, 8, 5, INF, 1, 0.5, 4, -2, 7];
  it.each<[Smoothing, number[]]>([
    [
      { kind: "ema", weight: 0.6 },
      [
        3.0,
        1.75,
        NAN,
        1.8775510204081631,
        4.691176470588235,
        4.825121443442055,
        INF,
        3.2201933404940926,
        2.1007795833443073,
        2.8734455715714047,
        0.904222107516026,
        3.3573664905111755,
      ],
    ],
    [
      { kind: "time", weight: 0.8 },
      [
        3.0,
        1.9543886702443092,
        NAN,
        1.9729711297275934,
        3.8329386501246683,
        4.192128695583791,
        INF,
        3.3871902884855984,
        2.716360108135952,
        2.958377934538466,
        1.4704186027344512,
        2.838581559996555,
      ],
    ],
    [
      { kind: "gaussian", sigma: 2.5 },
      [
        2.3804406439040804,
        2.5920371496071395,
        NAN,
        3.9727865534503155,
        4.349244352055174,
        3.2586041166884043,
        INF,
        2.8869557236823837,
        2.3800509126284397,
        2.6050571440331383,
        2.320095938599763,
        2.6799040614002365,
      ],
    ],
    [{ kind: "mean", window: 5 }, [3.0, 2.0, NAN, 3.8, 3.4, 3.3, INF, 3.7, 1.7, 2.1, 3.0, 7.0]],
  ])("has the server's numbers with %j", (smoothing, expected) => {
    expectClose(smoothValues(Float64Array.from(X), Float64Array.from(Y), smoothing), expected);
  });

  it("keeps a constant series as it is", () => {
    const y = Float64Array.of(0.1, 0.1, NAN, 0.1);
    const { x } = points([...y]);
    for (const smoothing of [
      { kind: "gaussian", sigma: 3 },
      { kind: "mean", window: 3 },
    ] as const) {
      expect([...smoothValues(x, y, smoothing)]).toEqual([...y]);
    }
  });

  it("smooths a series once for a question, and takes its values off again", () => {
    const series = points(noise(50));
    const ema: Smoothing = { kind: "ema", weight: 0.9 };
    const smoothed = smoothSeries(series, "", ema);
    expect(smoothSeries(series, "", { ...ema })).toBe(smoothed);
    expect(curveOf(smoothed)).toBe(curveOf(smoothed));
    expect(curveOf(smoothed)).toMatchObject({ y: smoothed.smoothed });
    expect(smoothSeries(series, "", null)).toBe(series);
    expect(smoothSeries(smoothed, JSON.stringify(ema), ema)).toBe(smoothed);
    expect(smoothSeries(smoothed, JSON.stringify(ema), null).smoothed).toBeUndefined();
  });

  it("knows when it cannot tell what the server makes", () => {
    const ema: Smoothing = { kind: "ema", weight: 0.9 };
    const series = points(noise(50));
    expect(isSmoothedExactly(series, ema)).toBe(true);
    expect(isSmoothedExactly({ ...series, total: 51 }, ema)).toBe(false);
    expect(isSmoothedExactly({ ...series, starts: [0, 20] }, ema)).toBe(false);
    expect(isSmoothedExactly(toColumns(series), ema)).toBe(false);
    const long = points(noise(4000));
    expect(isSmoothedExactly(long, { kind: "gaussian", sigma: 2 })).toBe(true);
    expect(isSmoothedExactly(long, { kind: "gaussian", sigma: 2000 })).toBe(false);
  });

  it.each<[Smoothing, number]>([
    [{ kind: "ema", weight: 0.99 }, 0.07],
    [{ kind: "time", weight: 0.99 }, 0.07],
    [{ kind: "gaussian", sigma: 60 }, 0.05],
    [{ kind: "mean", window: 201 }, 0.05],
  ])("makes a likeness of buckets with %j", (smoothing, apart) => {
    const y = noise(8000);
    const exact = smoothValues(points(y).x, Float64Array.from(y), smoothing);
    // Buckets of 16 points.
    const heads = Array.from({ length: 500 }, (_, i) => 16 * i);
    const of = (pick: (part: number[]) => number) =>
      Float64Array.from(heads, (from) => pick(y.slice(from, from + 16)));
    const likeness = smoothSeries(
      {
        ...{ mode: "columns", run: "r", key: "loss", total: y.length, starts: [0], sorted: true },
        x0: Float64Array.from(heads),
        x1: Float64Array.from(heads, (from) => from + 15),
        first: of((part) => part[0]!),
        min: of((part) => Math.min(...part)),
        max: of((part) => Math.max(...part)),
        last: of((part) => part[15]!),
        flags: new Uint8Array(500),
      },
      "",
      smoothing,
    );
    if (likeness.mode !== "columns") throw new Error("Buckets stay buckets.");
    heads.slice(30, 470).forEach((from, i) => {
      expect(Math.abs(likeness.smoothed!.last[i + 30]! - exact[from + 8]!)).toBeLessThan(apart);
    });
  });
});

describe("appending to a smoothed series", () => {
  const smoothed = (y: number[], s: number[]): PointsSeries => ({
    ...points(y),
    smoothed: Float64Array.from(s),
  });

  it("appends points to points, and to buckets", () => {
    const head = smoothed([1, 2], [10, 20]);
    const tail = smoothed([NAN, 4], [NAN, 40]);
    expect(append(head, tail)).toMatchObject({ smoothed: Float64Array.of(10, 20, NAN, 40) });
    const joined = append(toColumns(head), tail);
    expect(joined).toMatchObject({
      mode: "columns",
      smoothed: { first: Float64Array.of(10, 20, NAN, 40), max: Float64Array.of(10, 20, NAN, 40) },
    });
  });

  it("has none when a part has none", () => {
    expect(append(smoothed([1], [1]), points([2])).smoothed).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { linearScale, logarithmicScale } from "../base/scale.ts";
import {
  HAS_NAN,
  HAS_NEGATIVE_INFINITY,
  HAS_POSITIVE_INFINITY,
  type PointsSeries,
  type Series,
  toColumns,
} from "./series.ts";
import { lowerBound, Trace } from "./trace.ts";

const WIDTH = 50;

function points(x: number[], y: number[], starts = [0]): PointsSeries {
  return {
    ...{ mode: "points", run: "r", key: "loss", total: y.length, starts },
    x: Float64Array.from(x),
    y: Float64Array.from(y),
  };
}

function traceOf(series: Series, lo: number, hi: number): Trace {
  const trace = new Trace();
  trace.make(series, linearScale(lo, hi, 0, WIDTH), WIDTH);
  return trace;
}

function entries(trace: Trace) {
  return Array.from({ length: trace.length }, (_, i) => ({
    x: trace.x[i]!,
    first: trace.first[i]!,
    lo: trace.lo[i]!,
    hi: trace.hi[i]!,
    last: trace.last[i]!,
  }));
}

/** Numbers from a fixed sequence, 0 to 1. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Smallest and largest finite value of each pixel column, by looking at every point. */
function bruteForce(x: number[], y: number[], lo: number, hi: number): Map<number, number[]> {
  const columns = new Map<number, number[]>();
  x.forEach((position, i) => {
    const column = Math.floor(((position - lo) / (hi - lo)) * WIDTH);
    if (column < 0 || column >= WIDTH || !Number.isFinite(y[i]!)) return;
    const known = columns.get(column) ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    columns.set(column, [Math.min(known[0]!, y[i]!), Math.max(known[1]!, y[i]!)]);
  });
  return columns;
}

function spans(trace: Trace): Map<number, number[]> {
  const columns = new Map<number, number[]>();
  for (const { x, lo, hi } of entries(trace)) {
    const column = Math.floor(x);
    if (column < 0 || column >= WIDTH) continue;
    const known = columns.get(column) ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    columns.set(column, [Math.min(known[0]!, lo), Math.max(known[1]!, hi)]);
  }
  return columns;
}

describe("points at the end of the axis", () => {
  it("sees several of them at one place", () => {
    const trace = traceOf(points([0, 1, 2, 2, 2], [0, 1, 2, 7, 3]), 0, 2);
    expect([trace.yMin, trace.yMax]).toEqual([0, 7]);
    expect(entries(trace).at(-1)).toEqual({ x: WIDTH, first: 2, lo: 2, hi: 7, last: 3 });
  });

  it("marks what is not finite there", () => {
    const trace = traceOf(points([0, 2, 2], [0, Number.NaN, Number.NaN]), 0, 2);
    expect(trace.marks.get(HAS_NAN)).toEqual([WIDTH]);
  });
});

describe("a trace of points", () => {
  it("keeps single points as they are, and joins them", () => {
    expect(entries(traceOf(points([0, 10, 20], [1, 3, 2]), 0, 50))).toEqual([
      { x: 0, first: 1, lo: 1, hi: 1, last: 1 },
      { x: 10, first: 3, lo: 3, hi: 3, last: 3 },
      { x: 20, first: 2, lo: 2, hi: 2, last: 2 },
    ]);
  });

  it("keeps first, smallest, largest and last of a column", () => {
    const series = points([10.1, 10.2, 10.3, 10.4], [5, 9, 1, 4]);
    expect(entries(traceOf(series, 0, 50))).toEqual([{ x: 10.5, first: 5, lo: 1, hi: 9, last: 4 }]);
  });

  it.each([
    ["few", 80],
    ["some", 400],
    ["many", 20_000],
  ])("spans every column exactly: %s points, any zoom", (_, count) => {
    const random = sequence(count);
    const x: number[] = [];
    let position = 0;
    for (let i = 0; i < count; i++) {
      position += random() < 0.1 ? 0 : random();
      x.push(position);
    }
    const y = x.map(() => (random() < 0.01 ? Number.NaN : random() - 0.5));
    for (let zoom = 0; zoom < 40; zoom++) {
      const lo = random() * position;
      const hi = lo + (position - lo) * random() ** 3 + 1e-6;
      expect(spans(traceOf(points(x, y), lo, hi))).toEqual(bruteForce(x, y, lo, hi));
    }
  });

  it("spans every column also when x goes back", () => {
    const random = sequence(7);
    const x = Array.from({ length: 3000 }, (_, i) => (i * 7) % 1000);
    const y = x.map(() => random());
    expect(spans(traceOf(points(x, y), 100, 777))).toEqual(bruteForce(x, y, 100, 777));
  });

  it("keeps the log order of what goes back", () => {
    const trace = traceOf(points([5, 30, 10, 20], [1, 2, 3, 4]), 0, 50);
    expect(entries(trace).map(({ x }) => x)).toEqual([5, 30, 10, 20]);
  });

  it("keeps one point on each side of the view and nothing further out", () => {
    const x = Array.from({ length: 100 }, (_, i) => i * 10);
    const trace = traceOf(points(x, x), 500, 550);
    expect(entries(trace).map(({ lo }) => lo)).toEqual([490, 500, 510, 520, 530, 540, 550, 560]);
    expect([trace.yMin, trace.yMax]).toEqual([500, 550]);
  });

  it("breaks at sessions, NaN and infinities, and marks the values", () => {
    const y = [1, Number.NaN, 2, Number.POSITIVE_INFINITY, 3, Number.NEGATIVE_INFINITY, 4, 5];
    const trace = traceOf(points([0, 5, 10, 15, 20, 25, 30, 35], y, [0, 7]), 0, 50);
    expect(entries(trace).map(({ last }) => last)).toEqual([
      ...[Number.NaN, Number.NaN, Number.NaN, Number.NaN, 5],
    ]);
    expect(trace.marks).toEqual(
      new Map([
        [HAS_NAN, [5]],
        [HAS_POSITIVE_INFINITY, [15]],
        [HAS_NEGATIVE_INFINITY, [25]],
      ]),
    );
  });

  it("does not join from or to a non-finite value at the edge of a column", () => {
    const series = points([10.1, 10.5, 11.2, 11.5], [1, Number.NaN, Number.NaN, 4]);
    expect(entries(traceOf(series, 0, 50))).toEqual([
      { x: 10.5, first: 1, lo: 1, hi: 1, last: Number.NaN },
      { x: 11.5, first: Number.NaN, lo: 4, hi: 4, last: 4 },
    ]);
  });

  it("leaves out positions that are not numbers", () => {
    const trace = traceOf(points([1, Number.NaN, 3], [1, 2, 3]), 0, 50);
    expect(entries(trace).map(({ lo, last }) => [lo, last])).toEqual([
      [1, Number.NaN],
      [3, 3],
    ]);
  });

  it("follows a logarithmic axis", () => {
    const trace = new Trace();
    const x = Array.from({ length: 1000 }, (_, i) => i + 1);
    trace.make(points(x, x), logarithmicScale(1, 1000, 1, 0, WIDTH), WIDTH);
    expect(trace.length).toBeLessThanOrEqual(WIDTH + 2);
    expect([trace.yMin, trace.yMax]).toEqual([1, 1000]);
  });

  it("is made anew in the same memory", () => {
    const trace = new Trace();
    const scale = linearScale(0, 50, 0, WIDTH);
    trace.make(points([1, 2, 3], [1, Number.NaN, 3]), scale, WIDTH);
    const { x } = trace;
    trace.make(points([4], [7]), scale, WIDTH);
    expect(trace.x).toBe(x);
    expect(entries(trace)).toEqual([{ x: 4, first: 7, lo: 7, hi: 7, last: 7 }]);
    expect(trace.marks.size).toBe(0);
    expect([trace.yMin, trace.yMax]).toEqual([7, 7]);
  });
});

describe("a trace of columns", () => {
  const bucket = (x0: number, x1: number, first: number, min: number, max: number, last: number) =>
    ({ x0, x1, first, min, max, last }) as const;

  function columns(buckets: ReturnType<typeof bucket>[], flags: number[] = []): Series {
    const pick = (name: keyof ReturnType<typeof bucket>) =>
      Float64Array.from(buckets, (one) => one[name]);
    return {
      ...{ mode: "columns", run: "r", key: "loss", total: 1000, starts: [0], sorted: true },
      ...{ x0: pick("x0"), x1: pick("x1"), first: pick("first") },
      ...{ min: pick("min"), max: pick("max"), last: pick("last") },
      flags: Uint8Array.from(buckets, (_, i) => flags[i] ?? 0),
    };
  }

  it("merges what lies in one pixel column and draws a straddler in all of its own", () => {
    const trace = traceOf(
      columns([bucket(10.1, 10.4, 1, 0, 2, 1), bucket(10.5, 12.2, 3, 3, 8, 5)]),
      0,
      50,
    );
    expect(entries(trace).map(({ x, lo, hi }) => [x, lo, hi])).toEqual([
      [10.5, 0, 8],
      [11.5, 3, 8],
      [12.5, 3, 8],
    ]);
    expect(trace.first[0]).toBe(1);
    expect(trace.last[2]).toBe(5);
  });

  it("draws columns of one point as the point", () => {
    const series = points([1.25, 7.5, 9], [3, 4, 5]);
    const asColumns = { ...toColumns(series) };
    expect(entries(traceOf(asColumns, 0, 50))).toEqual(entries(traceOf(series, 0, 50)));
  });

  it("marks what is flagged and does not join to it", () => {
    const empty = bucket(20.1, 20.6, Number.NaN, Number.NaN, Number.NaN, Number.NaN);
    const trace = traceOf(
      columns([bucket(10, 10.4, 1, 1, 2, 2), empty, bucket(30, 30.4, 1, 1, 2, 2)], [0, HAS_NAN, 6]),
      0,
      50,
    );
    expect(trace.marks.get(HAS_NAN)).toEqual([20]);
    expect(trace.marks.get(HAS_POSITIVE_INFINITY)).toEqual([30]);
    expect(trace.last[0]).toBeNaN();
    expect(trace.length).toBe(2);
  });
});

it("finds the first position that is not below an edge", () => {
  const x = Float64Array.of(0, 1, 1, 2, 5, 5, 9);
  for (const edge of [-1, 0, 0.5, 1, 2, 5, 8, 9, 10]) {
    for (let from = 0; from < x.length; from++) {
      let wanted = from;
      while (wanted < x.length && x[wanted]! < edge) wanted++;
      expect(lowerBound(x, edge, from, x.length)).toBe(wanted);
    }
  }
});

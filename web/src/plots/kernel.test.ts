import { afterEach, describe, expect, it } from "vitest";
import { linearScale, logScale } from "../base/scale.ts";
import { type Kernel, plotKernel, usePlotKernel } from "./kernel.ts";
import { type Ink, Raster } from "./raster.ts";
import type { ColumnsSeries, Numbers, PointsSeries, Series, XArray } from "./series.ts";
import { restrokeTrace } from "./stroke.ts";
import { Trace } from "./trace.ts";

// Node has none.
globalThis.ImageData ??= class {
  readonly data: Uint8ClampedArray;
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.data = new Uint8ClampedArray(4 * width * height);
  }
} as unknown as typeof ImageData;

const compiled = plotKernel()!;
afterEach(() => void usePlotKernel(compiled));

/** mulberry32: the same numbers in each run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function seriesOf(x: XArray, y: Numbers, starts: readonly number[] = [0]): PointsSeries {
  return { mode: "points", run: "r", key: "k", total: y.length, starts, x, y };
}

function numbersOf(
  kind: new (values: number[]) => Numbers,
  count: number,
  next: () => number,
): Numbers {
  return new kind(Array.from({ length: count }, next));
}

function withKernel<T>(kernel: Kernel | null, work: () => T): T {
  usePlotKernel(kernel);
  return work();
}

/** Counts from now on what the compiled code does itself. */
function counting(): { traces: number; buckets: number; strokes: number } {
  const done = { traces: 0, buckets: 0, strokes: 0 };
  const { trace, traceBuckets, stroke } = Object.getPrototypeOf(compiled) as Kernel;
  compiled.traceBuckets = (...all) => {
    const made = traceBuckets.apply(compiled, all);
    if (made !== null) done.buckets += 1;
    return made;
  };
  compiled.trace = (...all) => {
    const made = trace.apply(compiled, all);
    if (made !== null) done.traces += 1;
    return made;
  };
  compiled.stroke = (...all) => {
    const isDone = stroke.apply(compiled, all);
    if (isDone !== null) done.strokes += 1;
    return isDone;
  };
  return done;
}

function factsOf(trace: Trace) {
  const { length, x, lo, hi, first, last, yMin, yMax, tiny, marks } = trace;
  const columns = [x, lo, hi, first, last].map((column) => [...column.subarray(0, length)]);
  return { length, columns, yMin, yMax, tiny, marks: [...marks] };
}

function made(kernel: Kernel | null, series: Series, lo: number, hi: number, width: number) {
  return withKernel(kernel, () => {
    const trace = new Trace();
    trace.make(series, linearScale(lo, hi, 0, width), width);
    return trace;
  });
}

/** The pixels of traces over one another, each in its ink. */
function painted(
  kernel: Kernel | null,
  traces: readonly Trace[],
  inks: readonly Ink[],
  view: { width: number; height: number; lo: number; hi: number; ratio: number },
  times = 1,
): Int32Array {
  return withKernel(kernel, () => {
    const raster = new Raster(view.width, view.height);
    const scale = linearScale(view.lo, view.hi, view.height - 8, 0);
    raster.begin();
    // What has been painted twice is kept and painted from that.
    for (let time = 0; time < times; time++) {
      raster.fill([250, 251, 252]);
      traces.forEach((trace, i) => {
        raster.setInk(inks[i]!);
        restrokeTrace(raster, trace, scale, { width: inks[i]!.width, ratio: view.ratio });
      });
    }
    raster.end();
    return new Int32Array(raster.image.data.buffer.slice(0));
  });
}

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

function inkOf(random: () => number): Ink {
  return {
    rgb: [random() * 256, random() * 256, random() * 256].map(Math.floor) as [
      number,
      number,
      number,
    ],
    alpha: pick(random, [1, 1, 0.25, 0.2 * random()]),
    dash: pick(random, [[], [], [6, 4], [1, 2, 3]]),
    width: pick(random, [1, 1.5, 1.875, 2.5, 3, 7]),
  };
}

/** A trace as none is made: any positions, spans and breaks. */
function anyTrace(random: () => number, width: number): Trace {
  const trace = new Trace();
  const count = 1 + Math.floor(random() * 60);
  const nothing = new Float64Array(count);
  trace.make(seriesOf(nothing, nothing), linearScale(0, 1, 0, 1000), 1000);
  trace.made += Math.floor(random() * 1e6);
  trace.length = count;
  const reach = pick(random, [1, 1, 3, 1e12]);
  let x = -20 * random();
  const turns = pick(random, [0, 0.1]);
  for (let i = 0; i < count; i++) {
    x += random() < turns ? -30 * random() : (random() * 3 * width) / count;
    trace.x[i] = random() < 0.3 ? Math.floor(x) + 0.5 : x;
    const a = (random() - 0.5) * 2 * reach;
    const b = random() < 0.4 ? a + random() * reach : a;
    trace.lo[i] = a;
    trace.hi[i] = b;
    trace.first[i] = random() < 0.1 ? Number.NaN : a + (b - a) * random();
    trace.last[i] = random() < 0.1 ? Number.NaN : a + (b - a) * random();
  }
  return trace;
}

function anyBuckets(random: () => number): ColumnsSeries {
  const count = 1 + Math.floor(random() * 300);
  const kind = pick(random, [Float64Array, Float32Array]);
  const [x0, x1, min, max, first, last]: number[][] = [[], [], [], [], [], []];
  let x = 0;
  for (let i = 0; i < count; i++) {
    x += pick(random, [0, random(), random() * 30]);
    x0!.push(x);
    const isPoint = random() < 0.3;
    if (!isPoint) x += pick(random, [0, random(), random() * 5]);
    x1!.push(x);
    const lo = (random() - 0.5) * 10 ** (random() * 4 - 2);
    const rise = isPoint || random() < 0.2 ? 0 : random();
    min!.push(lo);
    max!.push(lo + rise);
    first!.push(lo + rise * pick(random, [0, 0.5, 1]));
    last!.push(lo + rise * pick(random, [0, 0.5, 1]));
  }
  const flags = new Uint8Array(count);
  if (random() < 0.1) flags[Math.floor(random() * count)] = 1;
  if (random() < 0.05) {
    const at = Math.floor(random() * count);
    flags[at] = 2;
    for (const values of [min, max, first, last]) values![at] = Number.NaN;
  }
  const isRule = random() < 0.3;
  const stride = random() * 4;
  const rule = (start: number) => ({ start, stride, length: count });
  return {
    ...{ mode: "columns", run: "r", key: "k", total: 10 * count, sorted: true, flags },
    starts: random() < 0.1 ? [0, Math.floor(random() * count)] : [0],
    x0: isRule ? rule(0) : new kind(x0!),
    x1:
      isRule && random() < 0.5
        ? rule(stride * random())
        : new kind(isRule ? x0!.map((_, i) => stride * (i + 0.5)) : x1!),
    ...{ min: new kind(min!), max: new kind(max!), first: new kind(first!), last: new kind(last!) },
  };
}

describe("the compiled code", () => {
  it("paints the pixels that the scripts paint", () => {
    const done = counting();
    for (let seed = 1; seed <= 300; seed++) {
      const random = randomOf(seed);
      const width = 20 + Math.floor(random() * 300);
      const height = 12 + Math.floor(random() * 150);
      const traces = Array.from({ length: 4 }, () => anyTrace(random, width));
      const inks = traces.map(() => inkOf(random));
      const view = { width, height, lo: -1, hi: 1, ratio: pick(random, [1, 1.25, 2, 3]) };
      const expected = painted(null, traces, inks, view);
      // Another raster: what is kept of the traces is the scripts'.
      for (const trace of traces) trace.made += 1;
      const times = 1 + (seed % 3);
      const found = painted(compiled, traces, inks, view, times);
      expect(Buffer.from(found.buffer).equals(Buffer.from(expected.buffer)), `${seed}`).toBe(true);
      expect(new Set(found).size).toBeGreaterThan(1);
    }
    // Lines that go one way are painted from what is kept the third time.
    expect(done.strokes).toBeGreaterThan(2000);
    expect(done.strokes).toBeLessThan(2300);
  });

  it("makes the traces that the scripts make", () => {
    const done = counting();
    for (let seed = 1; seed <= 2000; seed++) {
      const random = randomOf(seed);
      const count = 1 + Math.floor(random() * 900);
      const kind = pick(random, [Float64Array, Float32Array, Int32Array, Uint8Array]);
      const y = numbersOf(kind, count, () => (random() - 0.3) * 10 ** (random() * 6 - 2));
      const rising = () => {
        let x = 0;
        return () => (x += pick(random, [0, random(), random() * 40]));
      };
      const x: XArray =
        random() < 0.4
          ? { start: random() * 10, stride: random(), length: count }
          : numbersOf(pick(random, [Float64Array, Float32Array, Int32Array]), count, rising());
      const last = 1 + Math.max(1, count * pick(random, [0.3, 1, 20]));
      const lo = pick(random, [0, -last / 3, last / 2, last * random()]);
      const hi = lo + last * (0.05 + random());
      const width = 1 + Math.floor(random() * 500);
      const expected = factsOf(made(null, seriesOf(x, y), lo, hi, width));
      expect(factsOf(made(compiled, seriesOf(x, y), lo, hi, width)), `${seed}`).toEqual(expected);
    }
    expect(done.traces).toBeGreaterThan(1500);
  });

  it("makes the traces of buckets that the scripts make", () => {
    const done = counting();
    for (let seed = 1; seed <= 2000; seed++) {
      const random = randomOf(seed);
      const series = anyBuckets(random);
      const length = series.min.length;
      const last = 1 + Math.max(1, length * pick(random, [0.3, 1, 20]));
      const lo = pick(random, [0, -last / 3, last / 2, last * random()]);
      const hi = lo + last * (0.05 + random());
      const width = 1 + Math.floor(random() * 500);
      const expected = factsOf(made(null, series, lo, hi, width));
      expect(factsOf(made(compiled, series, lo, hi, width)), `${seed}`).toEqual(expected);
    }
    expect(done.buckets).toBeGreaterThan(1500);
  });

  it("leaves what it does not know to the scripts", () => {
    const done = counting();
    const x = Float64Array.from({ length: 40 }, (_, i) => i);
    const y = Float64Array.from(x, Math.sin);
    const holed = y.with(7, Number.NaN).with(9, Number.POSITIVE_INFINITY);
    const cases = [
      seriesOf(x, holed),
      seriesOf(x.with(20, 3), y),
      seriesOf(x.with(20, Number.NaN), y),
      seriesOf(x, y, [0, 17]),
    ];
    for (const series of cases) {
      const expected = factsOf(made(null, series, 0, 39, 30));
      expect(factsOf(made(compiled, series, 0, 39, 30))).toEqual(expected);
    }
    expect(done.traces).toBe(0);
    const trace = made(null, seriesOf(x, y), 0, 39, 30);
    usePlotKernel(compiled);
    const raster = new Raster(40, 40);
    raster.begin();
    raster.setInk({ rgb: [0, 0, 0], alpha: 1, dash: [], width: 1 });
    // The raster has the memory now.
    expect(factsOf(made(compiled, seriesOf(x, y), 0, 39, 30))).toEqual(factsOf(trace));
    restrokeTrace(raster, trace, logScale(0.1, 1, 30, 0), { width: 1, ratio: 1 });
    raster.end();
    expect(done).toEqual({ traces: 0, buckets: 0, strokes: 0 });
  });

  it("ends where a line swings far beyond both ends of the axis within a pixel", () => {
    // With rows up to 1e9 the script painted one column for minutes: its rows no longer counted in 32 bits.
    const x = Float64Array.of(0, 13.545, 14.045, 30);
    const trace = made(null, seriesOf(x, Float64Array.of(0, -1e12, 1e12, 0)), 0, 30, 30);
    const ink: Ink = { rgb: [0, 0, 0], alpha: 1, dash: [], width: 1 };
    const view = { width: 38, height: 30, lo: -1, hi: 1, ratio: 1 };
    const found = painted(null, [trace], [ink], view);
    expect(painted(compiled, [trace], [ink], view)).toEqual(found);
  });

  it("has room for larger images and longer lines than before", () => {
    const random = randomOf(7);
    const inks = [inkOf(random)];
    for (const [width, height, points] of [
      [30, 30, 20],
      [2500, 1600, 20],
      [60, 40, 200_000],
      [60, 40, 200_000],
      [30, 30, 20],
    ] as const) {
      const x = Float64Array.from({ length: points }, () => random() * width);
      const series = seriesOf(x, Float64Array.from(x, random));
      const trace = made(compiled, series, 0, width, width);
      const view = { width, height, lo: 0, hi: 1, ratio: 1 };
      const found = painted(compiled, [trace], inks, view);
      expect(
        Buffer.compare(
          Buffer.from(found.buffer),
          Buffer.from(painted(null, [trace], inks, view).buffer),
        ),
      ).toBe(0);
    }
  });

  it("shows nothing of one image in another", () => {
    const random = randomOf(11);
    const trace = anyTrace(random, 100);
    const view = { width: 100, height: 60, lo: -1, hi: 1, ratio: 1 };
    const inks = [inkOf(random)];
    const first = painted(compiled, [trace], inks, view);
    painted(
      compiled,
      [anyTrace(random, 100), anyTrace(random, 100)],
      [inkOf(random), inkOf(random)],
      view,
    );
    expect(painted(compiled, [trace], inks, view)).toEqual(first);
  });
});

import { describe, expect, it } from "vitest";
import { RequestError } from "./client.ts";
import { hasSessions } from "./series_entries.ts";
import {
  type SeriesAnswer,
  SeriesLoader,
  type SeriesQuestion,
  type Want,
} from "./series_loader.ts";
import { snapRange, snapWidth, widening } from "./snap.ts";

/** A server of runs that hold the numbers 0 … rows-1 under every key, and its open requests. */
class Server {
  readonly questions: SeriesQuestion[] = [];
  readonly aborted: SeriesQuestion[] = [];
  rows = 3;
  /** Sessions of every run; each adds a point at the end of what is asked for anew. */
  sessions = 1;
  failure: Error | null = null;
  private waiting: (() => void)[] = [];
  private frames: (() => void)[] = [];

  ask = (question: SeriesQuestion, signal: AbortSignal): Promise<SeriesAnswer> => {
    this.questions.push(question);
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => {
        this.aborted.push(question);
        reject(new Error("aborted"));
      });
      this.waiting.push(() =>
        this.failure ? reject(this.failure) : resolve(this.answer(question)),
      );
    });
  };

  onFrame = (work: () => void): void => {
    this.frames.push(work);
  };

  /** Lets the frames that are due run, and then answers what has been asked. */
  async turn(): Promise<void> {
    for (const work of this.frames.splice(0)) work();
    for (const answer of this.waiting.splice(0)) answer();
    await new Promise((done) => setTimeout(done));
  }

  private answer({ runs, keys, since, px, range }: SeriesQuestion): SeriesAnswer {
    const series = runs.flatMap((run) =>
      keys
        .filter((key) => key !== "absent")
        .map((key) => {
          const from = Number.parseInt(since?.[run] ?? "0", 10);
          const all = Array.from({ length: this.rows - from }, (_, i) => from + i);
          const y = range ? all.filter((v) => v >= range[0] && v <= range[1]) : all;
          const kept = y.length <= 4 * px ? y : y.slice(0, 1);
          if (kept.length < y.length) {
            const [x0, first] = [Float64Array.from(kept), Float64Array.from(kept)];
            return {
              mode: "columns" as const,
              ...{ run, key, total: this.rows, starts: [0], sorted: true, x0, x1: x0, first },
              ...{ min: first, max: first, last: first, flags: new Uint8Array(1) },
            };
          }
          return {
            mode: "points" as const,
            ...{ run, key, total: this.rows, starts: [0] },
            x: Float64Array.from(kept),
            y: Float64Array.from(kept),
          };
        })
        .filter((one) => one.mode === "columns" || one.y.length > 0),
    );
    const further = Array.from({ length: this.sessions - 1 }, (_, i) => `,${i + 2}:1`).join("");
    const mark = `${this.rows}${further}`;
    return { marks: Object.fromEntries(runs.map((run) => [run, mark])), series };
  }
}

function want(key: string, change: Partial<Want> = {}): Want {
  return { key, runs: ["a", "b"], x: "step", range: null, px: 300, visible: true, ...change };
}

function setUp(limitBytes?: number) {
  const server = new Server();
  const loader = new SeriesLoader(server.ask, server.onFrame, limitBytes);
  return { server, loader };
}

const ignore = () => {};

/** Lets the first question, which goes alone, be answered, and forgets it. */
async function warmUp(server: Server, loader: SeriesLoader): Promise<void> {
  loader.open(want("first"), ignore);
  await server.turn();
  server.questions.length = 0;
}

describe("SeriesLoader", () => {
  it("asks once for all that the panels of a frame lack", async () => {
    const { server, loader } = setUp();
    const watches = ["loss", "acc", "lr"].map((key) => loader.open(want(key), ignore));
    await server.turn();
    expect(server.questions).toEqual([
      {
        runs: ["a", "b"],
        keys: ["loss", "acc", "lr"],
        ...{ x: "step", range: null, px: 384, mode: "auto" },
      },
    ]);
    expect(watches.map((watch) => watch.series().length)).toEqual([2, 2, 2]);
    expect(watches[0]!.isLoading()).toBe(false);
  });

  it("asks for visible panels before the ones that are only kept ready", async () => {
    const { server, loader } = setUp();
    loader.open(want("below", { visible: false }), ignore);
    loader.open(want("here"), ignore);
    await server.turn();
    expect(server.questions.map((one) => one.keys)).toEqual([["here"]]);
    await server.turn();
    expect(server.questions.map((one) => one.keys)).toEqual([["here"], ["below"]]);
  });

  it("has at most three requests under way, of at most 200 series for panels in sight, else 400", async () => {
    const { server, loader } = setUp();
    await warmUp(server, loader);
    const runs = Array.from({ length: 100 }, (_, i) => `run-${i}`);
    for (let i = 0; i < 10; i++) loader.open(want(`key-${i}`, { runs }), ignore);
    for (let i = 0; i < 8; i++) loader.open(want(`below-${i}`, { runs, visible: false }), ignore);
    await server.turn();
    expect(server.questions).toHaveLength(3);
    await server.turn();
    await server.turn();
    const sizes = server.questions.map((one) => one.keys.length * one.runs.length);
    expect(sizes).toEqual([200, 200, 200, 200, 200, 400, 400]);
  });

  it("asks for one panel alone first, so that there is something to see", async () => {
    const { server, loader } = setUp();
    const runs = Array.from({ length: 100 }, (_, i) => `run-${i}`);
    for (let i = 0; i < 5; i++) loader.open(want(`key-${i}`, { runs }), ignore);
    await server.turn();
    expect(server.questions.map((one) => one.keys)).toEqual([["key-0"]]);
    await server.turn();
    expect(server.questions.slice(1).map((one) => one.keys)).toEqual([
      ["key-1", "key-2"],
      ["key-3", "key-4"],
    ]);
  });

  it("asks for more once the first chart is drawn", async () => {
    const server = new Server();
    let draw = () => {};
    const onceDrawn = (work: () => void) => {
      draw = work;
    };
    const loader = new SeriesLoader(server.ask, server.onFrame, undefined, onceDrawn);
    let isFirstShown = false;
    const runs = Array.from({ length: 100 }, (_, i) => `run-${i}`);
    for (let i = 0; i < 10; i++) {
      loader.open(want(`key-${i}`, { runs }), () => {
        isFirstShown = true;
      });
    }
    await server.turn();
    await server.turn();
    expect(isFirstShown).toBe(true);
    expect(server.questions).toHaveLength(1);
    // What comes after the charts waits on.
    expect(loader.isSightAwaited()).toBe(true);
    draw();
    await server.turn();
    expect(server.questions.length).toBeGreaterThan(1);
  });

  it("asks on where the first answer could not be shown", async () => {
    const server = new Server();
    const loader = new SeriesLoader(server.ask, server.onFrame, undefined, () => {});
    let isBroken = true;
    loader.open(want("loss"), () => {
      const wasBroken = isBroken;
      isBroken = false;
      if (wasBroken) throw new Error("no canvas");
    });
    await server.turn();
    loader.open(want("acc"), ignore);
    await server.turn();
    expect(server.questions.map((one) => one.keys)).toEqual([["loss"], ["acc"]]);
  });

  it("looks again at what lacked nothing when something may have changed", async () => {
    const { server, loader } = setUp();
    const watch = loader.open(want("loss"), ignore);
    await server.turn();
    loader.open(want("acc"), ignore);
    await server.turn();
    expect(server.questions.map((one) => one.keys)).toEqual([["loss"], ["acc"]]);
    loader.forget("a");
    loader.schedule();
    await server.turn();
    expect(server.questions[2]).toMatchObject({ runs: ["a"], keys: ["loss", "acc"] });
    expect(watch.series()).toHaveLength(2);
  });

  it("asks only for the run that is added", async () => {
    const { server, loader } = setUp();
    const watch = loader.open(want("loss"), ignore);
    await server.turn();
    watch.update(want("loss", { runs: ["a", "b", "c"] }));
    await server.turn();
    expect(server.questions.map((one) => one.runs)).toEqual([["a", "b"], ["c"]]);
    expect(watch.series().map((one) => one.run)).toEqual(["a", "b", "c"]);
  });

  it("asks for nothing when a whole series is zoomed", async () => {
    const { server, loader } = setUp();
    const watch = loader.open(want("loss"), ignore);
    await server.turn();
    watch.update(want("loss", { range: [1, 2] }));
    await server.turn();
    expect(server.questions).toHaveLength(1);
    expect(watch.series()).toHaveLength(2);
  });

  it("shows the coarse series until the finer part is there", async () => {
    const { server, loader } = setUp();
    server.rows = 5000;
    const watch = loader.open(want("loss"), ignore);
    await server.turn();
    watch.update(want("loss", { range: [10, 20] }));
    expect(watch.series()).toHaveLength(2);
    expect(watch.isLoading()).toBe(false);
    await server.turn();
    expect(server.questions[1]).toMatchObject({ range: [10, 20], runs: ["a", "b"] });
    expect([...(watch.series()[0] as { y: Float64Array }).y]).toHaveLength(11);
  });

  it("aborts what no panel waits for any more, and keeps what another one does", async () => {
    const { server, loader } = setUp();
    await warmUp(server, loader);
    const gone = loader.open(want("gone"), ignore);
    const shared = loader.open(want("shared", { x: "wall" }), ignore);
    const stays = loader.open(want("shared", { x: "wall" }), ignore);
    const [work] = [loader as unknown as { flush(): void }];
    work!.flush();
    gone.close();
    shared.close();
    expect(server.aborted.map((one) => one.keys)).toEqual([["gone"]]);
    await server.turn();
    expect(stays.series()).toHaveLength(2);
  });

  it("appends the rows after the mark in one question for all panels", async () => {
    const { server, loader } = setUp();
    const loss = loader.open(want("loss"), ignore);
    loader.open(want("acc"), ignore);
    await server.turn();
    server.rows = 5;
    loader.markChanged(["b"]);
    await server.turn();
    expect(server.questions[1]).toMatchObject({
      runs: ["b"],
      keys: ["loss", "acc"],
      since: { b: "3" },
    });
    const y = loss.series().map((one) => [...(one as { y: Float64Array }).y]);
    expect(y).toEqual([
      [0, 1, 2],
      [0, 1, 2, 3, 4],
    ]);
  });

  it("tells who is out of sight of what another one's question brought", async () => {
    const { server, loader } = setUp();
    loader.open(want("loss"), ignore);
    await server.turn();
    const seen: number[] = [];
    const small = loader.open(want("loss", { px: 48, visible: false }), () =>
      seen.push(small.series()[1]!.total),
    );
    await server.turn();
    server.rows = 5;
    loader.markChanged(["b"]);
    await server.turn();
    await server.turn();
    expect(server.questions).toHaveLength(2);
    expect(seen).toEqual([5]);
  });

  it("asks again for rows that were told while an answer was under way", async () => {
    const { server, loader } = setUp();
    loader.open(want("loss"), ignore);
    const { flush } = loader as unknown as { flush(): void };
    flush.call(loader);
    loader.markChanged(["a"]);
    await server.turn();
    await server.turn();
    expect(server.questions).toHaveLength(2);
    expect(server.questions[1]).toMatchObject({ runs: ["a"], since: { a: "3" } });
  });

  it("knows a run without the key from one that is still to be answered", async () => {
    const { server, loader } = setUp();
    const watch = loader.open(want("absent"), ignore);
    expect(watch.isLoading()).toBe(true);
    await server.turn();
    expect(watch.isLoading()).toBe(false);
    expect(watch.series()).toEqual([]);
    await server.turn();
    expect(server.questions).toHaveLength(1);
  });

  it("says what went wrong, keeps what it has, and recovers", async () => {
    const { server, loader } = setUp();
    let changes = 0;
    const watch = loader.open(want("loss"), () => {
      changes += 1;
    });
    await server.turn();
    server.failure = new RequestError(0, "unreachable", "The server does not answer.");
    loader.markChanged(["a"]);
    await server.turn();
    expect(watch.error?.message).toBe("The server does not answer.");
    expect(watch.series()).toHaveLength(2);
    expect(changes).toBe(2);
    server.failure = null;
    server.rows = 4;
    loader.markChanged(null);
    await server.turn();
    expect(watch.error).toBe(null);
    expect((watch.series()[0] as { y: Float64Array }).y).toHaveLength(4);
  });

  it("forgets the series used longest ago, but none that is shown", async () => {
    const { server, loader } = setUp(2000);
    const shown = loader.open(want("shown"), ignore);
    await server.turn();
    for (const key of ["x1", "x2", "x3", "x4", "x5", "x6"]) {
      const watch = loader.open(want(key), ignore);
      await server.turn();
      watch.close();
    }
    const asked = server.questions.length;
    expect(shown.series()).toHaveLength(2);
    loader.open(want("x6"), ignore);
    await server.turn();
    expect(server.questions).toHaveLength(asked);
    loader.open(want("x1"), ignore);
    await server.turn();
    expect(server.questions.at(-1)!.keys).toEqual(["x1"]);
  });

  it("counts no writer as a session whose keys are its own", () => {
    expect(hasSessions("0:5")).toBe(false);
    expect(hasSessions("0:5,1:2+")).toBe(false);
    expect(hasSessions("0:5,1:2+,2:1")).toBe(true);
  });

  it("reads a run anew when another session of it has begun", async () => {
    const { server, loader } = setUp();
    const watch = loader.open(want("loss", { runs: ["a"] }), ignore);
    await server.turn();
    server.rows = 5;
    server.sessions = 2;
    for (let i = 0; i < 2; i++) {
      loader.markChanged(["a"]);
      await server.turn();
      await server.turn();
    }
    expect(server.questions.map((one) => one.since?.a)).toEqual([
      undefined,
      "3",
      undefined,
      undefined,
    ]);
    expect((watch.series()[0] as { y: Float64Array }).y).toHaveLength(5);
  });

  it("asks anew for a series that appending has made far too fine", async () => {
    const { server, loader } = setUp();
    const watch = loader.open(want("loss", { runs: ["a"], px: 128 }), ignore);
    await server.turn();
    for (const rows of [500, 950, 1100]) {
      server.rows = rows;
      loader.markChanged(["a"]);
      await server.turn();
    }
    expect((watch.series()[0] as { y: Float64Array }).y).toHaveLength(1100);
    await server.turn();
    expect(server.questions.map((one) => one.since?.a)).toEqual([
      undefined,
      ...["3", "500", "950"],
      undefined,
    ]);
    await server.turn();
    expect(server.questions).toHaveLength(5);
    expect(watch.series()[0]!.mode).toBe("columns");
    for (const rows of [1600, 2100, 2400]) {
      server.rows = rows;
      loader.markChanged(["a"]);
      await server.turn();
    }
    await server.turn();
    expect(server.questions.at(-1)!.since, "columns that have grown, too").toBeUndefined();
  });
});

describe("smoothed series and logarithmic axes", () => {
  const ema = (weight: number) => ({ kind: "ema" as const, weight });
  const mean = { kind: "mean" as const, window: 3 };
  const rested = () => new Promise((done) => setTimeout(done, 200));
  const smoothedOf = (watch: { series(): readonly { smoothed?: unknown }[] }) =>
    watch.series().map((one) => one.smoothed);

  it("smooths whole short series itself and asks for nothing", async () => {
    const { server, loader } = setUp();
    const watch = loader.open(want("loss"), ignore);
    await server.turn();
    watch.update(want("loss", { smooth: ema(0.5) }));
    await rested();
    await server.turn();
    expect(server.questions).toHaveLength(1);
    expect(smoothedOf(watch)[0]).toEqual(Float64Array.of(0, 2 / 3, 10 / 7));
    watch.update(want("loss"));
    expect(smoothedOf(watch)).toEqual([undefined, undefined]);
  });

  it("asks for long ones smoothed once the slider rests, and shows a likeness until then", async () => {
    const { server, loader } = setUp();
    server.rows = 2000;
    const watch = loader.open(want("loss", { runs: ["a"], px: 128 }), ignore);
    await server.turn();
    const raw = watch.series()[0]!;
    for (const weight of [0.1, 0.2, 0.3]) {
      watch.update(want("loss", { runs: ["a"], px: 128, smooth: ema(weight) }));
      await server.turn();
      expect(watch.series()[0]).toMatchObject({
        mode: "columns",
        smoothed: { first: raw.smoothed ?? expect.anything() },
      });
    }
    expect(server.questions).toHaveLength(1);
    await rested();
    await server.turn();
    expect(server.questions.map((one) => one.smooth)).toEqual([undefined, ema(0.3)]);
    expect(server.questions[1]).not.toHaveProperty("log");
  });

  it("appends to what fades, and reads anew what looks ahead", async () => {
    for (const smooth of [ema(0.3), mean]) {
      const { server, loader } = setUp();
      server.rows = 2000;
      loader.open(want("loss", { runs: ["a"], px: 128, smooth }), ignore);
      await server.turn();
      server.rows = 2010;
      loader.markChanged(["a"]);
      await server.turn();
      expect(server.questions[1]).toMatchObject({ smooth });
      expect(server.questions[1]!.since).toEqual(smooth === mean ? undefined : { a: "2000" });
    }
  });

  it("asks for pixels that are even on a logarithmic axis, but not when all points are there", async () => {
    const { server, loader } = setUp();
    const short = loader.open(want("loss"), ignore);
    await server.turn();
    short.update(want("loss", { log: true }));
    await server.turn();
    expect(server.questions).toHaveLength(1);
    server.rows = 2000;
    const long = loader.open(want("acc", { runs: ["a"], px: 128 }), ignore);
    await server.turn();
    long.update(want("acc", { runs: ["a"], px: 128, log: true }));
    await server.turn();
    expect(server.questions.map((one) => one.log)).toEqual([undefined, undefined, true]);
  });
});

describe("snapping", () => {
  it("rounds ranges outwards, so that a small pan has the same answer", () => {
    const [lo, hi] = snapRange([103.2, 197.9]);
    expect(lo).toBeLessThanOrEqual(103.2);
    expect(hi).toBeGreaterThanOrEqual(197.9);
    expect(snapRange([103.9, 198.6])).toEqual([lo, hi]);
  });

  it("rounds in powers of two where the axis is logarithmic", () => {
    const [lo, hi] = snapRange([5, 1000], true);
    expect(lo).toBeGreaterThan(2);
    expect(lo).toBeLessThanOrEqual(5);
    expect(hi).toBeGreaterThanOrEqual(1000);
    expect(hi).toBeLessThan(2500);
    expect(snapRange([5.1, 1010], true)).toEqual([lo, hi]);
    expect(widening([1, 10], [0.1, 100], true)).toBeCloseTo(3, 9);
    expect(widening([1, 3], [0, 4], false)).toBe(2);
  });

  it("rounds widths up to the next of a few", () => {
    expect([100, 300, 384, 9000].map(snapWidth)).toEqual([128, 384, 384, 4096]);
  });
});

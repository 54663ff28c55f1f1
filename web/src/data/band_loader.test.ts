import { describe, expect, it } from "vitest";
import type { BandSeries } from "../plots/bands.ts";
import { BandLoader, type BandWant } from "./band_loader.ts";
import type { BandQuestion } from "./bands.ts";
import { RequestError } from "./client.ts";

const GROUPS = [
  { name: "adam", runs: ["a", "b"] },
  { name: "sgd", runs: ["c"] },
];

function want(key: string, change: Partial<BandWant> = {}): BandWant {
  return {
    ...{ key, groups: GROUPS, x: "step", range: null, px: 300, log: false, smooth: null },
    ...{ center: "mean", band: "std", visible: true },
    ...change,
  };
}

/** Answers each question with a band of one position for each group, which holds the number of the question. */
function setUp() {
  const questions: BandQuestion[] = [];
  const aborted: BandQuestion[] = [];
  const waiting: (() => void)[] = [];
  const frames: (() => void)[] = [];
  const state = { failure: null as Error | null };
  const ask = (question: BandQuestion, signal: AbortSignal) => {
    const number = questions.push(question);
    return new Promise<BandSeries[]>((resolve, reject) => {
      signal.addEventListener("abort", () => {
        aborted.push(question);
        reject(new Error("aborted"));
      });
      const one = Float64Array.of(number);
      const bands = question.keys.flatMap((key) =>
        question.groups.map(({ name, runs }) => ({
          ...{ group: name, key, runs: runs.length, exact: true },
          ...{ x: Float64Array.of(0), center: one, lo: one, hi: one, n: Int32Array.of(1) },
        })),
      );
      waiting.push(() => (state.failure ? reject(state.failure) : resolve(bands)));
    });
  };
  const loader = new BandLoader(ask, (work) => frames.push(work));
  const turn = async () => {
    for (const work of frames.splice(0)) work();
    for (const answer of waiting.splice(0)) answer();
    await new Promise((done) => setTimeout(done));
  };
  return { loader, questions, aborted, state, turn };
}

const ignore = () => {};
const values = (watch: { bands(): readonly BandSeries[] | null }) =>
  watch.bands()?.map((band) => `${band.group} ${band.center[0]}`);

describe("BandLoader", () => {
  it("asks once for the panels of a frame, and for visible ones first", async () => {
    const { loader, questions, turn } = setUp();
    loader.open(want("below", { visible: false }), ignore);
    const watches = ["loss", "acc"].map((key) => loader.open(want(key), ignore));
    expect(watches[0]!.bands()).toBeNull();
    await turn();
    expect(questions.map((one) => one.keys)).toEqual([["loss", "acc"], ["below"]]);
    expect(questions[0]).toMatchObject({ groups: GROUPS, px: 384, center: "mean", band: "std" });
    expect(values(watches[1]!)).toEqual(["adam 1", "sgd 1"]);
  });

  it("shows what there is while another question is under way, and keeps answers", async () => {
    const { loader, questions, turn } = setUp();
    const watch = loader.open(want("loss"), ignore);
    await turn();
    watch.update(want("loss", { band: "se" }));
    expect(values(watch)).toEqual(["adam 1", "sgd 1"]);
    await turn();
    expect(values(watch)).toEqual(["adam 2", "sgd 2"]);
    // The same groups in another array are the same groups.
    watch.update(want("loss", { groups: structuredClone(GROUPS) }));
    await turn();
    expect(questions).toHaveLength(2);
    expect(values(watch)).toEqual(["adam 1", "sgd 1"]);
  });

  it("aborts what no panel waits for any more", async () => {
    const { loader, aborted, turn } = setUp();
    const watch = loader.open(want("loss"), ignore);
    void turn();
    watch.update(want("loss", { center: "median" }));
    expect(aborted.map((one) => one.center)).toEqual(["mean"]);
    await turn();
    expect(values(watch)).toEqual(["adam 2", "sgd 2"]);
  });

  it("asks anew when its runs log, at a pace, and not when others do", async () => {
    const { loader, questions, turn } = setUp();
    const watch = loader.open(want("loss"), ignore);
    await turn();
    loader.markChanged(["stranger"]);
    await turn();
    loader.markChanged(["c"]);
    await turn();
    expect(questions).toHaveLength(1);
    await new Promise((done) => setTimeout(done, 1100));
    await turn();
    expect(questions).toHaveLength(2);
    expect(values(watch)).toEqual(["adam 2", "sgd 2"]);
  });

  it("says what went wrong, and tries again", async () => {
    const { loader, state, turn } = setUp();
    const watch = loader.open(want("loss"), ignore);
    state.failure = new RequestError(500, "broken", "It is broken.");
    await turn();
    expect(watch.error?.message).toBe("It is broken.");
    state.failure = null;
    watch.retry();
    await turn();
    expect(watch.error).toBeNull();
    expect(values(watch)).toEqual(["adam 2", "sgd 2"]);
  });
});

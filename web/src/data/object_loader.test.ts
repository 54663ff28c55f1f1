import { describe, expect, it } from "vitest";
import { ObjectLoader, type ObjectWant } from "./object_loader.ts";
import type { ObjectEntry, ObjectPick, ObjectsAnswer } from "./objects.ts";

interface Question {
  runs: readonly string[];
  keys: readonly string[];
  pick: ObjectPick;
  index: boolean;
  signal: AbortSignal;
  answer: (objects: ObjectEntry[]) => Promise<void>;
  fail: (error: Error) => Promise<void>;
}

/** A loader whose frames and answers come when the test says so. */
function bench(limit?: number) {
  const frames: (() => void)[] = [];
  const questions: Question[] = [];
  const loader = new ObjectLoader(
    (runs, keys, pick, index, signal) =>
      new Promise<ObjectsAnswer>((resolve, reject) => {
        questions.push({
          ...{ runs, keys, pick, index, signal },
          answer: async (objects) => {
            resolve({ version: 1, objects });
            await Promise.resolve();
          },
          fail: async (error) => {
            reject(error);
            await Promise.resolve();
          },
        });
      }),
    (work) => frames.push(work),
    limit,
  );
  const frame = () => {
    for (const work of frames.splice(0)) work();
  };
  return { loader, questions, frame };
}

function want(change: Partial<ObjectWant> = {}): ObjectWant {
  return {
    ...{ key: "k", runs: ["a", "b"], pick: { last: true }, index: false, visible: true },
    ...change,
  };
}

function entry(run: string, key: string, step: number): ObjectEntry {
  const values = [{ writer: 0, row: 0, step, time: 1, value: { _type: "text", text: `${step}` } }];
  return { run, key, media: "text", total: 1, marks: "0:1", values };
}

const nothing = () => undefined;

describe("ObjectLoader", () => {
  it("asks for the keys of a frame together, what is in sight first", () => {
    const { loader, questions, frame } = bench();
    loader.open(want({ key: "below", visible: false }), nothing);
    loader.open(want({ key: "k" }), nothing);
    loader.open(want({ key: "l" }), nothing);
    frame();
    expect(questions.map((one) => one.keys)).toEqual([["k", "l"], ["below"]]);
  });

  it("answers in the order of the runs, and knows which run has no such key", async () => {
    const { loader, questions, frame } = bench();
    let changes = 0;
    const watch = loader.open(want(), () => {
      changes += 1;
    });
    frame();
    expect([watch.isLoading(), watch.entries()]).toEqual([true, []]);
    await questions[0]!.answer([entry("b", "k", 3)]);
    expect(changes).toBe(1);
    expect([watch.isLoading(), watch.entries().map(({ run }) => run)]).toEqual([false, ["b"]]);
    frame();
    expect(questions).toHaveLength(1);
  });

  it("keeps what it showed while another step is on its way, and nothing of another key", async () => {
    const { loader, questions, frame } = bench();
    const watch = loader.open(want(), nothing);
    frame();
    await questions[0]!.answer([entry("a", "k", 9), entry("b", "k", 8)]);
    const steps = () => watch.entries().map(({ values }) => values[0]!.step);
    watch.update(want({ pick: { at: 5 } }));
    expect([steps(), watch.isLoading()]).toEqual([[9, 8], true]);
    frame();
    await questions[1]!.answer([entry("a", "k", 5)]);
    // Run b has nothing up to step 5: what it has at the end is not shown for it.
    expect([steps(), watch.isLoading()]).toEqual([[5], false]);
    watch.update(want({ key: "other" }));
    expect(steps()).toEqual([]);
    watch.update(want());
    expect(steps()).toEqual([9, 8]);
  });

  it("asks again for the runs that have changed, also while an answer is under way", async () => {
    const { loader, questions, frame } = bench();
    const watch = loader.open(want(), nothing);
    frame();
    loader.markChanged(["b"]);
    await questions[0]!.answer([entry("a", "k", 1), entry("b", "k", 1)]);
    frame();
    expect(questions[1]!.runs).toEqual(["b"]);
    expect(watch.entries()).toHaveLength(2);
    await questions[1]!.answer([entry("b", "k", 2)]);
    expect(watch.entries().map(({ values }) => values[0]!.step)).toEqual([1, 2]);
    loader.markChanged(null);
    frame();
    expect(questions[2]!.runs).toEqual(["a", "b"]);
  });

  it("aborts what nobody waits for any more", async () => {
    const { loader, questions, frame } = bench();
    const one = loader.open(want(), nothing);
    const two = loader.open(want({ key: "l" }), nothing);
    frame();
    one.close();
    expect(questions[0]!.signal.aborted).toBe(false);
    two.update(want({ key: "l", pick: { at: 1 } }));
    expect(questions[0]!.signal.aborted).toBe(true);
    frame();
    expect(questions[1]!.pick).toEqual({ at: 1 });
  });

  it("tells a watch that comes while the answer is under way, whenever the next frame is", async () => {
    const { loader, questions, frame } = bench();
    loader.open(want(), nothing);
    frame();
    let changes = 0;
    const late = loader.open(want(), () => {
      changes += 1;
    });
    await questions[0]!.answer([entry("a", "k", 1)]);
    expect([changes, late.entries().length]).toEqual([1, 1]);
    frame();
    expect(questions).toHaveLength(1);
  });

  it("says what went wrong until it is asked to try again", async () => {
    const { loader, questions, frame } = bench();
    const watch = loader.open(want(), nothing);
    frame();
    await questions[0]!.fail(new Error("broken"));
    expect(watch.error?.message).toBe("broken");
    watch.retry();
    frame();
    expect(questions).toHaveLength(2);
    await questions[1]!.answer([entry("a", "k", 1)]);
    expect([watch.error, watch.entries().length]).toEqual([null, 1]);
  });

  it("cuts large questions, and never asks for more than the server takes", () => {
    const { loader, questions, frame } = bench();
    const runs = Array.from({ length: 1500 }, (_, i) => `run ${i}`);
    loader.open(want({ runs }), nothing);
    frame();
    expect(questions.map((one) => one.runs.length)).toEqual([1000, 500]);
    loader.open(
      want({ key: "l", runs: runs.slice(0, 50), pick: { every: 200, range: null } }),
      nothing,
    );
    frame();
    expect(questions[2]!.runs).toHaveLength(20);
  });

  it("forgets what was used longest ago when it holds too much", async () => {
    const { loader, questions, frame } = bench(2000);
    const watch = loader.open(want({ runs: ["a"] }), nothing);
    for (let step = 0; step < 20; step++) {
      watch.update(want({ runs: ["a"], pick: { at: step } }));
      frame();
      await questions.at(-1)!.answer([entry("a", "k", step)]);
    }
    watch.update(want({ runs: ["a"], pick: { at: 19 } }));
    frame();
    expect(questions).toHaveLength(20);
    watch.update(want({ runs: ["a"], pick: { at: 0 } }));
    frame();
    expect(questions).toHaveLength(21);
  });
});

import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SeriesLoader, type SeriesQuestion } from "../../data/series_loader.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Sparks } from "./sparks.ts";

const KEY = { name: "val/loss", kinds: ["number"], media: [], hidden: false };
const OTHER = { ...KEY, name: "acc" };

/** What of a workspace the lines read, over a loader whose server answers at once that each run has two values. */
function workspace() {
  const asked: SeriesQuestion[] = [];
  const still = signal({ spark: null as string | null, pin: ["val/loss"] });
  const loader = new SeriesLoader(
    async (question) => {
      asked.push(question);
      return {
        marks: Object.fromEntries(question.runs.map((run) => [run, "1:2"])),
        series: question.runs.map((run) => ({
          ...{ mode: "points" as const, run, key: question.keys[0]!, total: 2, starts: [0] },
          ...{ x: Float64Array.of(0, 1), y: Float64Array.of(1, 2) },
        })),
      };
    },
    (work) => queueMicrotask(work),
  );
  const panels = new Map(
    [KEY, OTHER].map((key) => [key.name, { id: key.name, kind: "line", key }]),
  );
  const ws = {
    ...{ still, loader },
    chartKeys: signal([KEY, OTHER]),
    panels: signal(panels),
    axisOf: () => "step",
    settingsOf: () => ({ ylog: false }),
  };
  return { asked, still, loader, sparks: new Sparks(ws as unknown as Workspace) };
}

const rest = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("the lines of the rows", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("devicePixelRatio", 1);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("are asked for together, once the rows rest", async () => {
    const { asked, sparks } = workspace();
    sparks.enter("a");
    sparks.enter("b");
    expect(sparks.seriesOf("a")).toBeNull();
    await rest(2000);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ runs: ["a", "b"], keys: ["val/loss"], px: 128, range: null });
    expect(sparks.seriesOf("a")).toMatchObject({ run: "a", key: "val/loss" });
  });

  it("of rows that are scrolled past are never asked for", async () => {
    const { asked, sparks } = workspace();
    sparks.enter("first");
    await rest(2000);
    let leave = sparks.enter("row-0");
    for (let i = 1; i < 500; i++) {
      await rest(16);
      leave();
      leave = sparks.enter(`row-${i}`);
    }
    await rest(2000);
    expect(asked.map(({ runs }) => runs)).toEqual([["first"], ["row-499"]]);
    // What is known is not asked for again.
    expect(sparks.seriesOf("first")).not.toBeNull();
  });

  it("follow the runs and the key", async () => {
    const { asked, still, loader, sparks } = workspace();
    sparks.enter("a");
    await rest(2000);
    loader.markChanged(["a"]);
    await rest(2000);
    expect(asked[1]).toMatchObject({ runs: ["a"], since: { a: "1:2" } });
    still.value = { ...still.value, spark: "acc" };
    await rest(2000);
    expect(asked[2]).toMatchObject({ runs: ["a"], keys: ["acc"] });
    expect(sparks.seriesOf("a")?.key).toBe("acc");
    still.value = { ...still.value, spark: "" };
    await rest(2000);
    expect(sparks.seriesOf("a")).toBeNull();
    loader.markChanged(null);
    await rest(2000);
    expect(asked).toHaveLength(3);
  });

  it("are let go of with the last row", async () => {
    const { asked, loader, sparks } = workspace();
    // A run with two tags stands in two groups.
    const leaves = [sparks.enter("a"), sparks.enter("a")];
    await rest(2000);
    leaves[0]!();
    await rest(2000);
    expect(sparks.seriesOf("a")).not.toBeNull();
    leaves[1]!();
    await rest(2000);
    expect(sparks.seriesOf("a")).toBeNull();
    loader.markChanged(["a"]);
    await rest(2000);
    expect(asked).toHaveLength(1);
  });
});

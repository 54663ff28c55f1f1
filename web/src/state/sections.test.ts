import { describe, expect, it } from "vitest";
import type { Key } from "../data/wire.ts";
import { arrange, layOut } from "./sections.ts";
import { DEFAULT_VIEW } from "./view.ts";

function keys(...names: string[]): Key[] {
  return names.map((name) => ({
    name,
    kinds: ["f64"],
    runs: 1,
    x: null,
    hidden: false,
    first: 0,
    rows: 1,
  }));
}

describe("arrange", () => {
  it("orders sections as a reader looks for them and keys as logged", () => {
    const names = ["system/cpu", "perf/s", "val/acc", "train/loss", "epoch", "perf/n", "val/f1"];
    const sections = arrange(keys(...names, "train/acc"), DEFAULT_VIEW);
    expect(sections.map((one) => one.id)).toEqual(["", "train", "val", "perf", "system"]);
    expect(sections[1]!.keys.map((key) => key.name)).toEqual(["train/loss", "train/acc"]);
  });

  it("puts keys that are alone with their prefix together", () => {
    const logged = keys("optim/lr", "train/a", "epoch", "train/b", "perf/s");
    const found = arrange(logged, DEFAULT_VIEW);
    expect(found.map((one) => [one.id, one.keys.map((key) => key.name)])).toEqual([
      ["", ["optim/lr", "epoch", "perf/s"]],
      ["train", ["train/a", "train/b"]],
    ]);
  });

  it("shows training before keys that are merely alone", () => {
    const logged = keys(
      "perf/s",
      "train/a",
      "train/b",
      "optim/lr",
      "system/cpu",
      "noise/x",
      "noise/y",
    );
    const ids = arrange(logged, DEFAULT_VIEW).map((one) => one.id);
    expect(ids).toEqual(["train", "noise", "", "system"]);
  });

  it("folds system until it is opened, and a filter opens what it finds", () => {
    const logged = keys("system/cpu", "loss");
    expect(arrange(logged, DEFAULT_VIEW).map((one) => one.isFolded)).toEqual([false, true]);
    const opened = arrange(logged, { ...DEFAULT_VIEW, fold: ["system", ""] });
    expect(opened.map((one) => one.isFolded)).toEqual([true, false]);
    const filtered = arrange(logged, { ...DEFAULT_VIEW, tags: "cpu" });
    expect(filtered.map((one) => [one.title, one.isFolded])).toEqual([["Found", false]]);
  });

  it("puts what a filter finds together, in the order of the sections", () => {
    const logged = keys("val/loss", "val/acc", "train/loss", "train/acc", "perf/x");
    const found = arrange(logged, { ...DEFAULT_VIEW, tags: "loss" });
    expect(found.map((one) => one.keys.map((key) => key.name))).toEqual([
      ["train/loss", "val/loss"],
    ]);
    expect(arrange(logged, { ...DEFAULT_VIEW, tags: "nothing" })).toEqual([]);
  });

  it("moves pinned keys to the front and leaves out what no line can show", () => {
    const logged = keys("a/1", "a/2", "b/1");
    logged[0]!.kinds = ["object"];
    const sections = arrange(logged, { ...DEFAULT_VIEW, pin: ["b/1", "gone"] });
    expect(sections.map((one) => [one.id, one.keys.map((key) => key.name)])).toEqual([
      ["*", ["b/1"]],
      ["", ["a/2"]],
    ]);
  });

  it("appends a new key without moving the others of its section", () => {
    const before = arrange(keys("train/b", "train/a"), DEFAULT_VIEW)[0]!.keys;
    const after = arrange(keys("train/b", "train/a", "train/0"), DEFAULT_VIEW)[0]!.keys;
    expect(after.slice(0, 2).map((key) => key.name)).toEqual(before.map((key) => key.name));
  });
});

describe("layOut", () => {
  it("fits three by three panels below 76 px of chrome at 1440x900", () => {
    const sections = arrange(keys("a/1", "a/2", "a/3", "b/1", "b/2", "b/3", "c/1"), DEFAULT_VIEW);
    const layout = layOut(sections, 1440 - 280 - 28 - 10);
    expect(layout.columns).toBe(3);
    expect(layout.panelWidth).toBeGreaterThanOrEqual(365);
    expect(layout.height).toBeLessThanOrEqual(900 - 76);
  });

  it("is one column on a phone and gives folded sections no room", () => {
    const folded = arrange(keys("system/cpu"), DEFAULT_VIEW);
    expect(layOut(folded, 362)).toMatchObject({ columns: 1, height: 34 });
  });
});

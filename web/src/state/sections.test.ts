import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import type { Key } from "../data/wire.ts";
import { layOut, panelsBetween, sectionsBetween } from "./panel_layout.ts";
import { arrange, watchSections } from "./sections.ts";
import { DEFAULT_VIEW } from "./view.ts";

function keys(...names: string[]): Key[] {
  return names.map((name) => ({
    name,
    kinds: ["f64"],
    media: [],
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
    expect(sections[1]!.panels.map((panel) => panel.id)).toEqual(["train/loss", "train/acc"]);
  });

  it("makes sections of what the view says", () => {
    const names = [
      "train/head/loss",
      "train/head/acc",
      "train/body/loss",
      "train/body/acc",
      "epoch",
    ];
    const logged = keys(...names, "system/cpu/0", "system/cpu/1", "/odd/a", "/odd/b");
    const by = (sectionsBy: string) =>
      arrange(logged, { ...DEFAULT_VIEW, sectionsBy }).map(({ id, panels }) => [id, panels.length]);
    const odd = ["odd", 2];
    expect(by("")).toEqual([
      ["", 3],
      ["train", 4],
      ["system", 2],
    ]);
    expect(by("last")).toEqual([["", 1], ["train/head", 2], ["train/body", 2], odd, ["system", 2]]);
    expect(by("two")).toEqual([["", 1], ["train/head", 2], ["train/body", 2], odd, ["system", 2]]);
    expect(by("none")).toEqual([
      ["", 7],
      ["system", 2],
    ]);
    expect(by("re:(loss|acc)$")).toEqual([
      ["", 3],
      ["loss", 2],
      ["acc", 2],
      ["system", 2],
    ]);
    // One that cannot be read makes none.
    expect(by("re:(")).toEqual([
      ["", 7],
      ["system", 2],
    ]);
  });

  it("puts keys that are alone with their prefix together", () => {
    const logged = keys("optim/lr", "train/a", "epoch", "train/b", "perf/s");
    const found = arrange(logged, DEFAULT_VIEW);
    expect(found.map((one) => [one.id, one.panels.map((panel) => panel.id)])).toEqual([
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
    expect(found.map((one) => one.panels.map((panel) => panel.id))).toEqual([
      ["train/loss", "val/loss"],
    ]);
    expect(arrange(logged, { ...DEFAULT_VIEW, tags: "nothing" })).toEqual([]);
  });

  it("moves pinned keys to the front and leaves out what no line can show", () => {
    const logged = keys("a/1", "a/2", "b/1");
    logged[0]!.kinds = ["object"];
    const sections = arrange(logged, { ...DEFAULT_VIEW, pin: ["b/1", "gone"] });
    expect(sections.map((one) => [one.id, one.panels.map((panel) => panel.id)])).toEqual([
      ["*", ["b/1"]],
      ["", ["a/2"]],
    ]);
  });

  it("lets pinned sections lead, in the order in which they were pinned, behind pinned charts", () => {
    const logged = keys("train/a", "train/b", "val/a", "val/b", "system/cpu", "x");
    const view = { ...DEFAULT_VIEW, spin: ["system", "", "gone"], pin: ["val/a"] };
    const ids = arrange(logged, view).map((one) => one.id);
    expect(ids).toEqual(["*", "system", "", "train", "val"]);
  });

  it("appends a new key without moving the others of its section", () => {
    const before = arrange(keys("train/b", "train/a"), DEFAULT_VIEW)[0]!.panels;
    const after = arrange(keys("train/b", "train/a", "train/0"), DEFAULT_VIEW)[0]!.panels;
    expect(after.slice(0, 2).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  });
});

describe("hidden and merged panels", () => {
  const logged = keys("train/loss", "train/acc", "val/loss", "val/acc");
  const placed = (change: Partial<typeof DEFAULT_VIEW>) =>
    arrange(logged, { ...DEFAULT_VIEW, ...change }).map((one) =>
      one.panels.map((panel) => panel.id),
    );

  it("leaves out panels that are hidden and keys that are drawn in another's panel", () => {
    expect(placed({ off: ["val/acc"], merged: { "train/loss": ["val/loss"] } })).toEqual([
      ["train/loss", "train/acc"],
    ]);
  });

  it("keeps keys whose panel is not there, and a panel that is merged with itself", () => {
    const merged = { gone: ["val/loss"], "train/loss": ["train/loss"] };
    expect(placed({ merged })).toEqual([
      ["train/loss", "train/acc"],
      ["val/loss", "val/acc"],
    ]);
    expect(placed({ off: ["train/loss"], merged: { "train/loss": ["val/loss"] } })).toEqual([
      ["train/acc"],
      ["val/loss", "val/acc"],
    ]);
  });

  it("finds a panel by every key in it, in folded sections too", () => {
    expect(
      placed({ tags: "val/l", merged: { "train/loss": ["val/loss"] }, fold: ["train"] }),
    ).toEqual([["train/loss"]]);
  });
});

describe("watchSections", () => {
  it("sorts nothing anew when another part of the view changes", () => {
    const view = signal({ ...DEFAULT_VIEW });
    const { sections, homes } = watchSections(signal(keys("a/1", "a/2")), view);
    const before = sections.value;
    view.value = { ...view.value, xr: { lo: 0, hi: 1, axis: "" }, q: "x" };
    expect(sections.value).toBe(before);
    view.value = { ...view.value, tags: "2", pin: ["a/2"] };
    expect(sections.value.map((one) => one.id)).toEqual(["?"]);
    expect(homes.value.get("a/2")).toBe("a");
  });

  it("looks through twelve thousand keys within a keystroke", () => {
    const names = Array.from({ length: 12_000 }, (_, i) => `layer_${i % 300}/weight_${i}/norm`);
    const view = signal({ ...DEFAULT_VIEW });
    const { sections } = watchSections(signal(keys(...names)), view);
    expect(sections.value).toHaveLength(300);
    const took: number[] = [];
    for (const tags of ["w", "we", "weight_11", "weight_119", "/_11.9\\//", ""]) {
      const began = performance.now();
      view.value = { ...view.value, tags };
      const found = sections.value.reduce((sum, one) => sum + one.panels.length, 0);
      took.push(performance.now() - began);
      expect(found).toBe(tags === "" ? 12_000 : names.filter((name) => matches(name, tags)).length);
    }
    console.info(
      `filter of 12,000 keys, ms a keystroke: ${took.map((ms) => ms.toFixed(1)).join(", ")}`,
    );
  });
});

function matches(name: string, tags: string): boolean {
  return tags.startsWith("/") ? new RegExp(tags.slice(1, -1)).test(name) : name.includes(tags);
}

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

  it("fits four by four compact panels and eight columns of sparklines", () => {
    const sections = arrange(keys(...Array.from({ length: 16 }, (_, i) => `a/${i}`)), DEFAULT_VIEW);
    const compact = layOut(sections, 1440 - 280 - 28 - 10, "compact");
    expect(compact.columns).toBe(4);
    expect(compact.height).toBeLessThanOrEqual(900 - 76);
    expect(layOut(sections, 1440 - 280 - 28 - 10, "sparkline").columns).toBe(8);
  });

  it("gives a section the columns and the height that the view says", () => {
    const sections = arrange(keys("a/1", "a/2", "a/3", "b/1", "b/2", "b/3"), DEFAULT_VIEW);
    const width = 1120;
    const [a, b] = layOut(sections, width, "comfortable", {}, { a: [2, 1.5] }).sections;
    expect(a!.cells).toEqual({ columns: 2, width: (width - 10) / 2, height: 351 });
    expect(b!.cells).toMatchObject({ columns: 3, height: 234 });
    expect(a!.height).toBe(26 + 2 * 351 + 10 + 8);
    // Where there is no room for so many, there are fewer.
    const narrow = layOut(sections, 362, "comfortable", {}, { a: [8, 1], b: [0, 0.6] }).sections;
    expect(narrow.map(({ cells }) => [cells.columns, cells.height])).toEqual([
      [2, 234],
      [1, 140],
    ]);
  });

  it("names the sections and the panels between two heights", () => {
    const logged = keys("a/1", "a/2", "a/3", "a/4", "b/1", "b/2", "c/1", "c/2");
    const layout = layOut(arrange(logged, { ...DEFAULT_VIEW, fold: ["b"] }), 700);
    expect(layout.columns).toBe(2);
    // Section a has two rows, 26 px below its head; b is folded.
    const ids = (from: number, to: number) =>
      sectionsBetween(layout, from, to).map((one) => one.section.id);
    expect(ids(0, 10)).toEqual(["a"]);
    expect(ids(0, 10_000)).toEqual(["a", "b", "c"]);
    expect(ids(560, 570)).toEqual(["c"]);
    const [a, b] = layout.sections;
    const found = (place: typeof a, from: number, to: number) =>
      panelsBetween(layout, place!, from, to).map(({ panel }) => panel.id);
    expect(found(a, 0, 10)).toEqual([]);
    expect(found(a, 0, 30)).toEqual(["a/1", "a/2"]);
    expect(found(a, 300, 9999)).toEqual(["a/3", "a/4"]);
    expect(found(b, 0, 9999)).toEqual([]);
  });
});

describe("media", () => {
  const media = (name: string, kind: string, kinds = ["object"]): Key => ({
    ...keys(name)[0]!,
    kinds,
    media: [kind],
  });

  it("have sections of their own before system, and a panel beside the line of their key", () => {
    const logged = [
      media("train/samples", "image"),
      ...keys("train/loss", "train/acc", "system/cpu", "noise/x", "noise/y"),
      media("both", "images", ["f64", "object"]),
      media("what", "of no kind"),
    ];
    expect(
      arrange(logged, DEFAULT_VIEW).map((one) => [one.id, one.panels.map(({ id }) => id)]),
    ).toEqual([
      ["", ["both"]],
      ["train", ["train/loss", "train/acc"]],
      ["noise", ["noise/x", "noise/y"]],
      ["/image", ["train/samples", "both@image"]],
      ["system", ["system/cpu"]],
    ]);
  });

  it("are shown alone when their kind is asked for, pinned ones among them", () => {
    const logged = [...keys("loss"), media("a", "image"), media("b", "image")];
    const view = { ...DEFAULT_VIEW, pin: ["b", "loss"], kind: "image" };
    expect(arrange(logged, view).map((one) => one.panels.map(({ id }) => id))).toEqual([
      ["b"],
      ["a"],
    ]);
    expect(arrange(logged, { ...view, kind: "mesh" })).toEqual([]);
  });

  it("share the width of a row and take two rows of cells", () => {
    const logged = [media("a", "image"), media("b", "image"), media("c", "image")];
    const layout = layOut(arrange(logged, DEFAULT_VIEW), 1122);
    const places = panelsBetween(layout, layout.sections[0]!, 0, 9999).map(({ place }) => place);
    expect(places[0]).toEqual({ left: 0, top: 26, width: 556, height: 478 });
    expect(places[1]).toEqual({ left: 566, top: 26, width: 556, height: 478 });
    expect(places[2]).toEqual({ left: 0, top: 514, width: 556, height: 478 });
    expect(layout.height).toBe(514 + 478 + 8);
  });

  it("begin a row of their own between lines that are pinned with them", () => {
    const logged = [...keys("x", "y", "z"), media("a", "image")];
    const sections = arrange(logged, { ...DEFAULT_VIEW, pin: ["x", "a", "y", "z"] });
    const layout = layOut(sections, 1122);
    const places = panelsBetween(layout, layout.sections[0]!, 0, 9999).map(({ place }) => [
      place.left,
      place.top,
    ]);
    expect(places).toEqual([
      [0, 26],
      [0, 270],
      [0, 758],
      [1122 / 3 + 10 / 3, 758],
    ]);
  });
});

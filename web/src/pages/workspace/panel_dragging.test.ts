import { describe, expect, it } from "vitest";
import type { Key } from "../../data/wire.ts";
import { layOut } from "../../state/panel_layout.ts";
import { AT_END } from "../../state/panel_moves.ts";
import { arrange } from "../../state/sections.ts";
import { DEFAULT_VIEW, type View } from "../../state/view.ts";
import { dropAt } from "./panel_dragging.ts";

const KEYS: Key[] = ["a/1", "a/2", "a/3", "a/4", "b/1", "b/2"].map((name) => ({
  ...{ name, kinds: ["f64"], media: [], runs: 1, x: null, hidden: false, first: 0, rows: 1 },
}));

/** Where panels are put that are released at a point of a column of three panels in a row. */
function released(x: number, y: number, view: Partial<View> = {}, ids = ["b/2"]) {
  const sections = arrange(KEYS, { ...DEFAULT_VIEW, ...view });
  const layout = layOut(sections, 1120, "comfortable", view.size);
  const found = dropAt({ layout: () => layout }, ids, { x, y });
  return found && [found.section, found.after];
}

// Rows of section a begin at 26 and 270, those of b at 538; panels are 366 wide and 234 high.
describe("the place of a drop", () => {
  it("is before or behind the panel at the pointer", () => {
    expect(released(100, 100)).toEqual(["a", null]);
    expect(released(300, 100)).toEqual(["a", "a/1"]);
    expect(released(400, 100)).toEqual(["a", "a/1"]);
    expect(released(700, 100)).toEqual(["a", "a/2"]);
    expect(released(1118, 100)).toEqual(["a", "a/3"]);
  });

  it("is behind the last panel beside and below it", () => {
    expect(released(900, 300)).toEqual(["a", "a/4"]);
    expect(released(900, 5000)).toEqual(["b", "b/1"]);
    expect(released(900, 5000, {}, ["a/1"])).toEqual(["b", "b/2"]);
    expect(released(600, 300, { size: { "a/1": [2, 2] } })).toEqual(["a", "a/1"]);
  });

  it("is the head of a section, and the end of a folded one", () => {
    expect(released(100, -20)).toEqual(["a", null]);
    expect(released(900, 10)).toEqual(["a", null]);
    expect(released(900, 10, { fold: ["a"] })).toEqual(["a", AT_END]);
    expect(released(10, 60, { manual: [{ id: "new", title: null, panels: [] }] })).toEqual([
      "new",
      null,
    ]);
  });

  it("does not lean on what is dragged itself", () => {
    expect(released(700, 100, {}, ["a/1", "a/2"])).toEqual(["a", null]);
    expect(released(1118, 100, {}, ["a/3", "a/1"])).toEqual(["a", "a/2"]);
  });

  it("is nowhere among what a filter has found", () => {
    expect(released(100, 100, { tags: "a" })).toBe(null);
  });
});

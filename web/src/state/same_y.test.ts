import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { SameY } from "./same_y.ts";
import { DEFAULT_VIEW, type View } from "./view.ts";

function open(change: Partial<View> = {}) {
  const view = signal<View>({ ...DEFAULT_VIEW, ...change });
  const homes = signal<ReadonlyMap<string, string>>(
    new Map([
      ["train/loss", "train"],
      ["train/aux", "train"],
      ["val/loss", "val"],
    ]),
  );
  const shownOrder = signal<readonly string[]>(["a"]);
  const set = (part: Partial<View>) => {
    view.value = { ...view.value, ...part };
  };
  const sameY = new SameY({ view, homes, shownOrder, set });
  sameY.tell("train/loss", [0, 4]);
  sameY.tell("train/aux", [-1, 2]);
  sameY.tell("val/loss", [0, 100]);
  return { view, shownOrder, set, sameY };
}

describe("one y axis for a section", () => {
  it("spans what its charts span, and no other section's", () => {
    const { sameY, view } = open();
    expect(sameY.shared("train/loss")).toBeNull();
    sameY.toggle("train");
    expect(sameY.shared("train/loss")).toEqual([-1, 4]);
    expect(sameY.shared("val/loss")).toBeNull();
    sameY.toggle("train");
    expect(view.value.samey).toEqual([]);
  });

  it("leaves out what a chart spanned for other runs or another part of x", () => {
    const { sameY, shownOrder, set } = open({ samey: ["train"] });
    shownOrder.value = ["a", "b"];
    expect(sameY.shared("train/loss")).toBeNull();
    sameY.tell("train/loss", [0, 9]);
    expect(sameY.shared("train/aux")).toEqual([0, 9]);
    set({ xr: { lo: 0, hi: 5, axis: "" } });
    sameY.tell("train/aux", [0, 1]);
    expect(sameY.shared("train/loss")).toEqual([0, 1]);
  });

  it("keeps a zoom of y once for all of its charts", () => {
    const { sameY } = open({
      samey: ["train"],
      yr: { "train/loss": [0, 1], "val/loss": [2, 3] },
    });
    expect(sameY.zoomed("train/aux")).toEqual([0, 1]);
    expect(sameY.others("train/aux")).toEqual({ "val/loss": [2, 3] });
    expect(sameY.others("val/loss")).toEqual({ "train/loss": [0, 1] });
  });
});

import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import type { Key } from "../data/wire.ts";
import { addPanel, addSection, makeAutomatic, makeManual, removeSection } from "./manual.ts";
import { hidePanels, pinPanels } from "./panel_edits.ts";
import { panelsOf } from "./panel_kinds.ts";
import { layOut, panelsBetween, sectionsBetween } from "./panel_layout.ts";
import {
  AT_END,
  movePanels,
  moveToSection,
  nextSize,
  nudgePanel,
  resizePanel,
} from "./panel_moves.ts";
import { arrange, watchSections } from "./sections.ts";
import { toasts } from "./toasts.ts";
import { DEFAULT_VIEW, decodeView, encodeView, type View } from "./view.ts";
import type { Workspace } from "./workspace.ts";

function keys(...names: string[]): Key[] {
  return names.map((name) => ({
    ...{ name, kinds: ["f64"], media: [], runs: 1, x: null, hidden: false, first: 0, rows: 1 },
  }));
}

/** A workspace as far as places of panels are concerned: keys and a view. */
function workspace(logged: Key[]) {
  const view = signal<View>(DEFAULT_VIEW);
  const panelKeys = signal(logged);
  const set = (change: Partial<View>) => {
    // By way of the address, as a reload would have it.
    view.value = decodeView(encodeView({ ...view.value, ...change }));
  };
  const ws = { view, set, panelKeys, ...watchSections(panelKeys, view) };
  const shown = () =>
    ws.sections.value.map(({ id, panels }) => [id, panels.map((panel) => panel.id).join(" ")]);
  return { ws: ws as unknown as Workspace, panelKeys, shown };
}

const AB = ["a/1", "a/2", "a/3", "a/4", "b/1", "b/2"];

describe("moving panels", () => {
  it("puts them behind another panel, of their section or of another one, whose settings hold", () => {
    const { ws, shown } = workspace(keys(...AB));
    movePanels(ws, ["a/1"], "a", "a/3");
    expect(shown()[0]).toEqual(["a", "a/2 a/3 a/1 a/4"]);
    movePanels(ws, ["b/2", "a/4"], "a", null);
    expect(shown()).toEqual([
      ["a", "b/2 a/4 a/2 a/3 a/1"],
      ["b", "b/1"],
    ]);
    expect(ws.homes.value.get("b/2")).toBe("a");
    moveToSection(ws, ["a/2"], "b");
    moveToSection(ws, ["a/3"], "of my own");
    expect(shown().map(([, ids]) => ids)).toEqual(["b/2 a/4 a/1", "b/1 a/2", "a/3"]);
  });

  it("stores what deviates and nothing once everything is back", () => {
    const { ws } = workspace(keys(...AB));
    nudgePanel(ws, "a/1", 1);
    expect(ws.view.value.moved).toHaveLength(1);
    nudgePanel(ws, "a/1", 1);
    expect(ws.view.value.moved).toEqual([{ id: "a/1", section: "a", after: "a/3" }]);
    nudgePanel(ws, "a/1", -1);
    nudgePanel(ws, "a/2", -1);
    // Past the first there is nothing.
    nudgePanel(ws, "a/1", -1);
    nudgePanel(ws, "a/1", -1);
    expect(ws.view.value.moved).toEqual([]);
    moveToSection(ws, ["a/2"], "b");
    movePanels(ws, ["a/2"], "a", "a/1");
    expect(ws.view.value).toEqual(DEFAULT_VIEW);
  });

  it("gives every order that is asked for, however many moves led to it", () => {
    const { ws, shown } = workspace(keys(...AB, "a/5", "b/3"));
    const want = new Map(shown().map(([id, ids]) => [id!, ids!.split(" ")]));
    let state = 7;
    const draw = (below: number) => {
      state = (state * 48271) % 2147483647;
      return state % below;
    };
    for (let i = 0; i < 200; i++) {
      const all = [...want.values()].flat();
      const id = all[draw(all.length)]!;
      for (const [one, ids] of want)
        want.set(
          one,
          ids.filter((other) => other !== id),
        );
      const section = ["a", "b", "c"][draw(3)]!;
      const target = want.get(section) ?? [];
      const at = draw(target.length + 1);
      movePanels(ws, [id], section, at === 0 ? null : target[at - 1]!);
      want.set(section, [...target.slice(0, at), id, ...target.slice(at)]);
      const found = Object.fromEntries(shown());
      for (const [one, ids] of want) expect(found[one] ?? "", `move ${i}`).toBe(ids.join(" "));
    }
  });

  it("lets new keys in without moving what is there, and waits for a panel that is not", () => {
    const { ws, panelKeys, shown } = workspace(keys(...AB));
    movePanels(ws, ["a/2"], "a", "a/4");
    panelKeys.value = keys(...AB, "a/0");
    expect(shown()[0]).toEqual(["a", "a/1 a/3 a/4 a/2 a/0"]);
    panelKeys.value = keys("a/1", "a/3");
    movePanels(ws, ["a/3"], "a", null);
    expect(shown()[0]).toEqual(["a", "a/3 a/1"]);
    panelKeys.value = keys(...AB);
    expect(shown()[0]![1]!.split(" ").sort()).toEqual(["a/1", "a/2", "a/3", "a/4"]);
  });

  it("moves to and from the pinned ones, which keep their section's settings", () => {
    const { ws, shown } = workspace(keys(...AB));
    moveToSection(ws, ["a/1", "b/1"], "*");
    movePanels(ws, ["a/2"], "*", "a/1");
    expect(shown()[0]).toEqual(["*", "a/1 a/2 b/1"]);
    expect(ws.homes.value.get("b/1")).toBe("b");
    movePanels(ws, ["a/1"], "*", AT_END);
    expect(ws.view.value.pin).toEqual(["a/2", "b/1", "a/1"]);
    movePanels(ws, ["a/1"], "a", "a/3");
    expect(shown().slice(0, 2)).toEqual([
      ["*", "a/2 b/1"],
      ["a", "a/3 a/1 a/4"],
    ]);
  });

  it("takes an address for what it can mean", () => {
    const view = decodeView("?mv=a/1,/nothing;a/2,*;gone,a,a/1;a/3,a,gone&man:?=a/1&man:a=a/1,a/1");
    expect(arrange(keys(...AB), { ...view, manual: null }).map((one) => one.title)).toEqual([
      "a",
      "b",
      "/nothing",
    ]);
    const listed = arrange(keys(...AB), view).map((one) => one.panels.map(({ id }) => id));
    expect(listed).toEqual([["a/1"]]);
  });
});

describe("hiding panels", () => {
  it("is said by their section, and taken back", () => {
    const { ws, shown } = workspace(keys(...AB));
    hidePanels(ws, ["a/2", "a/3"]);
    expect(shown()[0]).toEqual(["a", "a/1 a/4"]);
    expect(ws.sections.value.map((one) => one.hidden)).toEqual([["a/2", "a/3"], []]);
    // Where they were, though others moved meanwhile.
    movePanels(ws, ["a/4"], "a", null);
    toasts.value.at(-1)!.action!.run();
    expect(shown()[0]).toEqual(["a", "a/4 a/1 a/2 a/3"]);
    pinPanels(ws, ["a/4", "b/1"], true);
    pinPanels(ws, ["a/4"], false);
    expect(ws.view.value.pin).toEqual(["b/1"]);
  });
});

describe("a manual workspace", () => {
  it("begins with what is shown, and lets nothing in that is not added", () => {
    const { ws, panelKeys, shown } = workspace(keys(...AB));
    hidePanels(ws, ["a/4"]);
    movePanels(ws, ["b/1"], "a", "a/1");
    pinPanels(ws, ["a/3"], true);
    const before = shown();
    makeManual(ws);
    expect(shown()).toEqual(before);
    panelKeys.value = keys(...AB, "a/5", "c");
    expect(shown()).toEqual(before);
    nudgePanel(ws, "b/1", -1);
    expect(shown()[1]).toEqual(["a", "b/1 a/1 a/2"]);
    addSection(ws, "Mine");
    expect(addPanel(ws, ["a/1", "a/5", "c"], "Mine")).toBe("a/5");
    expect(addPanel(ws, ["a/1"], "Mine")).toBe(null);
    expect(shown().at(-1)).toEqual(["Mine", "a/5"]);
    expect(ws.view.value.merged).toEqual({ "a/5": ["a/1", "c"] });
    hidePanels(ws, ["a/1"]);
    expect(shown()[1]).toEqual(["a", "b/1 a/2"]);
    toasts.value.at(-1)!.action!.run();
    removeSection(ws, "a", "a");
    expect(shown().map(([id]) => id)).toEqual(["b", "Mine"]);
    toasts.value.at(-1)!.action!.run();
    expect(shown()[1]).toEqual(["a", "b/1 a/1 a/2"]);
    makeAutomatic(ws);
    // What was arranged before is as it was; the keys in another's panel have none.
    expect(shown().slice(0, 2)).toEqual([
      ["*", "a/3"],
      ["a", "b/1 a/2 a/5"],
    ]);
  });

  it("begins with what the filter finds", () => {
    const { ws, shown } = workspace(keys(...AB));
    ws.set({ tags: "1" });
    makeManual(ws);
    expect(shown()).toEqual([
      ["a", "a/1"],
      ["b", "b/1"],
    ]);
  });
});

describe("sizes", () => {
  const image: Key = { ...keys("x")[0]!, kinds: ["object"], media: ["image"] };

  it("are whole cells, one up or down at a time", () => {
    expect(nextSize([1.5, 2], "columns", 1)).toEqual([2, 2]);
    expect(nextSize([1.5, 2], "columns", -1)).toEqual([1, 2]);
    expect(nextSize([1, 1], "columns", -1)).toBe(null);
    expect(nextSize([1, 6], "rows", 1)).toBe(null);
    const { ws } = workspace(keys(...AB));
    const panel = panelsOf(keys("a/1"))[0]!;
    resizePanel(ws, panel, [2, 1]);
    expect(ws.view.value.size).toEqual({ "a/1": [2, 1] });
    resizePanel(ws, panel, [1, 1]);
    expect(ws.view.value).toEqual(DEFAULT_VIEW);
  });

  it("fill the grid row by row beside taller panels", () => {
    const sections = arrange(keys(...AB.slice(0, 4)), DEFAULT_VIEW);
    const layout = layOut(sections, 1120, "comfortable", { "a/1": [2, 2], "a/4": [9, 1] });
    const places = panelsBetween(layout, layout.sections[0]!, 0, 9999).map(({ place }) => place);
    expect(places.map(({ left, top }) => [Math.round(left), top])).toEqual([
      [0, 26],
      [753, 26],
      [753, 26 + 244],
      [0, 26 + 488],
    ]);
    expect(places[0]).toMatchObject({ height: 478 });
    expect(Math.round(places[3]!.width)).toBe(1120);
    expect(layout.height).toBe(26 + 488 + 234 + 8);
  });

  it("leave every panel in the page that is in sight, and no two in one place", () => {
    const many = Array.from({ length: 90 }, (_, i) => `a/${i}`);
    const logged = [
      ...keys(...many, "constructor"),
      { ...image, name: "a/picture" },
      { ...image, name: "b" },
    ];
    const size: Record<string, [number, number]> = { "a/picture": [2, 3] };
    for (let i = 0; i < 90; i += 7) size[`a/${i}`] = [1 + (i % 4), 1 + (i % 3)];
    const view = { ...DEFAULT_VIEW, moved: [{ id: "a/picture", section: "a", after: "a/40" }] };
    for (const width of [360, 1120, 2600]) {
      const layout = layOut(arrange(logged, view), width, "comfortable", size);
      const all = layout.sections.flatMap((one) => panelsBetween(layout, one, 0, 1e9));
      expect(all).toHaveLength(93);
      for (const [i, { place: a }] of all.entries()) {
        expect(a.left + a.width).toBeLessThanOrEqual(width + 0.01);
        expect(a.top + a.height).toBeLessThanOrEqual(layout.height);
        for (const { place: b } of all.slice(i + 1)) {
          const apart =
            a.left + a.width <= b.left ||
            b.left + b.width <= a.left ||
            a.top + a.height <= b.top ||
            b.top + b.height <= a.top;
          expect(apart).toBe(true);
        }
      }
      for (let from = 0; from < layout.height; from += 137) {
        const to = from + 500;
        const seen = new Set(
          sectionsBetween(layout, from, to)
            .flatMap((one) => panelsBetween(layout, one, from, to))
            .map(({ panel }) => panel.id),
        );
        for (const { panel, place } of all) {
          if (place.top <= to && place.top + place.height >= from) expect(seen).toContain(panel.id);
        }
        expect(seen.size).toBeLessThan(93);
      }
    }
  });
});

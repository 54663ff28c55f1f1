import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { keysIn, MOST_KEYS, mergeInto, separate } from "./panel_edits.ts";
import { DEFAULT_VIEW, type View } from "./view.ts";
import type { Workspace } from "./workspace.ts";

/** A workspace as far as panels are concerned: a view that can be set. */
function workspace(): Workspace {
  const view = signal<View>(DEFAULT_VIEW);
  const set = (change: Partial<View>) => {
    view.value = { ...view.value, ...change };
  };
  return { view, set } as unknown as Workspace;
}

describe("merging panels", () => {
  it("brings along what the other panel draws, and gives it back", () => {
    const ws = workspace();
    mergeInto(ws, "b", "c");
    mergeInto(ws, "a", "b");
    expect(ws.view.value.merged).toEqual({ a: ["b", "c"] });
    expect(keysIn(ws, "a")).toEqual(["a", "b", "c"]);
    separate(ws, "a", "b");
    expect(keysIn(ws, "a")).toEqual(["a", "c"]);
    separate(ws, "a", "c");
    expect(ws.view.value.merged).toEqual({});
  });

  it("holds no key twice and eight at most", () => {
    const ws = workspace();
    mergeInto(ws, "a", "a");
    expect(keysIn(ws, "a")).toEqual(["a"]);
    for (let i = 0; i < 12; i++) mergeInto(ws, "a", `k${i % 10}`);
    expect(keysIn(ws, "a")).toHaveLength(MOST_KEYS);
    expect(new Set(keysIn(ws, "a")).size).toBe(MOST_KEYS);
  });
});

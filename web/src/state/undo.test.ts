import { describe, expect, it, vi } from "vitest";
import { toasts } from "./toasts.ts";
import { UndoStack } from "./undo.ts";
import { DEFAULT_VIEW, type View } from "./view.ts";
import { BURST_MS, changedFields, labelOf, ViewSteps } from "./view_steps.ts";

/** A view that is changed and recorded as the workspace does it, under a clock of its own. */
function scene() {
  const stack = new UndoStack();
  const time = { now: 0 };
  let view: View = DEFAULT_VIEW;
  let isAlive = true;
  const steps = new ViewSteps(
    stack,
    (shown) => {
      view = shown;
    },
    () => view,
    () => isAlive,
    () => time.now,
  );
  return {
    stack,
    time,
    view: () => view,
    leave() {
      isAlive = false;
    },
    set(change: Partial<View>) {
      const before = view;
      view = { ...view, ...change };
      steps.record(before, view);
    },
  };
}

describe("changes of the view", () => {
  it("are undone and redone one by one", () => {
    const { stack, set, view, time } = scene();
    set({ x: "rel" });
    time.now += 10;
    set({ ylog: true });
    expect(stack.next.value).toEqual({ undo: "logarithmic y axis", redo: null });
    stack.undo();
    expect([view().x, view().ylog]).toEqual(["rel", false]);
    stack.undo();
    expect(view().x).toBe("");
    expect(stack.undo()).toBeNull();
    stack.redo();
    stack.redo();
    expect([view().x, view().ylog]).toEqual(["rel", true]);
    expect(stack.next.value).toEqual({ undo: "logarithmic y axis", redo: null });
  });

  it("of the same fields in a burst are one step", () => {
    const { stack, set, view, time } = scene();
    for (let weight = 1; weight <= 9; weight++) {
      set({ smooth: { kind: "ema", weight: weight / 10 } });
      time.now += BURST_MS / 2;
    }
    time.now += BURST_MS;
    set({ smooth: { kind: "ema", weight: 0.95 } });
    stack.undo();
    expect(view().smooth).toEqual({ kind: "ema", weight: 0.9 });
    stack.undo();
    expect(view().smooth).toBeNull();
    expect(stack.next.value.undo).toBeNull();
  });

  it("that end where they began are no step", () => {
    const { stack, set } = scene();
    set({ tags: "l" });
    set({ tags: "" });
    expect(stack.next.value.undo).toBeNull();
  });

  it("do not close the full screen when they are undone, nor does opening it count", () => {
    const { stack, set, view } = scene();
    set({ full: "loss" });
    expect(stack.next.value.undo).toBeNull();
    set({ ylog: true });
    set({ full: "acc" });
    stack.undo();
    expect([view().ylog, view().full]).toEqual([false, "acc"]);
  });

  it("do not grow a step that was undone before", () => {
    const { stack, set, view } = scene();
    set({ tags: "a" });
    stack.undo();
    set({ tags: "b" });
    expect(stack.next.value).toEqual({ undo: "panel filter", redo: null });
    stack.undo();
    expect(view().tags).toBe("");
  });

  it("of a page that was left are passed over", () => {
    const { stack, set, leave } = scene();
    const undo = vi.fn();
    stack.push({ label: "name", undo, redo: vi.fn() });
    set({ x: "wall" });
    leave();
    stack.undo();
    expect(undo).toHaveBeenCalledOnce();
  });
});

describe("changes of data", () => {
  it("stand on the same stack and wait for one another", async () => {
    const stack = new UndoStack();
    const order: string[] = [];
    const step = (label: string) => ({
      label,
      undo: async () => {
        order.push(`${label} begins`);
        await Promise.resolve();
        order.push(`${label} ends`);
      },
      redo: vi.fn(),
    });
    stack.push(step("a"));
    stack.push(step("b"));
    stack.undo();
    stack.undo();
    await vi.waitFor(() => expect(order).toHaveLength(4));
    expect(order).toEqual(["b begins", "b ends", "a begins", "a ends"]);
  });

  it("that the server refuses to take back stay on the stack, and it is said", async () => {
    const stack = new UndoStack();
    const undo = vi.fn(async () => {
      throw new Error("the run is gone");
    });
    stack.push({ label: "name", undo, redo: vi.fn() });
    stack.undo();
    await vi.waitFor(() => expect(stack.next.value).toEqual({ undo: "name", redo: null }));
    expect(toasts.value.at(-1)?.text).toBe("the run is gone");
  });
});

describe("a step that is taken back by its notice", () => {
  it("leaves later ones done", () => {
    const { stack, set, view } = scene();
    const undo = vi.fn();
    const step = { label: "name", undo, redo: vi.fn() };
    stack.push(step);
    set({ x: "wall" });
    stack.takeBack(step);
    stack.takeBack(step);
    expect(undo).toHaveBeenCalledOnce();
    expect(view().x).toBe("wall");
    expect(stack.next.value).toEqual({ undo: "x axis", redo: "name" });
  });
});

describe("labels", () => {
  it("name what changed", () => {
    const zoomed = {
      ...DEFAULT_VIEW,
      xr: { lo: 0, hi: 1, axis: "" },
      yr: { loss: [0, 1] },
    } as View;
    expect(labelOf(changedFields(DEFAULT_VIEW, zoomed))).toBe("zoom");
    const much = { ...zoomed, q: "a", ylog: true };
    expect(labelOf(changedFields(DEFAULT_VIEW, much))).toBe("view");
  });
});

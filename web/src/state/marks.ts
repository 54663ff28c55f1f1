/** Steps pinned by a click: one is a marker, two bound a range. */
import { signal } from "@preact/signals";
import { axisNamed } from "./default_axis.ts";
import type { Marks } from "./view.ts";
import type { Workspace } from "./workspace.ts";

/** The key whose values are told beside the marks: that of the panel clicked last. */
export const markedKey = signal<string | null>(null);

/** Pins a position on an axis: the first click marks it, the second makes a range, the third begins anew. */
export function pinMark(ws: Workspace, axis: string, x: number, key: string): void {
  markedKey.value = key;
  const { marks } = ws.view.value;
  const name = axis === "step" ? "" : axis;
  const first =
    marks !== null && marks.axis === name && marks.at.length === 1 ? marks.at[0]! : null;
  if (first === x) clearMarks(ws);
  else {
    const at = first === null ? [x] : [first, x].sort((a, b) => a - b);
    ws.set({ marks: { axis: name, at } });
  }
}

export function clearMarks(ws: Workspace): void {
  ws.set({ marks: null });
}

/** The step that media are shown at: the pinned one, of a range its end; null: none is pinned. */
export function stepOf(marks: Marks | null): number | null {
  return marks !== null && (marks.axis || "step") === "step" ? marks.at.at(-1)! : null;
}

/** Where media are shown: `at` on an axis, as the server names that; null: the newest of each run. */
export interface Place {
  readonly axis: string;
  readonly at: number | null;
}

/** Where the marks lead the media to; without marks, on the axis that the page has for its charts. */
export function placeOf(marks: Marks | null, x: string): Place {
  if (marks !== null) return { axis: marks.axis || "step", at: marks.at.at(-1)! };
  return { axis: x === "" ? "step" : axisNamed(x), at: null };
}

/** Shows media at a place on the axis that they are shown on; null: the newest of each run. */
export function setPlace(ws: Workspace, at: number | null): void {
  const { axis, at: before } = ws.place.peek();
  if (at === before && at !== null) return;
  markedKey.value = null;
  ws.set({ marks: at === null ? null : { axis: axis === "step" ? "" : axis, at: [at] } });
}

/** Shows media at a step, which the line panels mark too; null: the newest of each run. */
export function setStep(ws: Workspace, step: number | null): void {
  if (step === stepOf(ws.view.peek().marks) && step !== null) return;
  // Nobody has clicked a chart: what its lines hold there stays away from the pictures.
  markedKey.value = null;
  ws.set({ marks: step === null ? null : { axis: "", at: [step] } });
}

/** The marks on an axis, as the server names it; none are `[]`. */
export function marksOn(ws: Workspace, axis: string): readonly number[] {
  const { marks } = ws.view.value;
  return marks !== null && (marks.axis || "step") === axis ? marks.at : [];
}

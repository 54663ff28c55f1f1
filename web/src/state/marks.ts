/** Steps pinned by a click: one is a marker, two bound a range. */
import { signal } from "@preact/signals";
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

/** The marks on an axis, as the server names it; none are `[]`. */
export function marksOn(ws: Workspace, axis: string): readonly number[] {
  const { marks } = ws.view.value;
  return marks !== null && (marks.axis || "step") === axis ? marks.at : [];
}

/** What people write at positions of the x axis: a part of the view, so that links and saved views carry it. */
import type { Note } from "./view.ts";
import type { Workspace } from "./workspace.ts";

/** Characters of a note. */
export const LONGEST_NOTE = 300;

/** Writes a note (`index` null), or another one in the place of one; without a text, it is taken away. */
export function putNote(ws: Workspace, index: number | null, note: Note): void {
  const { notes, events } = ws.view.peek();
  const text = note.text.trim().slice(0, LONGEST_NOTE);
  const others = notes.filter((_, i) => i !== index);
  if (text === "") {
    if (index !== null) ws.set({ notes: others });
    return;
  }
  ws.address.endStep();
  ws.set({
    notes: [...others, { ...note, text }].sort((a, b) => a.x - b.x),
    // Nobody writes what is not to be seen.
    ...(events === "off" ? { events: "auto" as const } : {}),
  });
}

/** A position as a note keeps it: steps are whole, and nobody points at more than six digits. */
export function notePosition(axis: string, x: number): number {
  if (axis === "step") return Math.round(x);
  return axis === "wall" ? Math.round(x) : Number(x.toPrecision(6));
}

/** Manual workspaces: what is shown is what is listed, in sections that have names of their own. */
import { batch } from "@preact/signals";
import { moveToSection } from "./panel_moves.ts";
import { faultOfTitle, sectionCalled } from "./section_names.ts";
import { arrange } from "./sections.ts";
import { notify } from "./toasts.ts";
import type { Workspace } from "./workspace.ts";

/** From here on only what is on the page now is shown, whatever is logged later. */
export function makeManual(ws: Workspace): void {
  const view = ws.view.peek();
  if (view.manual !== null) return;
  const shown = new Set(
    ws.sections.peek().flatMap(({ panels }) => panels.map((panel) => panel.id)),
  );
  const unfiltered = { ...view, tags: "", kind: "", pin: [] };
  const manual = arrange(ws.panelKeys.peek(), unfiltered).flatMap(({ id, panels }) => {
    const ids = panels.map((panel) => panel.id).filter((one) => shown.has(one));
    return ids.length === 0 ? [] : [{ id, title: null, panels: ids }];
  });
  ws.set({ manual, tags: "", kind: "" });
}

/** Every key has its panel again, where it was before the workspace became manual. */
export function makeAutomatic(ws: Workspace): void {
  ws.set({ manual: null });
}

/** Adds an empty section to a manual workspace. */
export function addSection(ws: Workspace, title: string): void {
  const { manual } = ws.view.peek();
  if (manual === null || faultOfTitle(title) !== null) return;
  const id = sectionCalled(ws, title);
  if (manual.some((one) => one.id === id)) {
    notify(`There is a section “${title.trim()}” already.`);
    return;
  }
  ws.set({ manual: [...manual, { id, title: null, panels: [] }] });
}

export function renameSection(ws: Workspace, id: string, title: string): void {
  const name = title.trim();
  const { manual } = ws.view.peek();
  if (manual === null || name === "") return;
  ws.set({ manual: manual.map((one) => (one.id === id ? { ...one, title: name } : one)) });
}

/** Takes a section with its panels out of a manual workspace. */
export function removeSection(ws: Workspace, id: string, title: string): void {
  const { manual } = ws.view.peek();
  const at = manual?.findIndex((one) => one.id === id) ?? -1;
  if (manual === null || at < 0) return;
  const lost = manual[at]!;
  ws.set({ manual: manual.filter((one) => one !== lost) });
  const undo = () => {
    const now = ws.view.peek().manual;
    if (now !== null && !now.some((one) => one.id === id)) {
      ws.set({ manual: [...now.slice(0, at), lost, ...now.slice(at)] });
    }
  };
  notify(`The section “${title}” is removed.`, { label: "Undo", run: undo });
}

/**
 * Adds a panel that draws keys to a manual workspace: the panel of the first of them that has none there yet.
 * Answers its id; null when all of them have one.
 */
export function addPanel(ws: Workspace, ids: readonly string[], section: string): string | null {
  const { manual, merged } = ws.view.peek();
  const listed = new Set(manual?.flatMap(({ panels }) => panels));
  const lead = ids.find((id) => !listed.has(id));
  if (manual === null || lead === undefined) return null;
  const others = ids.filter((id) => id !== lead);
  const { [lead]: _, ...rest } = merged;
  batch(() => {
    ws.set({ merged: others.length > 0 ? { ...rest, [lead]: others } : rest });
    moveToSection(ws, [lead], section);
  });
  return lead;
}

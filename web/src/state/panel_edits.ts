/** What is done with single panels: merged, taken apart, hidden. */
import { notify } from "./toasts.ts";
import type { ManualSection } from "./view.ts";
import type { Workspace } from "./workspace.ts";

/** Keys that one panel draws at most, its own among them. */
export const MOST_KEYS = 8;

/** The keys that a panel draws, its own first. */
export function keysIn(ws: Workspace, key: string): readonly string[] {
  const others = (ws.view.value.merged[key] ?? []).filter((one) => one !== key);
  return others.length === 0 ? [key] : [key, ...others].slice(0, MOST_KEYS);
}

/** Draws `other` (and what is drawn in its panel) in the panel of `key`; its own panel is then gone. */
export function mergeInto(ws: Workspace, key: string, other: string): void {
  const { [other]: further = [], ...merged } = ws.view.value.merged;
  const keys = [...new Set([...(merged[key] ?? []), other, ...further])].filter(
    (one) => one !== key,
  );
  ws.set({ merged: { ...merged, [key]: keys.slice(0, MOST_KEYS - 1) } });
}

/** Gives `other` a panel of its own again. */
export function separate(ws: Workspace, key: string, other: string): void {
  const { [key]: keys = [], ...merged } = ws.view.value.merged;
  const left = keys.filter((one) => one !== other);
  ws.set({ merged: left.length > 0 ? { ...merged, [key]: left } : merged });
}

/** Hides panels (takes them out of a manual workspace), and says how they come back. */
export function hidePanels(ws: Workspace, ids: readonly string[], noun = "panel"): void {
  const { off, manual } = ws.view.peek();
  const left = manual === null ? null : withoutPanels(manual, ids);
  if (left === null) ws.set({ off: [...off.filter((id) => !ids.includes(id)), ...ids] });
  else ws.set({ manual: left });
  const what = ids.length === 1 ? `The ${noun} of “${ids[0]}” is` : `${ids.length} panels are`;
  const undo = () => {
    if (left === null || manual === null) showPanels(ws, ids);
    // What was arranged meanwhile stays as it is now.
    else if (isSame(ws.view.peek().manual, left)) ws.set({ manual });
    else notify("The panels have been arranged since: Ctrl+Z goes back step by step.");
  };
  notify(`${what} ${left === null ? "hidden" : "removed"}.`, { label: "Undo", run: undo });
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function withoutPanels(manual: readonly ManualSection[], ids: readonly string[]): ManualSection[] {
  return manual.map((section) => {
    const panels = section.panels.filter((id) => !ids.includes(id));
    return panels.length < section.panels.length ? { ...section, panels } : section;
  });
}

/** Shows hidden panels again. */
export function showPanels(ws: Workspace, ids: readonly string[]): void {
  ws.set({ off: ws.view.peek().off.filter((id) => !ids.includes(id)) });
}

export function pinPanels(ws: Workspace, ids: readonly string[], isOn: boolean): void {
  const others = ws.view.peek().pin.filter((id) => !ids.includes(id));
  ws.set({ pin: isOn ? [...others, ...ids] : others });
}

/** Whether a panel has settings of its own. */
export function isPanelChanged(ws: Workspace, key: string): boolean {
  return ws.view.value.panels[key] !== undefined;
}

export function resetPanel(ws: Workspace, key: string): void {
  const { [key]: _, ...panels } = ws.view.peek().panels;
  ws.set({ panels });
}

/** Picks a panel, or no longer. */
export function togglePicked(ws: Workspace, id: string): void {
  const next = new Set(ws.pickedPanels.peek());
  if (!next.delete(id)) next.add(id);
  ws.pickedPanels.value = next;
}

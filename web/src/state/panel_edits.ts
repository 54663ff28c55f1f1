/** What is done with single panels: merged, taken apart, hidden. */
import { notify } from "./toasts.ts";
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

/** Hides a panel, and says how it comes back. */
export function hidePanel(ws: Workspace, key: string): void {
  const before = ws.view.peek().off;
  ws.set({ off: [...before.filter((one) => one !== key), key] });
  notify(`The chart of “${key}” is hidden.`, {
    label: "Undo",
    run: () => ws.set({ off: ws.view.peek().off.filter((one) => one !== key) }),
  });
}

/** Whether a panel has settings of its own. */
export function isPanelChanged(ws: Workspace, key: string): boolean {
  return ws.view.value.panels[key] !== undefined;
}

export function resetPanel(ws: Workspace, key: string): void {
  const { [key]: _, ...panels } = ws.view.peek().panels;
  ws.set({ panels });
}

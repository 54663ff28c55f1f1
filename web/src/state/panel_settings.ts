/** Changing how panels and sections are shown: settings, pins, folds. What holds for a panel, `Workspace.settingsOf` says. */
import { type Overrides, override, type PanelSettings } from "./settings.ts";
import type { Workspace } from "./workspace.ts";

/** Changes a setting of one panel (undefined: as its section has it). */
export function setPanel<K extends keyof PanelSettings>(
  ws: Workspace,
  key: string,
  name: K,
  value: PanelSettings[K] | undefined,
): void {
  const { panels } = ws.view.value;
  ws.set({ panels: replaced(panels, key, override(panels[key], name, value)) });
}

/** Changes a setting of a section (undefined: as the page has it). */
export function setSection<K extends keyof PanelSettings>(
  ws: Workspace,
  id: string,
  name: K,
  value: PanelSettings[K] | undefined,
): void {
  const { sections } = ws.view.value;
  ws.set({ sections: replaced(sections, id, override(sections[id], name, value)) });
}

export function isLogY(ws: Workspace, key: string): boolean {
  return ws.settingsOf(key).ylog;
}

/** Turns a panel's logarithmic y axis on or off; what is then as elsewhere is no longer an override. */
export function toggleLogY(ws: Workspace, key: string): void {
  const wanted = !isLogY(ws, key);
  setPanel(ws, key, "ylog", undefined);
  if (isLogY(ws, key) !== wanted) setPanel(ws, key, "ylog", wanted);
}

export function togglePin(ws: Workspace, key: string): void {
  ws.set({ pin: toggled(ws.view.value.pin, key) });
}

/** Lets a section lead the others, behind those that lead already; a second time, no longer. */
export function toggleLead(ws: Workspace, section: string): void {
  ws.set({ spin: toggled(ws.view.value.spin, section) });
}

export function toggleFold(ws: Workspace, section: string): void {
  ws.set({ fold: toggled(ws.view.value.fold, section) });
}

/** Folds every section but one. */
export function openOnly(ws: Workspace, section: string): void {
  const others = ws.sections.value.filter((one) => one.id !== section);
  const fold = others.map((one) => one.id).filter((id) => id !== "system");
  ws.set({ fold: section === "system" ? [...fold, "system"] : fold });
}

/** `items` with `name` set to `value`, or without it when nothing is in it. */
function replaced(
  items: Readonly<Record<string, Overrides>>,
  name: string,
  value: Overrides,
): Record<string, Overrides> {
  const { [name]: _, ...others } = items;
  return Object.keys(value).length === 0 ? others : { ...others, [name]: value };
}

function toggled(items: readonly string[], item: string): string[] {
  return items.includes(item) ? items.filter((one) => one !== item) : [...items, item];
}

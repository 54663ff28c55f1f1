/** Moving and resizing panels, one or several at once. */
import type { Panel } from "./panel_kinds.ts";
import { usualSize } from "./panel_layout.ts";
import { putPanels } from "./panel_order.ts";
import { homesOf, PINNED } from "./sections.ts";
import { MOST_COLUMNS, MOST_ROWS, type PanelSize } from "./view.ts";
import type { Workspace } from "./workspace.ts";

// ---- places

/** The section that a panel is shown in, wherever the panel filter puts it. */
export function sectionOf(ws: Workspace, id: string): string {
  return ws.view.value.pin.includes(id) ? PINNED : (ws.homes.value.get(id) ?? "");
}

/**
 * Moves panels into a section, in the order given and behind another panel of it; null: to its head, one that
 * is not there: to its end. A section that is not there yet is made.
 */
export function movePanels(
  ws: Workspace,
  ids: readonly string[],
  section: string,
  after: string | null,
): void {
  const view = ws.view.peek();
  const staying = view.pin.filter((id) => !ids.includes(id));
  if (section === PINNED) {
    const at = after === null ? 0 : staying.indexOf(after) + 1 || staying.length;
    ws.set({ pin: [...staying.slice(0, at), ...ids, ...staying.slice(at)] });
    return;
  }
  const panels = [...ws.panels.peek().values()];
  const change = putPanels(panels, homesOf(panels, view.sectionsBy), view, ids, section, after);
  ws.set(staying.length < view.pin.length ? { ...change, pin: staying } : change);
}

/** What stands for the end of a section: no panel is called so. */
export const AT_END = "\n";

/** Moves panels behind the last of a section. */
export function moveToSection(ws: Workspace, ids: readonly string[], section: string): void {
  movePanels(ws, ids, section, AT_END);
}

/** The place of a panel among those shown in its section, from 0; null: it is not shown there. */
export function placeIn(
  ws: Workspace,
  id: string,
): { section: string; panels: readonly Panel[]; at: number } | null {
  const home = sectionOf(ws, id);
  const section = ws.sections.value.find((one) => one.id === home);
  const at = section?.panels.findIndex((panel) => panel.id === id) ?? -1;
  return at < 0 ? null : { section: home, panels: section!.panels, at };
}

/** Moves a panel past its neighbour, to the left (-1) or to the right (1). */
export function nudgePanel(ws: Workspace, id: string, by: -1 | 1): void {
  const place = placeIn(ws, id);
  if (place === null) return;
  const { section, panels, at } = place;
  if (panels[at + by] === undefined) return;
  const after = by > 0 ? panels[at + 1]!.id : (panels[at - 2]?.id ?? null);
  movePanels(ws, [id], section, after);
}

/** Ids in the order in which their panels are on the page; those that are not there last. */
export function inOrder(ws: Workspace, ids: Iterable<string>): string[] {
  const shown = ws.sections.peek().flatMap(({ panels }) => panels.map(({ id }) => id));
  const wanted = new Set(ids);
  const found = shown.filter((id) => wanted.delete(id));
  return [...found, ...wanted];
}

// ---- sizes

/** The size of a panel in columns and rows; 1.5 columns are a share of a row. */
export function sizeOf(ws: Workspace, panel: Panel): PanelSize {
  return ws.view.value.size[panel.id] ?? usualSize(panel.kind);
}

/** Resizes a panel; null, or its usual size: as panels of its kind are. */
export function resizePanel(ws: Workspace, panel: Panel, size: PanelSize | null): void {
  const { [panel.id]: _, ...others } = ws.view.peek().size;
  const [columns, rows] = usualSize(panel.kind);
  const isUsual = size === null || (size[0] === columns && size[1] === rows);
  ws.set({ size: isUsual ? others : { ...others, [panel.id]: size } });
}

/** One size up or down along an axis, from what a panel has; null: there is none. */
export function nextSize(
  [columns, rows]: PanelSize,
  axis: "columns" | "rows",
  by: -1 | 1,
): PanelSize | null {
  const wide = by > 0 ? Math.floor(columns) + 1 : Math.ceil(columns) - 1;
  const next: PanelSize =
    axis === "columns" ? [wide, rows] : [Math.max(1, Math.ceil(columns)), rows + by];
  const isGood = next[0] >= 1 && next[0] <= MOST_COLUMNS && next[1] >= 1 && next[1] <= MOST_ROWS;
  return isGood ? next : null;
}

/** Dragging panels to other places and to other sizes; loaded with the first press on a head or a corner. */
import { batch } from "@preact/signals";
import { type Drop, drop } from "../../state/panel_drag.ts";
import {
  type Layout,
  type PlacedSection,
  panelsBetween,
  SECTION_HEAD,
  sectionsBetween,
} from "../../state/panel_layout.ts";
import { AT_END, inOrder, movePanels, resizePanel } from "../../state/panel_moves.ts";
import { FOUND, type Section } from "../../state/sections.ts";
import { MOST_ROWS } from "../../state/view.ts";
import type { Workspace } from "../../state/workspace.ts";

export interface Grid {
  ws: Workspace;
  /** The column of panels, which the places of the layout are measured in. */
  column: HTMLElement;
  layout: () => Layout;
}

interface Point {
  x: number;
  y: number;
}

/** A press that moves no further than this is a click, in CSS pixels. */
const SLACK = 5;
/** This close to the edge of the column a drag scrolls it, in CSS pixels; and this far a frame. */
const EDGE = 36;
const SCROLL = 14;

/** Follows the pointer until it is released, or Escape (`isDone` false). */
function follow(
  press: PointerEvent,
  onMove: (event: PointerEvent) => void,
  onEnd: (isDone: boolean) => void,
): void {
  const move = (event: PointerEvent) => {
    if (event.pointerId !== press.pointerId) return;
    // The first press may have ended before this code was there.
    if (event.buttons === 0) end(false);
    else onMove(event);
  };
  const end = (isDone: boolean) => {
    document.removeEventListener("pointermove", move);
    document.removeEventListener("pointerup", up);
    document.removeEventListener("pointercancel", cancel);
    document.removeEventListener("keydown", key, true);
    document.documentElement.classList.remove("arranging");
    onEnd(isDone);
  };
  const up = () => end(true);
  const cancel = () => end(false);
  const key = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    end(false);
  };
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", up);
  document.addEventListener("pointercancel", cancel);
  document.addEventListener("keydown", key, true);
}

/** Drags a panel, and with one that is picked all that are. */
export function startMove(grid: Grid, id: string, press: PointerEvent): void {
  const { ws, column } = grid;
  const scroller = column.parentElement!;
  const picked = ws.pickedPanels.peek();
  const ids = picked.has(id) ? inOrder(ws, picked) : [id];
  const figures = () =>
    [...column.querySelectorAll<HTMLElement>("figure.panel")].filter(({ dataset }) =>
      ids.includes(dataset.key!),
    );
  let at: Point = { x: press.clientX, y: press.clientY };
  let isDragging = false;
  let frame = 0;
  const look = () => {
    const box = column.getBoundingClientRect();
    drop.value = dropAt(grid, ids, { x: at.x - box.left, y: at.y - box.top });
  };
  const scroll = () => {
    const box = scroller.getBoundingClientRect();
    const by = at.y < box.top + EDGE ? -SCROLL : at.y > box.bottom - EDGE ? SCROLL : 0;
    if (by !== 0) scroller.scrollTop += by;
    look();
    frame = requestAnimationFrame(scroll);
  };
  follow(
    press,
    (event) => {
      at = { x: event.clientX, y: event.clientY };
      if (isDragging) return;
      if (Math.hypot(at.x - press.clientX, at.y - press.clientY) < SLACK) return;
      isDragging = true;
      getSelection()?.removeAllRanges();
      document.documentElement.classList.add("arranging");
      for (const figure of figures()) figure.classList.add("dragged");
      frame = requestAnimationFrame(scroll);
    },
    (isDone) => {
      cancelAnimationFrame(frame);
      if (isDragging && isDone) look();
      const found = drop.peek();
      for (const figure of figures()) figure.classList.remove("dragged");
      batch(() => {
        drop.value = null;
        if (isDragging && isDone && found !== null) {
          ws.address.endStep();
          movePanels(ws, ids, found.section, found.after);
        }
      });
    },
  );
}

/** Where panels that are released at a point of the column are put; null: they stay. */
export function dropAt(grid: Pick<Grid, "layout">, ids: readonly string[], at: Point): Drop | null {
  const layout = grid.layout();
  const place = sectionsBetween(layout, at.y, at.y)[0] ?? layout.sections.at(at.y < 0 ? 0 : -1);
  if (place === undefined || place.section.id === FOUND) return null;
  const { section, top } = place;
  const width = layout.columns * (layout.panelWidth + layout.gap) - layout.gap;
  const line = { left: 0, top: top + SECTION_HEAD - 4, width, height: 2 };
  const first = { section: section.id, after: null, mark: line };
  if (section.isFolded) return { ...first, after: AT_END };
  if (at.y < top + SECTION_HEAD) return first;
  const near = panelAt(layout, place, at);
  if (near === null) return first;
  const { panel, place: box } = near;
  const isBefore = at.x < box.left + box.width / 2;
  const index = section.panels.indexOf(panel);
  const after = isBefore ? (section.panels[index - 1]?.id ?? null) : panel.id;
  // A place between the panels that are dragged is the one that they have.
  const staying =
    after === null
      ? null
      : lastStaying(
          section.panels.map(({ id }) => id),
          ids,
          after,
        );
  const left = isBefore ? box.left - layout.gap / 2 - 1 : box.left + box.width + layout.gap / 2 - 1;
  const mark = {
    left: Math.max(0, Math.min(left, width - 2)),
    top: box.top,
    width: 2,
    height: box.height,
  };
  return { section: section.id, after: staying, mark };
}

/** The panel at a point or, beside all of them, the one whose middle is nearest in the row there. */
function panelAt(
  layout: Layout,
  place: PlacedSection,
  at: Point,
): ReturnType<typeof panelsBetween>[number] | null {
  const least = layout.gap + 2;
  // Below the last row of the last section the pointer is beside that row.
  const y = Math.min(at.y, place.top + place.height - least);
  const all = panelsBetween(layout, place, y - least, y + least);
  let best: (typeof all)[number] | null = null;
  let nearest = Number.POSITIVE_INFINITY;
  for (const one of all) {
    const { left, top, width, height } = one.place;
    const far = Math.hypot(
      Math.max(left - at.x, 0, at.x - left - width),
      Math.max(top - y, 0, y - top - height),
    );
    if (far < nearest) [best, nearest] = [one, far];
  }
  return best;
}

/** `after`, or the last panel before it that is not dragged. */
function lastStaying(
  order: readonly string[],
  ids: readonly string[],
  after: string,
): string | null {
  for (let i = order.indexOf(after); i >= 0; i--) if (!ids.includes(order[i]!)) return order[i]!;
  return null;
}

/** Resizes a panel by its corner, in steps of the grid. */
export function startResize(
  grid: Grid,
  id: string,
  figure: HTMLElement,
  press: PointerEvent,
): void {
  const { ws } = grid;
  const panel = ws.panels.peek().get(id);
  if (panel === undefined) return;
  ws.address.endStep();
  const before = ws.view.peek().size[id] ?? null;
  const { width, height } = figure.getBoundingClientRect();
  document.documentElement.classList.add("arranging", "resizing");
  follow(
    press,
    (event) => {
      const { sections, gap } = grid.layout();
      const holds = ({ panels }: Section) => panels.some((one) => one.id === id);
      const cells = sections.find(({ section }) => holds(section))?.cells;
      if (cells === undefined) return;
      const steps = (size: number, cell: number, most: number) =>
        Math.max(1, Math.min(most, Math.round((size + gap) / (cell + gap))));
      const dx = event.clientX - press.clientX;
      const dy = event.clientY - press.clientY;
      if (Math.hypot(dx, dy) < SLACK && ws.view.peek().size[id] === undefined) return;
      const wide = steps(width + dx, cells.width, cells.columns);
      const high = steps(height + dy, cells.height, MOST_ROWS);
      const now = ws.view.peek().size[id];
      if (now?.[0] !== wide || now[1] !== high) resizePanel(ws, panel, [wide, high]);
    },
    (isDone) => {
      document.documentElement.classList.remove("resizing");
      if (!isDone) resizePanel(ws, panel, before);
      ws.address.endStep();
    },
  );
}

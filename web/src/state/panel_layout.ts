/** The places of panels in a scrolled column, from sizes alone, so that nothing is measured. */
import { MEDIA_KINDS, type Panel, type PanelKind } from "./panel_kinds.ts";
import type { Section } from "./sections.ts";
import type { Density, PanelSize, View } from "./view.ts";

export interface Layout {
  /** Columns of line panels. */
  readonly columns: number;
  readonly panelWidth: number;
  readonly panelHeight: number;
  readonly gap: number;
  readonly height: number;
  readonly sections: readonly PlacedSection[];
}

export interface PlacedSection {
  readonly section: Section;
  readonly top: number;
  readonly height: number;
  readonly cells: Cells;
  readonly blocks: readonly Block[];
}

/** What a section is divided into. */
export interface Cells {
  readonly columns: number;
  readonly width: number;
  readonly height: number;
}

type Block = EvenBlock | MixedBlock;

/** Panels of one size that follow one another in a section: a grid of their own, beginning a new row. */
interface EvenBlock {
  readonly first: number;
  readonly count: number;
  readonly top: number;
  readonly end: number;
  readonly columns: number;
  readonly width: number;
  readonly height: number;
  readonly places: null;
}

/** Panels of several sizes in cells of one grid, each in the first place behind the one before it. */
interface MixedBlock {
  readonly first: number;
  readonly top: number;
  readonly end: number;
  /** Of each panel; their tops never fall. */
  readonly places: readonly Place[];
  /** Of the highest of them. */
  readonly highest: number;
}

interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface PlacedPanel {
  readonly panel: Panel;
  readonly place: Place;
}

interface Measure {
  /** Columns where a column of 1130 px is; more on wider screens. */
  readonly minWidth: number;
  readonly height: number;
  readonly gap: number;
}

/** CSS pixels. At 1440x900 these are 3x3 panels, 4x4 panels and 8 columns. */
const MEASURES: Readonly<Record<Density, Measure>> = {
  comfortable: { minWidth: 330, height: 234, gap: 10 },
  compact: { minWidth: 255, height: 168, gap: 8 },
  sparkline: { minWidth: 130, height: 84, gap: 6 },
};

export const SECTION_HEAD = 26;
const SECTION_GAP = 8;

/** Sections with columns of their own have no narrower ones than this. */
const LEAST_WIDTH = 120;

/** `sizes` are those of panels that are not of their usual size, `grids` those of sections, as the view has them. */
export function layOut(
  sections: readonly Section[],
  width: number,
  density: Density = "comfortable",
  sizes: View["size"] = {},
  grids: View["grids"] = {},
): Layout {
  const { minWidth, height: panelHeight, gap } = MEASURES[density];
  const roomFor = (least: number) => Math.max(1, Math.floor((width + gap) / (least + gap)));
  const columns = roomFor(minWidth);
  const widthOf = (count: number) => (width - (count - 1) * gap) / count;
  const panelWidth = widthOf(columns);
  const page = { columns, width: panelWidth, height: panelHeight };
  const cellsOf = (id: string): Cells => {
    const grid = Object.hasOwn(grids, id) ? grids[id] : undefined;
    if (grid === undefined) return page;
    const count = grid[0] > 0 ? Math.min(grid[0], roomFor(LEAST_WIDTH)) : columns;
    return { columns: count, width: widthOf(count), height: Math.round(panelHeight * grid[1]) };
  };
  let top = 0;
  const placed = sections.map((section) => {
    const cells = cellsOf(section.id);
    const grid = { width, columns: cells.columns, panelHeight: cells.height, gap, sizes };
    const blocks = section.isFolded ? [] : blocksOf(section.panels, top + SECTION_HEAD, grid);
    const end = blocks.at(-1)?.end ?? top + SECTION_HEAD;
    const place = { section, top, height: end + SECTION_GAP - top, cells, blocks };
    top = end + SECTION_GAP;
    return place;
  });
  return { columns, panelWidth, panelHeight, gap, height: top, sections: placed };
}

interface Grid {
  width: number;
  columns: number;
  panelHeight: number;
  gap: number;
  sizes: View["size"];
}

function blocksOf(panels: readonly Panel[], top: number, grid: Grid): Block[] {
  const { width, gap } = grid;
  const blocks: Block[] = [];
  let at = top;
  for (let first = 0; first < panels.length; ) {
    const inGrid = gridEnd(panels, first, grid);
    if (inGrid > first) {
      const block = mixedBlock(panels.slice(first, inGrid), first, at, grid);
      blocks.push(block);
      at = block.end + gap;
      first = inGrid;
      continue;
    }
    const [wide, rows] = spanOf(panels[first]!, grid);
    let end = first + 1;
    while (end < panels.length && isOfSpan(panels[end]!, wide, rows, grid)) end += 1;
    const columns = Math.max(1, Math.floor(grid.columns / wide));
    const lines = Math.ceil((end - first) / columns);
    const height = rows * grid.panelHeight + (rows - 1) * gap;
    const block = {
      ...{ first, count: end - first, top: at, columns, height, places: null },
      end: at + lines * height + (lines - 1) * gap,
      width: (width - (columns - 1) * gap) / columns,
    };
    blocks.push(block);
    at = block.end + gap;
    first = end;
  }
  return blocks;
}

/** Where panels end that follow one another in whole cells, if any of them was resized; else `first`. */
function gridEnd(panels: readonly Panel[], first: number, grid: Grid): number {
  let end = first;
  let isResized = false;
  for (; end < panels.length; end += 1) {
    const { id } = panels[end]!;
    if (Object.hasOwn(grid.sizes, id)) isResized = true;
    else if (!isOfSpan(panels[end]!, 1, 1, grid)) break;
  }
  return isResized ? end : first;
}

function mixedBlock(panels: readonly Panel[], first: number, top: number, grid: Grid): MixedBlock {
  const { columns, panelHeight, gap } = grid;
  const cellWidth = (grid.width - (columns - 1) * gap) / columns;
  // Of each column: the row from which on it is free.
  const free = new Array<number>(columns).fill(0);
  let [row, column] = [0, 0];
  let [lines, highest] = [0, 0];
  const places = panels.map((panel): Place => {
    const [wanted, rows] = spanOf(panel, grid);
    const wide = Math.min(columns, wanted);
    while (!isFree(free, row, column, wide)) {
      column += 1;
      if (column + wide > columns) [row, column] = [row + 1, 0];
    }
    const place = {
      left: column * (cellWidth + gap),
      top: top + row * (panelHeight + gap),
      width: wide * cellWidth + (wide - 1) * gap,
      height: rows * panelHeight + (rows - 1) * gap,
    };
    free.fill(row + rows, column, column + wide);
    column += wide;
    lines = Math.max(lines, row + rows);
    highest = Math.max(highest, place.height);
    return place;
  });
  return { first, top, end: top + lines * (panelHeight + gap) - gap, places, highest };
}

function isFree(free: readonly number[], row: number, column: number, wide: number): boolean {
  if (column + wide > free.length) return false;
  for (let i = column; i < column + wide; i++) if (free[i]! > row) return false;
  return true;
}

function spanOf({ id, kind }: Panel, { sizes }: Grid): PanelSize {
  // Not by `sizes[id]` alone: a key may be called "constructor".
  return Object.hasOwn(sizes, id) ? sizes[id]! : usualSize(kind);
}

/** The size of a panel that nobody has resized, in columns and rows; 1.5 columns are shares of a row. */
export function usualSize(kind: PanelKind): PanelSize {
  if (kind === "line") return [1, 1];
  const { columns, rows } = MEDIA_KINDS[kind];
  return [columns, rows];
}

function isOfSpan(panel: Panel, columns: number, rows: number, grid: Grid): boolean {
  const [wide, high] = spanOf(panel, grid);
  return wide === columns && high === rows;
}

/** The sections of which any part lies between two heights. */
export function sectionsBetween(
  layout: Layout,
  from: number,
  to: number,
): readonly PlacedSection[] {
  const { sections } = layout;
  const first = firstIndex(sections, (one) => one.top + one.height >= from);
  const end = firstIndex(sections, (one) => one.top > to);
  return sections.slice(first, end);
}

/** The panels of a section of which any part lies between two heights, with their places. */
export function panelsBetween(
  { gap }: Layout,
  { section, blocks }: PlacedSection,
  from: number,
  to: number,
): PlacedPanel[] {
  const found: PlacedPanel[] = [];
  for (const block of blocks) {
    if (block.top > to || block.end < from) continue;
    if (block.places !== null) {
      const { first, places, highest } = block;
      const begin = firstIndex(places, (one) => one.top + highest >= from);
      for (let i = begin; i < places.length && places[i]!.top <= to; i++) {
        const place = places[i]!;
        if (place.top + place.height >= from) {
          found.push({ panel: section.panels[first + i]!, place });
        }
      }
      continue;
    }
    const { first, count, top, columns, width, height } = block;
    const firstRow = Math.max(0, Math.floor((from - top) / (height + gap)));
    const lastRow = Math.max(-1, Math.floor((to - top) / (height + gap)));
    const end = Math.min(count, (lastRow + 1) * columns);
    for (let i = firstRow * columns; i < end; i++) {
      const left = (i % columns) * (width + gap);
      const y = top + Math.floor(i / columns) * (height + gap);
      const place = { left, top: y, width, height };
      found.push({ panel: section.panels[first + i]!, place });
    }
  }
  return found;
}

/** The first index at which `test` holds, where it holds for all after it; the length if for none. */
function firstIndex<T>(items: readonly T[], test: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(items[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The places of panels in a scrolled column, from sizes alone, so that nothing is measured. */
import { MEDIA_KINDS, type Panel } from "./panel_kinds.ts";
import type { Section } from "./sections.ts";
import type { Density } from "./view.ts";

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
  readonly blocks: readonly Block[];
}

/** Panels of one size that follow one another in a section: a grid of their own, beginning a new row. */
interface Block {
  readonly first: number;
  readonly count: number;
  readonly top: number;
  readonly columns: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedPanel {
  readonly panel: Panel;
  readonly place: { left: number; top: number; width: number; height: number };
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

export function layOut(
  sections: readonly Section[],
  width: number,
  density: Density = "comfortable",
): Layout {
  const { minWidth, height: panelHeight, gap } = MEASURES[density];
  const columns = Math.max(1, Math.floor((width + gap) / (minWidth + gap)));
  const panelWidth = (width - (columns - 1) * gap) / columns;
  let top = 0;
  const placed = sections.map((section) => {
    const blocks = section.isFolded
      ? []
      : blocksOf(section.panels, top + SECTION_HEAD, { width, columns, panelHeight, gap });
    const last = blocks.at(-1);
    const end = last === undefined ? top + SECTION_HEAD : last.top + heightOf(last, gap);
    const place = { section, top, height: end + SECTION_GAP - top, blocks };
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
}

function blocksOf(panels: readonly Panel[], top: number, grid: Grid): Block[] {
  const { width, gap } = grid;
  const blocks: Block[] = [];
  let at = top;
  for (let first = 0; first < panels.length; ) {
    const [wide, rows] = spanOf(panels[first]!);
    let end = first + 1;
    while (end < panels.length && isOfSpan(panels[end]!, wide, rows)) end += 1;
    const columns = Math.max(1, Math.floor(grid.columns / wide));
    const block = {
      first,
      count: end - first,
      top: at,
      columns,
      width: (width - (columns - 1) * gap) / columns,
      height: rows * grid.panelHeight + (rows - 1) * gap,
    };
    blocks.push(block);
    at += heightOf(block, gap) + gap;
    first = end;
  }
  return blocks;
}

function spanOf({ kind }: Panel): readonly [columns: number, rows: number] {
  if (kind === "line") return [1, 1];
  const { columns, rows } = MEDIA_KINDS[kind];
  return [columns, rows];
}

function isOfSpan(panel: Panel, columns: number, rows: number): boolean {
  const [wide, high] = spanOf(panel);
  return wide === columns && high === rows;
}

function heightOf({ count, columns, height }: Block, gap: number): number {
  const rows = Math.ceil(count / columns);
  return rows * height + (rows - 1) * gap;
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
  for (const { first, count, top, columns, width, height } of blocks) {
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

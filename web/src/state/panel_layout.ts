/** The places of panels in a scrolled column, from sizes alone, so that nothing is measured. */
import type { Section } from "./sections.ts";
import type { Density } from "./view.ts";

export interface Layout {
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
    const rows = section.isFolded ? 0 : Math.ceil(section.keys.length / columns);
    const panels = rows * panelHeight + Math.max(0, rows - 1) * gap;
    const height = SECTION_HEAD + panels + SECTION_GAP;
    const place = { section, top, height };
    top += height;
    return place;
  });
  return { columns, panelWidth, panelHeight, gap, height: top, sections: placed };
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

/** The indexes of a section's panels of which any part lies between two heights. */
export function panelsBetween(
  layout: Layout,
  place: PlacedSection,
  from: number,
  to: number,
): { first: number; end: number } {
  if (place.section.isFolded) return { first: 0, end: 0 };
  const rowHeight = layout.panelHeight + layout.gap;
  const start = place.top + SECTION_HEAD;
  const firstRow = Math.max(0, Math.floor((from - start) / rowHeight));
  const lastRow = Math.max(-1, Math.floor((to - start) / rowHeight));
  const count = place.section.keys.length;
  const end = Math.min(count, (lastRow + 1) * layout.columns);
  return { first: Math.min(end, firstRow * layout.columns), end };
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

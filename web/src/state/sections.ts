/** How keys fall into sections: by the prefix before the first "/", in a fixed order. */
import type { Key } from "../data/wire.ts";
import { keyFilter, type View } from "./view.ts";

export interface Section {
  /** "" holds the keys without a prefix, "*" the pinned ones, "?" what the panel filter finds. */
  id: string;
  title: string;
  keys: Key[];
  isFolded: boolean;
}

export const PINNED = "*";
const SYSTEM = "system";
const FOUND = "?";

/** Whether a key has values that a line can be drawn through. */
export function isChartable(key: Key): boolean {
  return !key.hidden && key.kinds.some((kind) => kind !== "object");
}

export function prefixOf(key: string): string {
  const cut = key.indexOf("/");
  return cut > 0 ? key.slice(0, cut) : "";
}

/**
 * Pinned, keys without a prefix, train, validation, losses, the rest as first logged, system last. Prefixes
 * of one key each, with no key without a prefix to lead them, are a rest, too.
 */
function rank(section: Section): number {
  const id = section.id.toLowerCase();
  if (section.id === PINNED) return 0;
  if (id === "") return section.keys.some((key) => prefixOf(key.name) === "") ? 1 : 5.5;
  if (/^train(ing)?$/.test(id)) return 2;
  if (/^(val|valid|validation|eval|evaluation|test)$/.test(id)) return 3;
  if (/loss/.test(id)) return 4;
  return id === SYSTEM ? 6 : 5;
}

/**
 * The sections of a workspace. A prefix with one key makes no section of its own: a row for each
 * `optim/lr` and `perf/speed` would leave two thirds of the screen empty. `keys` are in the order in which they were first logged. */
export function arrange(
  keys: readonly Key[],
  view: Pick<View, "tags" | "pin" | "fold">,
): Section[] {
  const filter = keyFilter(view.tags);
  const sections = new Map<string, Section>();
  const place = (id: string, key: Key) => {
    const section = sections.get(id) ?? { id, title: titleOf(id), keys: [], isFolded: false };
    section.keys.push(key);
    sections.set(id, section);
  };
  const shown = keys.filter((key) => isChartable(key) && filter.test(key.name));
  const byName = new Map(shown.map((key) => [key.name, key]));
  for (const name of view.pin) {
    const key = byName.get(name);
    if (key) place(PINNED, key);
  }
  const pinned = new Set(view.pin);
  // The keys decide, not the filter and the pins: typing in the filter moves no panel elsewhere.
  const sizes = new Map<string, number>();
  for (const key of keys) {
    const prefix = prefixOf(key.name);
    if (isChartable(key)) sizes.set(prefix, (sizes.get(prefix) ?? 0) + 1);
  }
  for (const key of shown) {
    if (pinned.has(key.name)) continue;
    const prefix = prefixOf(key.name);
    place(sizes.get(prefix) === 1 && prefix !== SYSTEM ? "" : prefix, key);
  }
  // Array.sort is stable: sections of one rank stay in the order of their first key.
  const ordered = [...sections.values()].sort((a, b) => rank(a) - rank(b));
  if (view.tags.trim() !== "" && ordered.length > 0) {
    // What a filter finds stands together: a row for each prefix would tear a few panels apart.
    const found = ordered.flatMap((section) => section.keys);
    return [{ id: FOUND, title: "Found", keys: found, isFolded: view.fold.includes(FOUND) }];
  }
  for (const section of ordered) {
    section.isFolded = (section.id === SYSTEM) !== view.fold.includes(section.id);
  }
  return ordered;
}

function titleOf(id: string): string {
  if (id === PINNED) return "Pinned";
  return id === "" ? "Charts" : id;
}

/** The places of panels in a scrolled column, from sizes alone, so that nothing is measured. */
export interface Layout {
  columns: number;
  panelWidth: number;
  height: number;
  sections: PlacedSection[];
}

export interface PlacedSection {
  section: Section;
  top: number;
  height: number;
}

export const PANEL_HEIGHT = 234;
export const PANEL_GAP = 10;
export const SECTION_HEAD = 26;
const SECTION_GAP = 8;
const MIN_PANEL_WIDTH = 330;

export function layOut(sections: readonly Section[], width: number): Layout {
  const columns = Math.max(1, Math.floor((width + PANEL_GAP) / (MIN_PANEL_WIDTH + PANEL_GAP)));
  const panelWidth = (width - (columns - 1) * PANEL_GAP) / columns;
  let top = 0;
  const placed = sections.map((section) => {
    const rows = section.isFolded ? 0 : Math.ceil(section.keys.length / columns);
    const panels = rows * PANEL_HEIGHT + Math.max(0, rows - 1) * PANEL_GAP;
    const height = SECTION_HEAD + panels + SECTION_GAP;
    const place = { section, top, height };
    top += height;
    return place;
  });
  return { columns, panelWidth, height: top, sections: placed };
}

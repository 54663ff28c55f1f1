/**
 * How panels fall into sections, in a fixed order: lines by a prefix of their key, that before the first "/" unless the
 * view says otherwise, media by their kind.
 */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Key } from "../data/wire.ts";
import { captureOf } from "./colouring.ts";
import {
  isStepwise,
  kindLabel,
  MEDIA_KINDS,
  type MediaKind,
  type Panel,
  panelsOf,
} from "./panel_kinds.ts";
import { groupsOf, type Order, settledHomes } from "./panel_order.ts";
import { keyFilter, type View } from "./view.ts";

export interface Section {
  /**
   * "" holds the keys without a prefix, "*" the pinned ones, "?" what the panel filter finds, "/image" the
   * images (no prefix begins with "/").
   */
  readonly id: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Panels of it that are hidden, by id. */
  readonly hidden: readonly string[];
  readonly isFolded: boolean;
}

/** What of a view decides which panel stands where. */
export type Arrangement = Placing & Narrowing;

export const PINNED = "*";
export const FOUND = "?";
const SYSTEM = "system";

const KINDS = Object.keys(MEDIA_KINDS) as MediaKind[];

/** Whether a section holds media of one kind. */
export function isMediaSection(id: string): boolean {
  return id.startsWith("/");
}

/** Whether a key is of the machine, and not of what the script logs. */
export function isOfSystem(key: string): boolean {
  return prefixOf(key) === SYSTEM;
}

export function prefixOf(key: string): string {
  const cut = key.indexOf("/");
  return cut > 0 ? key.slice(0, cut) : "";
}

/** What names the section of a key, as `View.sectionsBy` has it. What is of the machine stays together. */
function namerOf(by: string): (key: string) => string {
  const part = partOf(by);
  return (key) => {
    if (isOfSystem(key)) return SYSTEM;
    const name = part(key).replace(/^\/+/, "");
    return name === PINNED || name === FOUND ? "" : name;
  };
}

function partOf(by: string): (key: string) => string {
  switch (by) {
    case "last":
      return (key) => key.slice(0, Math.max(0, key.lastIndexOf("/")));
    case "two":
      return (key) => key.split("/", 3).slice(0, -1).join("/");
    case "none":
      return () => "";
  }
  if (!by.startsWith("re:")) return prefixOf;
  const capture = captureOf(by.slice(3));
  return (key) => capture?.(key) ?? "";
}

/**
 * Pinned, keys without a prefix, train, validation, losses, the rest as first logged, media by kind, system
 * last. Prefixes of one key each, with no key without a prefix to lead them, are a rest, too.
 */
function rank({ id, panels }: Section): number {
  if (id === PINNED) return 0;
  if (id === "") return panels.some(({ key }) => prefixOf(key.name) === "") ? 1 : 5.5;
  if (isMediaSection(id)) return 6 + KINDS.indexOf(id.slice(1) as MediaKind) / KINDS.length;
  const name = id.toLowerCase().split("/", 1)[0]!;
  if (/^train(ing)?$/.test(name)) return 2;
  if (/^(val|valid|validation|eval|evaluation|test)$/.test(name)) return 3;
  if (/loss/.test(name)) return 4;
  return name === SYSTEM ? 7 : 5;
}

/**
 * The section of each panel, by its id. A prefix with one key makes no section of its own: a row for
 * each `optim/lr` and `perf/speed` would leave two thirds of the screen empty.
 *
 * The keys decide, not the filter and the pins: typing in the filter moves no panel elsewhere.
 */
export function homesOf(panels: readonly Panel[], by: string): ReadonlyMap<string, string> {
  const nameOf = namerOf(by);
  const names = new Map(panels.map(({ key }) => [key.name, nameOf(key.name)]));
  const sizes = new Map<string, number>();
  for (const { kind, key } of panels) {
    if (kind !== "line") continue;
    const prefix = names.get(key.name)!;
    sizes.set(prefix, (sizes.get(prefix) ?? 0) + 1);
  }
  const homes = new Map<string, string>();
  for (const { id, kind, key } of panels) {
    const prefix = names.get(key.name)!;
    const isAlone = sizes.get(prefix) === 1 && prefix !== SYSTEM;
    homes.set(id, kind !== "line" ? `/${kind}` : isAlone ? "" : prefix);
  }
  return homes;
}

type Placing = Pick<View, "pin" | "spin" | "merged" | "off" | "sectionsBy"> & Order;
type Narrowing = Pick<View, "tags" | "kind" | "fold" | "merged">;

/** Keys that are drawn in the panel of another key, which is there. */
function mergedAway(
  homes: ReadonlyMap<string, string>,
  { merged, off, manual }: Placing,
): ReadonlySet<string> {
  const away = new Set<string>();
  // What is listed is shown.
  if (manual !== null) return away;
  const hidden = new Set(off);
  for (const [lead, others] of Object.entries(merged)) {
    if (!homes.has(lead) || hidden.has(lead)) continue;
    for (const other of others) if (other !== lead) away.add(other);
  }
  return away;
}

/** All sections, unfolded, whatever the filter says. `panels` are in the order in which they were first logged. */
function place(
  panels: readonly Panel[],
  homes: ReadonlyMap<string, string>,
  view: Placing,
): Section[] {
  const { pin, spin, off, manual } = view;
  const isManual = manual !== null;
  const away = mergedAway(homes, view);
  const unseen = new Set(isManual ? [] : off);
  const pinned = new Set(pin);
  const leading = new Map<string, Panel>();
  const list = groupsOf(panels, homes, view).flatMap((group): Section[] => {
    const inside: Panel[] = [];
    const hidden: string[] = [];
    for (const panel of group.panels) {
      if (unseen.has(panel.id)) hidden.push(panel.id);
      else if (away.has(panel.id)) continue;
      else if (pinned.has(panel.id)) leading.set(panel.id, panel);
      else inside.push(panel);
    }
    if (inside.length === 0 && !isManual) return [];
    const title = group.title ?? titleOf(group.id);
    return [{ id: group.id, title, panels: inside, hidden, isFolded: false }];
  });
  const places = new Map(list.map((section, i) => [section.id, i + 1]));
  const front = pin.map((id) => leading.get(id)).filter((panel) => panel !== undefined);
  if (front.length > 0) {
    list.push({ id: PINNED, title: "Pinned", panels: front, hidden: [], isFolded: false });
  }
  const placeOf = (section: Section) => {
    const at = spin.indexOf(section.id);
    // Behind the pinned panels, which rank 0, and before all that is ranked by name.
    if (at >= 0 && section.id !== PINNED) return (at + 1) / (spin.length + 2);
    return isManual ? (places.get(section.id) ?? 0) : rank(section);
  };
  // Array.sort is stable: sections of one rank stay in the order of their first key.
  return list.sort((a, b) => placeOf(a) - placeOf(b));
}

/**
 * What the filter finds, together and in the order of the sections: a row for each prefix would tear a
 * few panels apart. A panel is found by each of the keys that are drawn in it,
 * and by the name that it is shown with.
 */
function find(sections: readonly Section[], tags: string, merged: View["merged"]): Panel[] {
  const { test } = keyFilter(tags);
  const panels: Panel[] = [];
  for (const section of sections) {
    for (const panel of section.panels) {
      const { name, display_name: shown } = panel.key;
      if (test(name) || (shown && test(shown)) || merged[panel.id]?.some(test)) panels.push(panel);
    }
  }
  return panels;
}

/** The sections without the panels of other kinds. */
function ofKind(sections: readonly Section[], kind: string): readonly Section[] {
  if (kind === "") return sections;
  return sections.flatMap((section) => {
    const panels = section.panels.filter((panel) => panel.kind === kind);
    return panels.length > 0 ? [{ ...section, panels }] : [];
  });
}

function narrow(all: readonly Section[], view: Narrowing): readonly Section[] {
  const sections = ofKind(all, view.kind);
  if (view.tags.trim() === "") {
    return sections.map((section) => {
      const isFolded = (section.id === SYSTEM) !== view.fold.includes(section.id);
      return isFolded === section.isFolded ? section : { ...section, isFolded };
    });
  }
  const panels = find(sections, view.tags, view.merged);
  if (panels.length === 0) return [];
  return [{ id: FOUND, title: "Found", panels, hidden: [], isFolded: view.fold.includes(FOUND) }];
}

/** The sections of a workspace, as the view has them. */
export function arrange(keys: readonly Key[], view: Arrangement): readonly Section[] {
  const panels = panelsOf(keys);
  return narrow(place(panels, homesOf(panels, view.sectionsBy), view), view);
}

export interface WatchedSections {
  sections: ReadonlySignal<readonly Section[]>;
  /** The section of each panel, as it comes or as it was moved; pinned panels have theirs, too. */
  homes: ReadonlySignal<ReadonlyMap<string, string>>;
  /** Every panel by its id, whatever the view leaves out. */
  panels: ReadonlySignal<ReadonlyMap<string, Panel>>;
}

/**
 * `arrange` for keys and a view that change: each part is worked out anew only when what it depends on
 * has changed, so that a zoom sorts nothing and a letter in the filter only looks through the names.
 */
export function watchSections(
  keys: ReadonlySignal<readonly Key[]>,
  view: ReadonlySignal<View>,
): WatchedSections {
  const part = <K extends keyof View>(name: K) => computed(() => view.value[name]);
  const [tags, kind, fold] = [part("tags"), part("kind"), part("fold")];
  const [pin, spin, merged, off] = [part("pin"), part("spin"), part("merged"), part("off")];
  const [moved, manual, sectionsBy] = [part("moved"), part("manual"), part("sectionsBy")];
  const all = computed(() => panelsOf(keys.value));
  const panels = computed(() => new Map(all.value.map((panel) => [panel.id, panel])));
  const natural = computed(() => homesOf(all.value, sectionsBy.value));
  const homes = computed(() =>
    settledHomes(natural.value, { moved: moved.value, manual: manual.value }),
  );
  const placed = computed(() =>
    place(all.value, natural.value, {
      pin: pin.value,
      spin: spin.value,
      merged: merged.value,
      off: off.value,
      sectionsBy: sectionsBy.value,
      moved: moved.value,
      manual: manual.value,
    }),
  );
  const sections = computed(() =>
    narrow(placed.value, {
      tags: tags.value,
      kind: kind.value,
      fold: fold.value,
      merged: merged.value,
    }),
  );
  return { sections, homes, panels };
}

/** Whether panels of the page show what was logged at one step. */
export function hasStepwise(sections: readonly Section[]): boolean {
  return sections.some(({ panels }) =>
    panels.some(({ kind }) => kind !== "line" && isStepwise(kind)),
  );
}

/** What a section is called by itself. */
export function titleOf(id: string): string {
  if (isMediaSection(id)) {
    // An address may name a kind that nobody knows.
    const kind = KINDS.find((one) => one === id.slice(1));
    return kind === undefined ? id : kindLabel(kind);
  }
  return id === "" ? "Charts" : id;
}

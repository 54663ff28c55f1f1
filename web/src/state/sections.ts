/** How keys fall into sections: by the prefix before the first "/", in a fixed order. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Key } from "../data/wire.ts";
import { keyFilter, type View } from "./view.ts";

export interface Section {
  /** "" holds the keys without a prefix, "*" the pinned ones, "?" what the panel filter finds. */
  readonly id: string;
  readonly title: string;
  readonly keys: readonly Key[];
  readonly isFolded: boolean;
}

/** What of a view decides which panel stands where. */
export type Arrangement = Pick<View, "tags" | "pin" | "fold" | "merged" | "off">;

export const PINNED = "*";
export const FOUND = "?";
const SYSTEM = "system";

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
function rank({ id, keys }: Section): number {
  if (id === PINNED) return 0;
  if (id === "") return keys.some((key) => prefixOf(key.name) === "") ? 1 : 5.5;
  const name = id.toLowerCase();
  if (/^train(ing)?$/.test(name)) return 2;
  if (/^(val|valid|validation|eval|evaluation|test)$/.test(name)) return 3;
  if (/loss/.test(name)) return 4;
  return name === SYSTEM ? 6 : 5;
}

/**
 * The section of each key, by its name. A prefix with one key makes no section of its own: a row for
 * each `optim/lr` and `perf/speed` would leave two thirds of the screen empty.
 *
 * The keys decide, not the filter and the pins: typing in the filter moves no panel elsewhere.
 */
export function homesOf(keys: readonly Key[]): ReadonlyMap<string, string> {
  const chartable = keys.filter(isChartable);
  const sizes = new Map<string, number>();
  for (const { name } of chartable) {
    const prefix = prefixOf(name);
    sizes.set(prefix, (sizes.get(prefix) ?? 0) + 1);
  }
  const homes = new Map<string, string>();
  for (const { name } of chartable) {
    const prefix = prefixOf(name);
    homes.set(name, sizes.get(prefix) === 1 && prefix !== SYSTEM ? "" : prefix);
  }
  return homes;
}

type Placing = Pick<View, "pin" | "merged" | "off">;

/** All sections, unfolded, whatever the filter says. `keys` are in the order in which they were first logged. */
function place(
  keys: readonly Key[],
  homes: ReadonlyMap<string, string>,
  { pin, merged, off }: Placing,
): Section[] {
  const sections = new Map<string, Key[]>();
  const put = (id: string, key: Key) => {
    const inside = sections.get(id);
    if (inside) inside.push(key);
    else sections.set(id, [key]);
  };
  const absent = new Set(off);
  for (const [lead, others] of Object.entries(merged)) {
    if (!homes.has(lead) || absent.has(lead)) continue;
    for (const other of others) if (other !== lead) absent.add(other);
  }
  const pinned = new Set(pin);
  const leading = new Map<string, Key>();
  for (const key of keys) {
    const home = homes.get(key.name);
    if (home === undefined || absent.has(key.name)) continue;
    if (pinned.has(key.name)) leading.set(key.name, key);
    else put(home, key);
  }
  const front = pin.map((name) => leading.get(name)).filter((key) => key !== undefined);
  if (front.length > 0) sections.set(PINNED, front);
  const list = [...sections].map(([id, inside]): Section => {
    return { id, title: titleOf(id), keys: inside, isFolded: false };
  });
  // Array.sort is stable: sections of one rank stay in the order of their first key.
  return list.sort((a, b) => rank(a) - rank(b));
}

/**
 * What the filter finds, together and in the order of the sections: a row for each prefix would tear a
 * few panels apart. A panel is found by each of the keys that are drawn in it.
 */
function find(sections: readonly Section[], tags: string, merged: View["merged"]): Key[] {
  const { test } = keyFilter(tags);
  const keys: Key[] = [];
  for (const section of sections) {
    for (const key of section.keys) {
      if (test(key.name) || merged[key.name]?.some(test)) keys.push(key);
    }
  }
  return keys;
}

function narrow(sections: readonly Section[], view: Omit<Arrangement, "pin" | "off">): Section[] {
  if (view.tags.trim() === "") {
    return sections.map((section) => {
      const isFolded = (section.id === SYSTEM) !== view.fold.includes(section.id);
      return isFolded === section.isFolded ? section : { ...section, isFolded };
    });
  }
  const keys = find(sections, view.tags, view.merged);
  if (keys.length === 0) return [];
  return [{ id: FOUND, title: "Found", keys, isFolded: view.fold.includes(FOUND) }];
}

/** The sections of a workspace, as the view has them. */
export function arrange(keys: readonly Key[], view: Arrangement): Section[] {
  return narrow(place(keys, homesOf(keys), view), view);
}

/**
 * `arrange` for keys and a view that change: each part is worked out anew only when what it depends on
 * has changed, so that a zoom sorts nothing and a letter in the filter only looks through the names.
 */
export function watchSections(
  keys: ReadonlySignal<readonly Key[]>,
  view: ReadonlySignal<View>,
): {
  sections: ReadonlySignal<readonly Section[]>;
  homes: ReadonlySignal<ReadonlyMap<string, string>>;
} {
  const part = <K extends keyof View>(name: K) => computed(() => view.value[name]);
  const [tags, fold, pin, merged, off] = [
    ...([part("tags"), part("fold"), part("pin"), part("merged"), part("off")] as const),
  ];
  const homes = computed(() => homesOf(keys.value));
  const placed = computed(() =>
    place(keys.value, homes.value, { pin: pin.value, merged: merged.value, off: off.value }),
  );
  const sections = computed(() =>
    narrow(placed.value, { tags: tags.value, fold: fold.value, merged: merged.value }),
  );
  return { sections, homes };
}

function titleOf(id: string): string {
  if (id === PINNED) return "Pinned";
  return id === "" ? "Charts" : id;
}

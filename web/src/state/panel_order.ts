/** In which section a panel stands and behind which other: as it comes, as it was moved, or as a list says. */
import type { Panel } from "./panel_kinds.ts";
import type { ManualSection, Move, View } from "./view.ts";

/** Panels of one section in their order, those among them that are hidden or pinned, too. */
export interface Group {
  readonly id: string;
  /** What whoever arranged it calls it; null: as sections of its id are called. */
  readonly title: string | null;
  readonly panels: readonly Panel[];
}

/** What of a view decides it. */
export type Order = Pick<View, "moved" | "manual">;

/** "*" holds the pinned panels and "?" what the panel filter finds: neither is a home of panels. */
export function isHome(section: string): boolean {
  return section !== "*" && section !== "?";
}

/**
 * The groups of panels: of a manual view in its order, else in the order of their first panel.
 *
 * `panels` are in the order in which they were first logged, `homes` has the section of each where
 * nobody has moved anything. A panel that was moved stands behind the one that it was put behind,
 * at the end of the section when that is not there.
 */
export function groupsOf(
  panels: readonly Panel[],
  homes: ReadonlyMap<string, string>,
  { moved, manual }: Order,
): Group[] {
  if (manual !== null) return listedGroups(panels, manual);
  const moves = moved.filter(({ section }) => isHome(section));
  const away = new Set(moves.map(({ id }) => id));
  const waiting = new Map<string, Panel>();
  const groups = new Map<string, Panel[]>();
  const groupOf = (id: string): Panel[] => {
    let group = groups.get(id);
    if (group === undefined) {
      group = [];
      groups.set(id, group);
    }
    return group;
  };
  for (const panel of panels) {
    if (away.has(panel.id)) waiting.set(panel.id, panel);
    else groupOf(homes.get(panel.id)!).push(panel);
  }
  for (const { id, section, after } of moves) {
    const panel = waiting.get(id);
    if (panel === undefined) continue;
    waiting.delete(id);
    insert(groupOf(section), [panel], after, (one) => one.id);
  }
  return [...groups].map(([id, inside]) => ({ id, title: null, panels: inside }));
}

function listedGroups(panels: readonly Panel[], manual: readonly ManualSection[]): Group[] {
  const left = new Map(panels.map((panel) => [panel.id, panel]));
  return manual
    .filter(({ id }) => isHome(id))
    .map(({ id, title, panels: ids }) => {
      const inside = ids.flatMap((one) => {
        const panel = left.get(one);
        left.delete(one);
        return panel ?? [];
      });
      return { id, title, panels: inside };
    });
}

/** The section of each panel, pinned or not. */
export function settledHomes(
  homes: ReadonlyMap<string, string>,
  { moved, manual }: Order,
): ReadonlyMap<string, string> {
  if (manual === null && moved.length === 0) return homes;
  const settled = new Map(homes);
  const settle = (id: string, section: string) => {
    if (homes.has(id) && isHome(section)) settled.set(id, section);
  };
  if (manual === null) for (const { id, section } of moved) settle(id, section);
  for (const { id, panels } of manual ?? []) for (const panel of panels) settle(panel, id);
  return settled;
}

/** Puts panels into a section, in the order given and behind another panel of it (null: at its head). */
export function putPanels(
  panels: readonly Panel[],
  homes: ReadonlyMap<string, string>,
  order: Order,
  ids: readonly string[],
  section: string,
  after: string | null,
): Partial<Order> {
  if (order.manual !== null) return { manual: putInList(order.manual, ids, section, after) };
  const moving = new Set(ids);
  const orders = new Map<string, string[]>([[section, []]]);
  const touched = new Set([section]);
  for (const group of groupsOf(panels, homes, order)) {
    const all = group.panels.map(({ id }) => id);
    const staying = all.filter((id) => !moving.has(id));
    if (staying.length < all.length) touched.add(group.id);
    orders.set(group.id, staying);
  }
  insert(orders.get(section)!, ids, after, (id) => id);
  // A panel that is not there (yet, or on the page of this run) keeps what was said of it.
  const kept = order.moved.filter(
    (move) => !homes.has(move.id) || (!moving.has(move.id) && !touched.has(move.section)),
  );
  const places = new Map(panels.map(({ id }, i) => [id, i]));
  const moved = [...touched].flatMap((one) => {
    const natural = (id: string) => (homes.get(id) === one ? places.get(id)! : null);
    return deviations(one, orders.get(one)!, natural);
  });
  return { moved: [...kept, ...moved] };
}

function putInList(
  manual: readonly ManualSection[],
  ids: readonly string[],
  section: string,
  after: string | null,
): ManualSection[] {
  const moving = new Set(ids);
  const lists = manual.map((one) => ({
    ...one,
    panels: one.panels.filter((id) => !moving.has(id)),
  }));
  let target = lists.find(({ id }) => id === section);
  if (target === undefined) {
    target = { id: section, title: null, panels: [] };
    lists.push(target);
  }
  insert(target.panels, ids, after, (id) => id);
  return lists;
}

/**
 * The fewest moves that bring a section into an order. `natural` is a panel's place where nobody has moved
 * it, null for one that comes from another section. Each is placed behind one that is there by then.
 */
function deviations(
  section: string,
  order: readonly string[],
  natural: (id: string) => number | null,
): Move[] {
  const staying = longestRise(order.map(natural));
  return order.flatMap((id, i) =>
    staying.has(i) ? [] : [{ id, section, after: i === 0 ? null : order[i - 1]! }],
  );
}

/** The indices of a longest part of `values` that rises; null is in none. */
function longestRise(values: readonly (number | null)[]): Set<number> {
  // By length: the index of the least value at which a rising part of that length ends.
  const ends: number[] = [];
  const before = values.map(() => -1);
  values.forEach((value, i) => {
    if (value === null) return;
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[ends[middle]!]! < value) low = middle + 1;
      else high = middle;
    }
    before[i] = low > 0 ? ends[low - 1]! : -1;
    ends[low] = i;
  });
  const found = new Set<number>();
  for (let i = ends.at(-1) ?? -1; i >= 0; i = before[i]!) found.add(i);
  return found;
}

/** Inserts behind the item that is named `after` (null: at the head; one that is not there: at the end). */
function insert<T>(
  items: T[],
  added: readonly T[],
  after: string | null,
  nameOf: (item: T) => string,
): void {
  const at = after === null ? -1 : items.findIndex((item) => nameOf(item) === after);
  items.splice(at < 0 && after !== null ? items.length : at + 1, 0, ...added);
}

/** The columns on offer: facts of runs, settings, and for every logged key its last, smallest, largest and best value. */
import type { Column, Key } from "../../data/wire.ts";
import { AGGREGATES, type ColumnGroup } from "../../state/table_columns.ts";

export interface ColumnOffer {
  readonly group: ColumnGroup;
  readonly label: string;
  /** One column, or one for each of AGGREGATES. */
  readonly names: readonly string[];
  /** What is searched. */
  readonly text: string;
}

export function offersOf(
  fields: readonly string[],
  columns: readonly Column[],
  keys: readonly Key[],
): ColumnOffer[] {
  const offers: ColumnOffer[] = fields.map((name) =>
    offer("run", name.replaceAll("_", " "), [name]),
  );
  const logged = new Set(keys.filter((key) => key.kinds.some(isNumeric)).map((key) => key.name));
  const summaries = new Set<string>();
  for (const { name } of columns) {
    if (name.startsWith("config.")) offers.push(offer("config", name.slice(7), [name]));
    if (!name.startsWith("summary.")) continue;
    const key = name.slice(8);
    summaries.add(key);
    offers.push(offer("summary", key, logged.has(key) ? partsOf(key, name) : [name]));
  }
  // Keys whose summary `define_metric` has turned off have their values all the same.
  for (const key of logged) {
    if (!summaries.has(key)) offers.push(offer("summary", key, partsOf(key, `last.${key}`)));
  }
  return offers;
}

function isNumeric(kind: string): boolean {
  return kind !== "object";
}

function partsOf(key: string, last: string): string[] {
  return AGGREGATES.map((one) => (one === "last" ? last : `${one}.${key}`));
}

function offer(group: ColumnGroup, label: string, names: readonly string[]): ColumnOffer {
  return { group, label, names, text: `${group}.${label}`.toLowerCase() };
}

/** The offers that contain every word of a text. */
export function filterOffers(offers: readonly ColumnOffer[], text: string): readonly ColumnOffer[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return offers;
  return offers.filter((one) => words.every((word) => one.text.includes(word)));
}

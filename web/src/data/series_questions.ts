/** The questions that the series loader asks: what many panels lack, in as few as possible. */
import type { Series } from "../plots/series.ts";
import type { Smoothing } from "../plots/smooth.ts";
import { partOf, placeOf } from "./series_entries.ts";
import type { Watch } from "./series_watch.ts";
import type { Range } from "./snap.ts";

export interface SeriesQuestion {
  runs: string[];
  keys: string[];
  x: string;
  range: Range | null;
  px: number;
  mode: "auto";
  since?: Record<string, string>;
  log?: true;
  smooth?: Smoothing;
}

export interface SeriesAnswer {
  marks: Record<string, string>;
  series: Series[];
}

/** Series in one request: small enough that the first charts of many do not wait for the last. */
const MAX_BATCH = 400;
const MAX_BATCH_IN_SIGHT = 200;
/** The very first question is smaller still, and goes alone: something to see comes before all of it. */
export const FIRST_BATCH = 100;

/** Keys that are asked for with the same runs, axis, range and smoothing; and who waits for each. */
export interface Group {
  x: string;
  range: Range | null;
  px: number;
  log: boolean;
  smooth: Smoothing | null;
  since: Record<string, string> | null;
  runs: readonly string[];
  keys: Map<string, Set<Watch>>;
  visible: boolean;
}

/** Adds a key to the question that is like it in all else; `signature` tells apart those that follow different marks. */
export function join(
  groups: Map<string, Group>,
  watch: Watch,
  key: string,
  asked: Omit<Group, "keys">,
  signature = "",
): void {
  const { x, range, px, log, smooth, visible, runs } = asked;
  const part = partOf(placeOf(range, px, log), smooth);
  const id = [x, part, signature, visible, nameOf(runs)].join("|");
  let group = groups.get(id);
  if (!group) {
    group = { ...asked, keys: new Map() };
    groups.set(id, group);
  }
  const watches = group.keys.get(key) ?? new Set();
  watches.add(watch);
  group.keys.set(key, watches);
}

/** Cuts a question of too many series into several, by keys first; `first`: so many in the first of them. */
export function split(group: Group, first: number | null): Group[] {
  const out: Group[] = [];
  const most = group.visible ? MAX_BATCH_IN_SIGHT : MAX_BATCH;
  for (let at = 0; at < group.runs.length; at += MAX_BATCH) {
    const runs = group.runs.slice(at, at + MAX_BATCH);
    const keys = [...group.keys];
    for (let from = 0, count = 0; from < keys.length; from += count) {
      const room = out.length === 0 && first !== null ? first : most;
      count = Math.max(1, Math.floor(room / runs.length));
      out.push({ ...group, runs, keys: new Map(keys.slice(from, from + count)) });
    }
  }
  return out;
}

/** The question as it is sent. */
export function questionOf(group: Group): SeriesQuestion {
  const question: SeriesQuestion = {
    runs: [...group.runs],
    keys: [...group.keys.keys()],
    x: group.x,
    range: group.range,
    px: group.px,
    mode: "auto",
  };
  if (group.since) question.since = group.since;
  if (group.log) question.log = true;
  if (group.smooth) question.smooth = group.smooth;
  return question;
}

const joined = new WeakMap<readonly string[], string>();

/** Tells lists of runs apart by what is in them; worked out once for a list that many panels share. */
function nameOf(runs: readonly string[]): string {
  let name = joined.get(runs);
  if (name === undefined) {
    name = runs.join(",");
    joined.set(runs, name);
  }
  return name;
}

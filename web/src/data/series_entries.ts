/** What the series loader keeps of one run and key, and what that is good for. */
import { length, type Series } from "../plots/series.ts";
import { isSmoothedExactly, type Smoothing, smoothingKey } from "../plots/smooth.ts";
import type { Range } from "./snap.ts";

/** Points or columns of one series beyond which it is asked for anew, as a multiple of the width. */
const REDUCE_AT = 8;

export interface Entry {
  base: string;
  /** What the entry answers: range, width and kind of the x axis, and the smoothing. */
  part: string;
  /** The same without the smoothing. */
  place: string;
  ranged: boolean;
  px: number;
  log: boolean;
  smooth: Smoothing | null;
  /** null: the run has no such key. */
  series: Series | null;
  mark: string;
  dirty: boolean;
  bytes: number;
  /** When it was last looked at, in uses of the loader's series. */
  used: number;
}

/** What a panel asks for, in the words of an entry. */
export interface Asked {
  readonly part: string;
  readonly place: string;
  readonly log: boolean;
  readonly smooth: Smoothing | null;
}

export function sizeOf(series: Series | null): number {
  if (series === null) return 64;
  const smoothed = series.smoothed === undefined ? 0 : series.mode === "points" ? 8 : 32;
  const plain = series.mode === "points" ? 16 : 50;
  return (plain + smoothed) * length(series) + 128;
}

/** Whether an entry holds every point that has a place on the axis, so that it serves any range at any width. */
function isWhole({ ranged, log, series }: Entry, onLog: boolean): boolean {
  if (ranged) return false;
  if (series === null) return true;
  if (series.mode !== "points") return false;
  return series.y.length >= series.total || (log && onLog);
}

/** Whether an entry is what is asked for, with the smoothed values or with what they are made of. */
export function isAnswer(entry: Entry, { part, place, log, smooth }: Asked): boolean {
  if (entry.part === part) return true;
  if (entry.place !== place && !isWhole(entry, log)) return false;
  if (smooth === null || entry.series === null) return true;
  return (
    smoothingKey(entry.smooth) === smoothingKey(smooth) || isSmoothedExactly(entry.series, smooth)
  );
}

/** Whether new points change the smoothed values before them so much that appending will not do. */
export function looksAhead({ smooth }: Entry): boolean {
  return smooth?.kind === "gaussian" || smooth?.kind === "mean";
}

/** Whether appending has made a series much longer than its width deserves. */
export function isOvergrown(entry: Entry): boolean {
  return entry.series !== null && length(entry.series) > REDUCE_AT * entry.px;
}

/**
 * Whether a run has several sessions, by its mark (`ordinal:rows,ordinal:rows`): new rows may then
 * belong before the end of what is known, or to a line of their own, so it is read anew. A writer with a plus has keys
 * of its own: no line goes on from another writer to it.
 */
export function hasSessions(mark: string): boolean {
  return mark.split(",").filter((writer) => !writer.endsWith("+")).length > 1;
}

export function placeOf(range: Range | null, px: number, log: boolean): string {
  return `${range?.join(",") ?? ""}|${px}${log ? "|log" : ""}`;
}

export function partOf(place: string, smooth: Smoothing | null): string {
  return smooth === null ? place : `${place}|${smoothingKey(smooth)}`;
}

export function idOf(entry: Entry): string {
  return `${entry.base}\n${entry.part}`;
}

/** Runs whose entries can be asked for in one question: same part, and each run its one mark. */
export function groupChanged(changed: Map<string, Entry>): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [run, entry] of changed) {
    const list = groups.get(entry.part);
    if (list) list.push(run);
    else groups.set(entry.part, [run]);
  }
  const signed = new Map<string, string[]>();
  for (const [part, runs] of groups) {
    signed.set(`${part}@${runs.map((run) => changed.get(run)!.mark).join(",")}`, runs);
  }
  return signed;
}

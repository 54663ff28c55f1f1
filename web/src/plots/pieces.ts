/**
 * The sessions of a run as pieces of its line. A resumed run logs some steps twice: the pieces are told
 * apart, or what a newer one replaced is laid behind it.
 */
import type { Restarts } from "./plot_types.ts";
import {
  at,
  type Extent,
  length,
  type Numbers,
  type Series,
  sliceX,
  type XArray,
  xFacts,
} from "./series.ts";
import { lowerBound } from "./trace.ts";

export interface Piece {
  readonly series: Series;
  /** Of how full the line is, 0 to 1. */
  readonly strength: number;
  /** Whether it begins where a session does that is not the first. */
  readonly isRestart: boolean;
}

/** Strength of sessions that newer ones follow, and of what newer ones replaced. */
const OLDER = 0.5;
const REPLACED = 0.25;
/** A line that goes back more often than this does not restart: its axis goes to and fro. */
const MOST_PIECES = 32;

const known = new WeakMap<Series, Map<Restarts, readonly Piece[]>>();

/** The pieces of a series, the same objects each time. */
export function piecesOf(series: Series, restarts: Restarts): readonly Piece[] {
  let ways = known.get(series);
  if (ways === undefined) {
    ways = new Map();
    known.set(series, ways);
  }
  let pieces = ways.get(restarts);
  if (pieces === undefined) {
    pieces = cut(series, restarts);
    ways.set(restarts, pieces);
  }
  return pieces;
}

function cut(series: Series, restarts: Restarts): readonly Piece[] {
  const whole = [{ series, strength: 1, isRestart: false }];
  if (restarts === "joined") return whole;
  if (restarts === "sorted") return [{ ...whole[0]!, series: inOrderOfX(series) }];
  const starts = restartsOf(series);
  if (starts.length < 2 || starts.length > MOST_PIECES) return whole;
  const ends = [...starts.slice(1), length(series)];
  const sessions = starts.map((from, i) => slice(series, from, ends[i]!));
  if (restarts === "split") {
    const last = sessions.length - 1;
    return sessions.map((session, i) => ({
      series: session,
      strength: i === last ? 1 : OLDER,
      isRestart: i > 0,
    }));
  }
  return layBehind(sessions);
}

/** Indexes at which a session begins, or the position falls within one. */
function restartsOf(series: Series): number[] {
  const starts = new Set(series.starts.length > 0 ? series.starts : [0]);
  if (!xFacts(series).sorted) {
    const [from, to] = series.mode === "points" ? [series.x, series.x] : [series.x0, series.x1];
    for (let i = 1; i < length(series); i++) if (at(from, i) < at(to, i - 1)) starts.add(i);
  }
  return [...starts].filter((index) => index < length(series)).sort((a, b) => a - b);
}

/** Sessions with what lies where newer ones reach made faint, in the order to draw them. */
function layBehind(sessions: readonly Series[]): Piece[] {
  const pieces: Piece[] = [];
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = sessions.length - 1; i >= 0; i--) {
    const session = sessions[i]!;
    const facts = xFacts(session);
    const parts: Piece[] = [];
    const add = (from: number, to: number, strength: number) => {
      if (to > from) parts.push({ series: slice(session, from, to), strength, isRestart: false });
    };
    const n = length(session);
    if (!facts.sorted || !(facts.max >= lo && facts.min <= hi)) add(0, n, 1);
    else {
      const x = session.mode === "points" ? session.x : session.x0;
      const first = lowerBound(x, lo, 0, n);
      const past = hi < facts.max ? lowerBound(x, hi, first, n) : n;
      // Each piece begins where the one before it ends, so that the line goes on.
      add(0, first, 1);
      add(Math.max(0, first - 1), past, REPLACED);
      add(Math.max(0, past - 1), past < n ? n : 0, 1);
    }
    pieces.unshift(...parts);
    lo = Math.min(lo, facts.min);
    hi = Math.max(hi, facts.max);
  }
  return pieces;
}

/** The points or buckets of all sessions by their position, those without one last: one line that never goes back. */
function inOrderOfX(series: Series): Series {
  if (xFacts(series).sorted) return series.starts.length < 2 ? series : { ...series, starts: [0] };
  const x = series.mode === "points" ? series.x : series.x0;
  const rank = (i: number) => (Number.isNaN(at(x, i)) ? Number.POSITIVE_INFINITY : at(x, i));
  const order = Array.from({ length: length(series) }, (_, i) => i);
  order.sort((a, b) => (rank(a) === rank(b) ? a - b : rank(a) - rank(b)));
  const take = (from: XArray) => Float64Array.from(order, (i) => at(from, i));
  if (series.mode === "points") {
    const { smoothed } = series;
    const sorted = { ...series, starts: [0], x: take(x), y: take(series.y) };
    return smoothed ? { ...sorted, smoothed: take(smoothed) } : sorted;
  }
  const { smoothed } = series;
  const sorted = {
    ...series,
    ...{ starts: [0], x0: take(x), x1: take(series.x1) },
    ...mapExtent(series, take),
    flags: Uint8Array.from(order, (i) => series.flags[i]!),
  };
  return smoothed ? { ...sorted, smoothed: mapExtent(smoothed, take) } : sorted;
}

function mapExtent(
  { first, min, max, last }: Extent,
  change: (numbers: Numbers) => Numbers,
): Extent {
  return { first: change(first), min: change(min), max: change(max), last: change(last) };
}

/** The points or buckets `from` to `to` (excluded) as a series, on the same memory. */
export function slice(series: Series, from: number, to: number): Series {
  if (from === 0 && to === length(series) && series.starts.length < 2) return series;
  const cutNumbers = (numbers: Numbers) => numbers.subarray(from, to);
  const starts = [
    0,
    ...series.starts.filter((index) => index > from && index < to).map((index) => index - from),
  ];
  if (series.mode === "points") {
    const { smoothed } = series;
    const cutOut = { ...series, starts, x: sliceX(series.x, from, to), y: cutNumbers(series.y) };
    return smoothed ? { ...cutOut, smoothed: cutNumbers(smoothed) } : cutOut;
  }
  const { smoothed } = series;
  const cutOut = {
    ...series,
    ...{ starts, x0: sliceX(series.x0, from, to), x1: sliceX(series.x1, from, to) },
    ...mapExtent(series, cutNumbers),
    flags: series.flags.subarray(from, to),
  };
  return smoothed ? { ...cutOut, smoothed: mapExtent(smoothed, cutNumbers) } : cutOut;
}

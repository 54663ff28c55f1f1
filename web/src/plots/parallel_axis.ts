/**
 * One axis of values of many runs: where each run stands on it, and what a place on it means.
 *
 * Places are shares of the axis, 0 at its lower end and 1 at its upper end, whatever pixels it has.
 */

import { formatWritten } from "../base/numbers.ts";
import { linearScale, logarithmicScale, type Scale } from "../base/scale.ts";
import { type AxisKind, ticksOf } from "../base/ticks.ts";

export type AxisScale = "linear" | "log" | "quantile" | "category";

/** A value of a run: a number, a word, or nothing. Non-finite numbers count as nothing. */
export type AxisValue = number | string | boolean | null;

export interface AxisTick {
  readonly at: number;
  readonly label: string;
}

export interface ParallelAxis {
  readonly scale: AxisScale;
  /** Share of each run in the order given; NaN where it has no value. */
  readonly shares: Float64Array;
  /** Of a category axis: the texts from the lower end to the upper one. */
  readonly categories: readonly string[];
  /** How many runs have no value. */
  readonly missing: number;
  /** Ticks for a length in CSS pixels. */
  ticks(length: number): readonly AxisTick[];
  /** Share of a number (of a category axis: of its text's place); NaN where it has none. */
  shareOf(value: number): number;
  /** The number at a share, written no finer than `step` of the axis tells apart. */
  valueAt(share: number, step: number): number;
}

/** From this ratio on positive numbers stand on a logarithmic axis by themselves. */
const LOG_FROM = 100;
/** So many different numbers are told apart on an axis: each has its tick. */
const FEW = 12;

/** Whether every value that there is is a number; none at all is no number either. */
export function areNumbers(values: readonly AxisValue[]): boolean {
  let isAny = false;
  for (const value of values) {
    if (value === null) continue;
    if (typeof value !== "number") return false;
    isAny = true;
  }
  return isAny;
}

/** The scale that suits values that nobody has chosen one for. */
export function suggestScale(values: readonly AxisValue[]): AxisScale {
  if (!areNumbers(values)) return "category";
  const [lo, hi] = extent(values);
  if (lo > 0 && (hi / lo >= LOG_FROM || areEvenPowers(distinctOf(values)))) return "log";
  return "linear";
}

/** An axis for values; a scale that they cannot stand on falls back to one that they can. */
export function makeAxis(values: readonly AxisValue[], scale: AxisScale): ParallelAxis {
  if (scale === "category" || !areNumbers(values)) return categoryAxis(values);
  if (scale === "quantile") return quantileAxis(values);
  return numberAxis(values, scale);
}

function extent(values: readonly AxisValue[]): [number, number] {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    if (value < lo) lo = value;
    if (value > hi) hi = value;
  }
  return [lo, hi];
}

/** The different finite numbers, ascending, while they are few; else none. */
function distinctOf(values: readonly AxisValue[]): number[] {
  const found = new Set<number>();
  for (const value of values) {
    if (typeof value === "number" && Number.isFinite(value)) found.add(value);
    if (found.size > FEW) return [];
  }
  return [...found].sort((a, b) => a - b);
}

/** Whether numbers grow by the same factor each time: batch sizes of 16, 32, 64. */
function areEvenPowers(numbers: readonly number[]): boolean {
  if (numbers.length < 3) return false;
  const factor = numbers[1]! / numbers[0]!;
  return numbers.every((one, i) => i === 0 || Math.abs(one / numbers[i - 1]! / factor - 1) < 1e-9);
}

function sharesOf(
  values: readonly AxisValue[],
  shareOf: (value: number) => number,
): { shares: Float64Array; missing: number } {
  const shares = new Float64Array(values.length).fill(Number.NaN);
  let missing = 0;
  values.forEach((value, i) => {
    if (typeof value === "number" && Number.isFinite(value)) shares[i] = shareOf(value);
    else missing += 1;
  });
  return { shares, missing };
}

// ---- numbers

function numberAxis(values: readonly AxisValue[], wanted: "linear" | "log"): ParallelAxis {
  const [lo, hi] = domainOf(values);
  let tiny = Number.POSITIVE_INFINITY;
  for (const value of values) {
    if (typeof value === "number" && value !== 0) tiny = Math.min(tiny, Math.abs(value));
  }
  const onto = wanted === "log" ? logarithmicScale(lo, hi, tiny, 0, 1) : linearScale(lo, hi, 0, 1);
  const isWhole = values.every((value) => typeof value !== "number" || Number.isInteger(value));
  const distinct = distinctOf(values);
  const shareOf = (value: number) => onto.toPixel(value);
  return {
    scale: wanted,
    categories: [],
    ...sharesOf(values, shareOf),
    ticks: (length) =>
      ownTicks(distinct, shareOf, length) ?? scaleTicks(onto, length, isWhole ? "whole" : "number"),
    shareOf,
    valueAt: (share, step) =>
      roundBetween(
        onto.toValue(share),
        onto.toValue(share - step / 2),
        onto.toValue(share + step / 2),
      ),
  };
}

/** From the smallest to the largest value; around a single one there is some room. */
function domainOf(values: readonly AxisValue[]): [number, number] {
  const [lo, hi] = extent(values);
  if (lo < hi) return [lo, hi];
  if (lo > hi) return [0, 1];
  return lo > 0 ? [lo / 2, lo * 2] : lo < 0 ? [lo * 2, lo / 2] : [-1, 1];
}

/** A tick for each of a few values, where they have room; else null. */
function ownTicks(
  distinct: readonly number[],
  shareOf: (value: number) => number,
  length: number,
): AxisTick[] | null {
  if (distinct.length === 0) return null;
  const ticks = distinct.map((value) => ({ at: shareOf(value), label: formatWritten(value) }));
  const isTight = ticks.some((tick, i) => i > 0 && (tick.at - ticks[i - 1]!.at) * length < 14);
  return isTight ? null : ticks;
}

function scaleTicks(scale: Scale, length: number, kind: AxisKind): AxisTick[] {
  const { values, labels } = ticksOf(scale, Math.max(2, Math.floor(length / 28)), kind);
  return values.map((value, i) => ({ at: scale.toPixel(value), label: labels[i]! }));
}

/** The number with the fewest digits between two others that still stands on their side of a pixel. */
export function roundBetween(value: number, a: number, b: number): number {
  const [lo, hi] = a < b ? [a, b] : [b, a];
  for (let digits = 1; digits < 17; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (rounded >= lo && rounded <= hi) return rounded;
  }
  return value;
}

// ---- ranks

function quantileAxis(values: readonly AxisValue[]): ParallelAxis {
  const sorted = Float64Array.from(
    values.filter((value): value is number => typeof value === "number" && Number.isFinite(value)),
  ).sort();
  const last = Math.max(1, sorted.length - 1);
  /** The middle of the ranks of equal values; between two values, in proportion. */
  const shareOf = (value: number) => {
    const low = firstAtLeast(sorted, value);
    const high = firstAbove(sorted, value);
    if (sorted.length < 2) return 0.5;
    if (high > low) return (low + high - 1) / 2 / last;
    if (low === 0) return 0;
    if (low === sorted.length) return 1;
    const [before, after] = [sorted[low - 1]!, sorted[low]!];
    return (low - 1 + (value - before) / (after - before)) / last;
  };
  const quantile = (share: number) => {
    const at = Math.min(1, Math.max(0, share)) * (sorted.length - 1);
    const low = Math.min(Math.floor(at), Math.max(0, sorted.length - 2));
    const [a, b] = [sorted[low] ?? 0, sorted[low + 1] ?? sorted[low] ?? 0];
    return a + (b - a) * (at - low);
  };
  return {
    scale: "quantile",
    categories: [],
    ...sharesOf(values, shareOf),
    ticks: (length) => quantileTicks(sorted, shareOf, length),
    shareOf,
    valueAt: (share, step) =>
      roundBetween(quantile(share), quantile(share - step / 2), quantile(share + step / 2)),
  };
}

function quantileTicks(
  sorted: Float64Array,
  shareOf: (value: number) => number,
  length: number,
): AxisTick[] {
  if (sorted.length === 0) return [];
  const count = Math.max(2, Math.min(9, Math.floor(length / 28)));
  const ticks = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const value = sorted[Math.round((i / (count - 1)) * (sorted.length - 1))]!;
    const label = formatWritten(value);
    if (!ticks.has(label)) ticks.set(label, shareOf(value));
  }
  return [...ticks].map(([label, at]) => ({ at, label }));
}

function firstAtLeast(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstAbove(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// ---- words

function categoryAxis(values: readonly AxisValue[]): ParallelAxis {
  const categories = [...new Set(values.filter((value) => value !== null).map(String))].sort(
    byValue,
  );
  const places = new Map(categories.map((text, i) => [text, (i + 0.5) / categories.length]));
  const shares = Float64Array.from(values, (value) =>
    value === null ? Number.NaN : places.get(String(value))!,
  );
  return {
    scale: "category",
    categories,
    shares,
    missing: values.filter((value) => value === null).length,
    ticks: (length) => {
      const every = Math.max(1, Math.ceil((categories.length * 14) / Math.max(1, length)));
      return categories.flatMap((label, i) =>
        i % every === 0 ? [{ at: (i + 0.5) / categories.length, label }] : [],
      );
    },
    shareOf: (value) => places.get(String(value)) ?? Number.NaN,
    valueAt: (share) =>
      Math.min(categories.length - 1, Math.max(0, Math.floor(share * categories.length))),
  };
}

/** Numbers by size and before words. */
function byValue(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The categories of which any part lies between two shares. */
export function categoriesBetween(axis: ParallelAxis, from: number, to: number): readonly string[] {
  const count = axis.categories.length;
  return axis.categories.filter((_, i) => {
    const middle = (i + 0.5) / count;
    return middle >= Math.min(from, to) && middle <= Math.max(from, to);
  });
}

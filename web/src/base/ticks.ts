/** Where an axis has its ticks and what they say. */
import { formatPower, tickFormatter } from "./numbers.ts";
import type { Scale } from "./scale.ts";
import { durationFormatter, TIME_STEPS, wallTicks } from "./times.ts";

export interface Ticks {
  readonly values: readonly number[];
  readonly labels: readonly string[];
}

export type AxisKind = "number" | "whole" | "duration" | "wall";

const NONE: Ticks = { values: [], labels: [] };

/** The smallest of 1, 2, 2.5 and 5 times a power of ten that cuts `span` into at most `most` parts. */
export function niceStep(span: number, most: number): number {
  const raw = span / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  for (const factor of [1, 2, 2.5, 5]) {
    if (factor * power >= raw * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

function multiples(lo: number, hi: number, step: number): number[] {
  const from = Math.ceil(lo / step - 1e-9);
  const to = Math.floor(hi / step + 1e-9);
  const out: number[] = [];
  if (!(to - from < 1000)) return out;
  // (+ 0 makes 0 of -0.) Multiples of the inverse are exact where multiples of the step are not: 3 * 0.1, 3 / 10.
  const inverse = 1 / step;
  const exact =
    step < 1 && Math.abs(inverse - Math.round(inverse)) < 1e-6 ? Math.round(inverse) : 0;
  for (let i = from; i <= to; i++) out.push(exact ? i / exact + 0 : i * step + 0);
  return out;
}

/** Ticks of an axis: at most `most`, at round numbers, round spans or round local times. */
export function ticksOf(scale: Scale, most: number, kind: AxisKind = "number"): Ticks {
  const { lo, hi } = scale;
  if (!(lo < hi) || most < 1) return NONE;
  if (scale.kind !== "linear") {
    const powers = powerTicks(scale, most);
    if (powers.values.length >= 2) return powers;
  }
  if (kind === "wall" && hi - lo >= 2) return wallTicks(lo, hi, most);
  if (kind === "duration" && hi - lo >= 2) {
    const span = hi - lo;
    const round = TIME_STEPS.find((size) => span / size <= most);
    const step = round ?? niceStep(span / 86400, most) * 86400;
    const values = multiples(lo, hi, step);
    return { values, labels: values.map(durationFormatter(step)) };
  }
  return decimalTicks(lo, hi, most, kind);
}

function decimalTicks(lo: number, hi: number, most: number, kind: AxisKind): Ticks {
  let step = niceStep(hi / most - lo / most, 1);
  if (kind === "whole") step = Math.max(1, step === 2.5 ? 5 : step);
  if (!(step > 0) || !Number.isFinite(step)) return ends(lo, hi);
  const values = multiples(lo, hi, step);
  if (values.length === 0) return kind === "whole" ? NONE : ends(lo, hi);
  const reach = Math.max(...values.map(Math.abs));
  if (kind === "duration") return { values, labels: values.map(durationFormatter(step)) };
  return { values, labels: values.map(tickFormatter(step, reach)) };
}

/** For spans that no round step divides (a few of the smallest float64): the ends themselves. */
function ends(lo: number, hi: number): Ticks {
  return { values: [lo, hi], labels: [formatPower(lo), formatPower(hi)] };
}

/** Powers of ten; every n-th where there are many, and 2 and 5 times them where there are few. */
function powerTicks(scale: Scale, most: number): Ticks {
  const { lo, hi, threshold } = scale;
  const smallest = scale.kind === "log" ? lo : threshold;
  const from = Math.ceil(Math.log10(Math.max(smallest, Number.MIN_VALUE)) - 1e-9);
  const to = Math.floor(Math.log10(Math.max(Math.abs(lo), Math.abs(hi))) + 1e-9);
  const sides = (hi > 0 ? 1 : 0) + (lo < 0 ? 1 : 0);
  const every = Math.max(1, Math.ceil(((to - from + 1) * sides) / most));
  const few = scale.kind === "log" && (to - from + 1) * 3 <= most;
  const values: number[] = [];
  const offer = (value: number) => {
    if (value >= lo && value <= hi) values.push(value);
  };
  for (let power = from - 1; power <= to; power++) {
    if (!few && (((power - from) % every) + every) % every !== 0) continue;
    // Number("1e-5") is exact where 10 ** -5 is not.
    for (const factor of few ? [1, 2, 5] : [1]) {
      const value = Number(`${factor}e${power}`);
      if (power < from && !few) continue;
      offer(value);
      if (scale.kind === "symlog") offer(-value);
    }
  }
  if (scale.kind === "symlog") offer(0);
  values.sort((a, b) => a - b);
  return { values, labels: values.map(formatPower) };
}

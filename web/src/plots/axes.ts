/** Where a plot's ticks stand and how much room their labels take. */
import type { Scale } from "../base/scale.ts";
import { type AxisKind, type Ticks, ticksOf } from "../base/ticks.ts";

export interface Label {
  readonly text: string;
  /** CSS pixels from the canvas's corner: the middle of an x label, the middle line of a y label. */
  readonly at: number;
}

export interface Axis {
  /** Device pixels from the plot's corner at which grid lines stand. */
  readonly lines: readonly number[];
  readonly labels: readonly Label[];
}

export type MeasureText = (text: string) => number;

const X_GAP = 14;
/** Between y ticks, as wished and at the very least. */
const LINE_HEIGHT = 26;
const LEAST_HEIGHT = 14;

/** How many y ticks a plot of this height (CSS pixels) has room for. */
function yTickCount(height: number): number {
  return Math.max(2, Math.min(8, Math.floor(height / LINE_HEIGHT)));
}

/** Y ticks whose labels do not touch each other; 0 stays when others have to go. */
export function layYAxis(scale: Scale, height: number, ratio: number): Ticks {
  const { values, labels } = ticksOf(scale, yTickCount(height));
  const zero = values.indexOf(0);
  const rows = values.map((value) => scale.toPixel(value) / ratio);
  const kept: number[] = zero < 0 ? [] : [zero];
  for (let i = 0; i < values.length; i++) {
    if (i !== zero && kept.every((k) => Math.abs(rows[k]! - rows[i]!) >= LEAST_HEIGHT))
      kept.push(i);
  }
  kept.sort((a, b) => a - b);
  return { values: kept.map((i) => values[i]!), labels: kept.map((i) => labels[i]!) };
}

/** X ticks whose labels neither touch each other nor leave the canvas. */
export function layXAxis(
  scale: Scale,
  kind: AxisKind,
  frame: { left: number; width: number; canvas: number; ratio: number },
  measure: MeasureText,
): Axis {
  let most = Math.max(2, Math.floor(frame.width / 56));
  for (; most >= 1; most--) {
    const ticks = ticksOf(scale, most, kind);
    const labels = place(ticks, scale, frame, measure);
    if (labels !== null || most === 1) {
      const lines = ticks.values.map((value) => scale.toPixel(value));
      return { lines, labels: labels ?? [] };
    }
  }
  return { lines: [], labels: [] };
}

function place(
  ticks: Ticks,
  scale: Scale,
  frame: { left: number; canvas: number; ratio: number },
  measure: MeasureText,
): Label[] | null {
  const labels: Label[] = [];
  let free = 2;
  for (let i = 0; i < ticks.values.length; i++) {
    const text = ticks.labels[i]!;
    const half = measure(text) / 2;
    const middle = frame.left + scale.toPixel(ticks.values[i]!) / frame.ratio;
    const at = Math.max(half + 2, Math.min(frame.canvas - half - 2, middle));
    if (at - half < free || 2 * half + 4 > frame.canvas) return null;
    labels.push({ text, at });
    free = at + half + X_GAP;
  }
  return labels;
}

/** Curves of precision over recall: what the points mean, where they are, and which one is near. */
import { linearScale, type Scale } from "../base/scale.ts";

export interface PrCurve {
  readonly run: string;
  readonly label: string;
  /** Any CSS colour. */
  readonly color: string;
  readonly dash: readonly number[];
  readonly step: number;
  /** By threshold, from 0 to 1: counts of T thresholds. */
  readonly tp: Float64Array;
  readonly fp: Float64Array;
  readonly tn: Float64Array;
  readonly fn: Float64Array;
  readonly precision: Float64Array;
  readonly recall: Float64Array;
  /**
   * Thresholds that are drawn: those at the end at which nothing is predicted positive any more have no
   * precision (writers put 0 there).
   */
  readonly drawn: number;
}

export type Counts = Pick<PrCurve, "tp" | "fp" | "tn" | "fn" | "precision" | "recall">;

/** How many thresholds have a precision; the first one always counts as one. */
export function drawnThresholds({ tp, fp }: Pick<Counts, "tp" | "fp">): number {
  let end = tp.length;
  while (end > 1 && !(tp[end - 1]! + fp[end - 1]! > 0)) end -= 1;
  return end;
}

export function thresholdOf(curve: PrCurve, index: number): number {
  return curve.tp.length < 2 ? 0 : index / (curve.tp.length - 1);
}

/** Precision averaged over recall, each step of recall with the precision at its end: no line between points. */
export function averagePrecision({ precision, recall, drawn }: PrCurve): number {
  let sum = 0;
  for (let i = 0; i < drawn; i++) {
    const next = i + 1 < drawn ? recall[i + 1]! : 0;
    sum += (recall[i]! - next) * precision[i]!;
  }
  return sum;
}

export interface PrView {
  /** Of recall and of precision. */
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

export const WHOLE: PrView = { x: [0, 1], y: [0, 1] };

/** A plot area in CSS pixels, and the scales of a view on it. */
export interface PrFrame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: Scale;
  readonly y: Scale;
}

const PAD = { left: 44, right: 12, top: 8, bottom: 34 };

export function frameOf(width: number, height: number, view: PrView): PrFrame {
  const w = Math.max(8, width - PAD.left - PAD.right);
  const h = Math.max(8, height - PAD.top - PAD.bottom);
  return {
    ...{ left: PAD.left, top: PAD.top, width: w, height: h },
    x: linearScale(view.x[0], view.x[1], PAD.left, PAD.left + w),
    y: linearScale(view.y[0], view.y[1], PAD.top + h, PAD.top),
  };
}

/** A point of a curve. */
export interface PrPoint {
  readonly curve: PrCurve;
  readonly index: number;
}

/** The point that is nearest to a place, in CSS pixels; null where none is within reach. */
export function nearestPoint(
  curves: readonly PrCurve[],
  frame: PrFrame,
  left: number,
  top: number,
  reach = Number.POSITIVE_INFINITY,
): PrPoint | null {
  let best: PrPoint | null = null;
  let least = reach;
  for (const curve of curves) {
    for (let index = 0; index < curve.drawn; index++) {
      const dx = frame.x.toPixel(curve.recall[index]!) - left;
      const dy = frame.y.toPixel(curve.precision[index]!) - top;
      const away = Math.hypot(dx, dy);
      if (away < least) {
        least = away;
        best = { curve, index };
      }
    }
  }
  return best;
}

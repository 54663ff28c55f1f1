import { describe, expect, it } from "vitest";
import {
  averagePrecision,
  drawnThresholds,
  frameOf,
  nearestPoint,
  type PrCurve,
  thresholdOf,
  WHOLE,
} from "./pr_curve.ts";

/** A curve as torch counts it: predictions at or above each threshold are positive. */
function curveOf(labels: readonly number[], scores: readonly number[], count: number): PrCurve {
  const at = (index: number) => index / (count - 1);
  const sum = (index: number, label: number, isAbove: boolean) =>
    labels.filter((one, i) => one === label && scores[i]! >= at(index) === isAbove).length;
  const row = (of: (index: number) => number) =>
    Float64Array.from({ length: count }, (_, i) => of(i));
  const tp = row((i) => sum(i, 1, true));
  const fp = row((i) => sum(i, 0, true));
  const [tn, fn] = [row((i) => sum(i, 0, false)), row((i) => sum(i, 1, false))];
  return {
    ...{ run: "a", label: "a", color: "#000000", dash: [], step: 0, tp, fp, tn, fn },
    precision: row((i) => tp[i]! / Math.max(1e-7, tp[i]! + fp[i]!)),
    recall: row((i) => tp[i]! / Math.max(1e-7, tp[i]! + fn[i]!)),
    drawn: drawnThresholds({ tp, fp }),
  };
}

const LABELS = [1, 0, 1, 1, 0, 0, 1, 0];
const SCORES = [0.9, 0.8, 0.7, 0.6, 0.55, 0.3, 0.2, 0.1];
const CURVE = curveOf(LABELS, SCORES, 101);

describe("precision over recall", () => {
  it("stops where nothing is predicted any more", () => {
    expect(thresholdOf(CURVE, CURVE.drawn - 1)).toBeCloseTo(0.9, 12);
    expect(drawnThresholds({ tp: new Float64Array(5), fp: new Float64Array(5) })).toBe(1);
  });

  it("averages precision as scikit-learn does", () => {
    // sklearn.metrics.average_precision_score(LABELS, SCORES)
    expect(averagePrecision(CURVE)).toBeCloseTo(0.7470238095238095, 12);
  });

  it("finds the nearest of all points", () => {
    const other = curveOf(LABELS, [...SCORES].reverse(), 51);
    const frame = frameOf(420, 300, WHOLE);
    for (const [left, top] of [
      [50, 20],
      [300, 200],
      [410, 250],
    ] as const) {
      let least = Number.POSITIVE_INFINITY;
      for (const curve of [CURVE, other]) {
        for (let i = 0; i < curve.drawn; i++) {
          const dx = frame.left + curve.recall[i]! * frame.width - left;
          const dy = frame.top + (1 - curve.precision[i]!) * frame.height - top;
          least = Math.min(least, Math.hypot(dx, dy));
        }
      }
      const { curve, index } = nearestPoint([CURVE, other], frame, left, top)!;
      const away = Math.hypot(
        frame.x.toPixel(curve.recall[index]!) - left,
        frame.y.toPixel(curve.precision[index]!) - top,
      );
      expect(away).toBeCloseTo(least, 9);
      expect(nearestPoint([CURVE, other], frame, left, top, least / 2)).toBeNull();
    }
  });
});

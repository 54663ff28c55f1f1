/** What the panel of precision and recall draws, out of what the server answers. */
import { formatValue, groupDigits } from "../../base/numbers.ts";
import { unpack } from "../../base/packed.ts";
import { dashOf } from "../../base/palette.ts";
import type { ObjectEntry } from "../../data/objects.ts";
import type { Run } from "../../data/wire.ts";
import {
  averagePrecision,
  type Counts,
  drawnThresholds,
  type PrCurve,
  type PrPoint,
  thresholdOf,
} from "../../plots/pr_curve.ts";
import type { PaintOf } from "../../state/paint.ts";

const PARTS = ["tp", "fp", "tn", "fn", "precision", "recall"] as const;

/** The counts of a value; null where it is no curve of one length. */
export function countsIn(value: unknown): Counts | null {
  const found = value as Record<string, unknown> | null;
  if (found?._type !== "pr_curve") return null;
  const rows = PARTS.map((part) => unpack(found[part]));
  const length = rows[0]?.length ?? 0;
  if (length < 1 || rows.some((row) => row?.length !== length)) return null;
  const [tp, fp, tn, fn, precision, recall] = rows as [
    ...[Float64Array, Float64Array, Float64Array],
    ...[Float64Array, Float64Array, Float64Array],
  ];
  return { tp, fp, tn, fn, precision, recall };
}

/** A curve for each run that has one. */
export function curvesOf(
  entries: readonly ObjectEntry[],
  known: ReadonlyMap<string, Run>,
  paint: PaintOf,
  theme: "light" | "dark",
): PrCurve[] {
  return entries.flatMap((entry) => {
    const run = known.get(entry.run);
    const value = entry.values.at(-1);
    const counts = countsIn(value?.value);
    if (run === undefined || value === undefined || counts === null) return [];
    const slot = paint(run);
    return {
      ...counts,
      ...{ run: entry.run, label: run.name, color: slot[theme], step: value.step },
      dash: dashOf(slot, entries.length),
      drawn: drawnThresholds(counts),
    };
  });
}

const SPOKEN_RUNS = 3;

/** The sentence that stands for the curves where they cannot be seen. */
export function sentence(key: string, curves: readonly PrCurve[]): string {
  const told = curves
    .slice(0, SPOKEN_RUNS)
    .map(
      (curve) =>
        `${curve.label} at step ${groupDigits(curve.step)}: average precision ${formatValue(averagePrecision(curve))}`,
    );
  const count = curves.length === 1 ? "1 run" : `${curves.length} runs`;
  return `${key}: precision over recall, ${count}. ${told.join("; ")}.`;
}

/** A point as it is read out. */
export function readOut({ curve, index }: PrPoint): string {
  const at = (row: Float64Array) => formatValue(row[index]!);
  return (
    `${curve.label}, threshold ${formatValue(thresholdOf(curve, index))}: ` +
    `precision ${at(curve.precision)}, recall ${at(curve.recall)}, ` +
    `TP ${at(curve.tp)}, FP ${at(curve.fp)}, TN ${at(curve.tn)}, FN ${at(curve.fn)}`
  );
}

/** The point that a key leads to: along the curve, or to another run at the same threshold. */
export function pointBeside(
  curves: readonly PrCurve[],
  from: PrPoint | null,
  key: string,
): PrPoint | null {
  const first = curves[0];
  if (first === undefined) return null;
  const at = from === null ? -1 : curves.findIndex(({ run }) => run === from.curve.run);
  if (from === null || at < 0) return { curve: first, index: Math.floor(first.drawn / 2) };
  const along = { ArrowLeft: 1, ArrowRight: -1, Home: 1e9, End: -1e9 }[key];
  const across = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (along === undefined && across === undefined) return null;
  const curve = curves[(at + (across ?? 0) + curves.length) % curves.length]!;
  const index = Math.max(0, Math.min(curve.drawn - 1, from.index + (along ?? 0)));
  return { curve, index };
}

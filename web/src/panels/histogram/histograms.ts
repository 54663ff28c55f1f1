/** What the histogram panel draws, out of what the server answers. */
import { formatValue, groupDigits } from "../../base/numbers.ts";
import { unpack } from "../../base/packed.ts";
import type { ObjectEntry, ObjectValue } from "../../data/objects.ts";
import type { Run } from "../../data/wire.ts";
import { type Histogram, makeHistogram, quantile } from "../../plots/histogram.ts";
import type { HistogramAt, HistogramMode, HistogramRun } from "../../plots/histogram_scene.ts";
import type { PaintOf } from "../../state/paint.ts";
import type { Workspace } from "../../state/workspace.ts";

export type HistogramAxis = "step" | "rel" | "wall";

export function isHistogramAxis(text: string): text is HistogramAxis {
  return text === "step" || text === "rel" || text === "wall";
}

interface Look {
  readonly paint: PaintOf;
  readonly known: ReadonlyMap<string, Run>;
  readonly theme: "light" | "dark";
}

/** A histogram of an answer; null for any other value. */
export function histogramIn(value: unknown): Histogram | null {
  const found = value as Record<string, unknown> | null;
  if (found?._type !== "histogram") return null;
  const { min, max } = found;
  return makeHistogram(unpack(found.edges), unpack(found.counts), {
    ...(typeof min === "number" ? { min } : {}),
    ...(typeof max === "number" ? { max } : {}),
  });
}

export class HistogramReader {
  /** By the very values of answers: what is shown again is not unpacked again. */
  private readonly read_ = new WeakMap<object, Histogram>();

  constructor(private readonly ws: Workspace) {}

  /** The runs of two answers, each with the histograms of both. */
  read(
    entries: readonly ObjectEntry[],
    further: readonly ObjectEntry[],
    axis: HistogramAxis,
    { paint, known, theme }: Look,
  ): HistogramRun[] {
    const more = new Map(further.map((entry) => [entry.run, entry.values]));
    return entries.flatMap((entry) => {
      const run = known.get(entry.run) ?? this.ws.known.peek().get(entry.run);
      const values = join(entry.values, more.get(entry.run) ?? []);
      const drawn = values.flatMap((one) => this.at(one, axis, run?.created ?? values[0]!.time));
      if (run === undefined || drawn.length === 0) return [];
      // Array.sort is stable: of two at one position the later one lies above.
      drawn.sort((a, b) => a.x - b.x);
      return { run: entry.run, label: run.name, color: paint(run)[theme], values: drawn };
    });
  }

  private at(one: ObjectValue, axis: HistogramAxis, start: number): HistogramAt[] {
    const histogram = this.histogramOf(one.value);
    if (histogram === null || histogram.total === 0) return [];
    const x = axis === "step" ? one.step : axis === "wall" ? one.time : one.time - start;
    return [{ x, step: one.step, histogram }];
  }

  private histogramOf(value: unknown): Histogram | null {
    if (typeof value !== "object" || value === null) return null;
    const known = this.read_.get(value);
    if (known !== undefined) return known;
    const made = histogramIn(value);
    if (made !== null) this.read_.set(value, made);
    return made;
  }

  /** The step of a histogram beside that of the page; null: there is none further. */
  stepBeside(runs: readonly HistogramRun[], step: number | null, by: number): number | null {
    const steps = [...new Set(runs.flatMap(({ values }) => values.map((at) => at.step)))];
    steps.sort((a, b) => a - b);
    if (step === null) return (by < 0 ? steps.at(-2) : undefined) ?? steps.at(-1) ?? null;
    const beside = by > 0 ? steps.find((one) => one > step) : steps.findLast((one) => one < step);
    return beside ?? null;
  }
}

/** Values of two answers in log order, each once. */
function join(values: readonly ObjectValue[], more: readonly ObjectValue[]): ObjectValue[] {
  const known = new Set(values.map(({ writer, row }) => `${writer} ${row}`));
  const all = [...values, ...more.filter(({ writer, row }) => !known.has(`${writer} ${row}`))];
  return all.sort((a, b) => a.writer - b.writer || a.row - b.row);
}

const SPOKEN_RUNS = 3;
const MODE_WORDS: Readonly<Record<HistogramMode, string>> = {
  ridge: "ridges",
  overlay: "overlaid histograms",
  heat: "a heat map",
  bands: "quantile bands",
};

/** The sentence that stands for the histograms where they cannot be seen. */
export function sentence(key: string, mode: HistogramMode, runs: readonly HistogramRun[]): string {
  const told = runs.slice(0, SPOKEN_RUNS).map(({ label, values }) => {
    const { step, histogram } = values.at(-1)!;
    const of = (share: number) => formatValue(quantile(histogram, share));
    return `${label} at step ${groupDigits(step)}: from ${of(0)} to ${of(1)}, median ${of(0.5)}`;
  });
  const count = runs.length === 1 ? "1 run" : `${runs.length} runs`;
  return `${key} as ${MODE_WORDS[mode]}, ${count}. ${told.join("; ")}.`;
}

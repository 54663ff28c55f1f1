/** The charts of `wandb.plot`, out of the tables that they name. */

import { formatValue } from "../../base/numbers.ts";
import { slotOf } from "../../base/palette.ts";
import { rampColor } from "../../base/ramp.ts";
import type { ChartSpec } from "../../data/charts.ts";
import type { Cell, DataTable } from "../../data/tables.ts";
import {
  type Chart,
  type ChartMark,
  nameAxis,
  numberAxis,
  type RectsMark,
  zeroAxis,
} from "../../plots/chart.ts";
import { plainText } from "./table_rows.ts";

export interface Drawn {
  readonly run: string;
  readonly label: string;
  readonly color: string;
  readonly dash: readonly number[];
  readonly table: DataTable;
}

/** A chart, and whose it is where each run has one of its own. */
export interface PlacedChart {
  readonly run: string | null;
  readonly chart: Chart;
}

type Theme = "light" | "dark";
type Maker = (spec: ChartSpec, runs: readonly Drawn[], theme: Theme) => PlacedChart[];

/** A name without its version: `wandb/line/v0` is `line`. */
function presetOf({ preset }: ChartSpec): string {
  return /^wandb\/([\w-]+)\/v\d+$/.exec(preset)?.[1] ?? "";
}

export function isPreset(spec: ChartSpec): boolean {
  return presetOf(spec) in MAKERS;
}

/** The charts of a preset; none where no run has the columns that it needs. */
export function chartsOf(spec: ChartSpec, runs: readonly Drawn[], theme: Theme): PlacedChart[] {
  return MAKERS[presetOf(spec)]?.(spec, runs, theme) ?? [];
}

export function titleOf(spec: ChartSpec): string {
  return spec.strings.title?.trim() ?? "";
}

function numbers({ table }: Drawn, name: string | undefined): Float64Array | null {
  const at = table.columns.findIndex((column) => column.name === name);
  if (at < 0) return null;
  return Float64Array.from(table.rows, (row) => {
    const cell = row[at] ?? null;
    if (typeof cell === "number") return cell;
    return typeof cell === "string" && cell.trim() !== "" ? Number(cell) : Number.NaN;
  });
}

function texts({ table }: Drawn, name: string | undefined): string[] | null {
  const at = table.columns.findIndex((column) => column.name === name);
  return at < 0 ? null : table.rows.map((row) => plainText((row[at] ?? null) as Cell));
}

/** The rows of each value of a column, in the order in which the values come; one group without a column. */
function parted(names: readonly string[] | null, count: number): Map<string, number[]> {
  const parts = new Map<string, number[]>();
  for (let i = 0; i < count; i++) {
    const name = names?.[i] ?? "";
    const part = parts.get(name);
    if (part === undefined) parts.set(name, [i]);
    else part.push(i);
  }
  return parts;
}

const pick = (values: Float64Array, rows: readonly number[]) =>
  Float64Array.from(rows, (row) => values[row]!);

/** Dashes that tell the lines of one run apart. */
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3], [1, 3]];

/**
 * Lines of `y` over `x`, one for each run and value of `by`. A single run's lines have colours of their own;
 * those of several runs have the colour of the run, and dashes.
 */
function lineMarks(
  runs: readonly Drawn[],
  columns: { x: string | undefined; y: string | undefined; by: string | undefined },
  theme: Theme,
  isSorted: boolean,
): ChartMark[] {
  const usable = runs.flatMap((run) => {
    const [xs, ys] = [numbers(run, columns.x), numbers(run, columns.y)];
    return xs === null || ys === null ? [] : { run, xs, ys, names: texts(run, columns.by) };
  });
  return usable.flatMap(({ run, xs, ys, names }): ChartMark[] => {
    const parts = [...parted(names, xs.length)];
    return parts.map(([name, rows], i) => {
      const order = isSorted ? [...rows].sort((a, b) => xs[a]! - xs[b]!) : rows;
      const isAlone = usable.length === 1 && parts.length > 1;
      const own = slotOf(i);
      return {
        ...{ type: "line", run: run.run, xs: pick(xs, order), ys: pick(ys, order) },
        label:
          usable.length === 1 && name !== "" ? name : [run.label, name].filter(Boolean).join(" · "),
        color: isAlone ? own[theme] : run.color,
        dash: isAlone ? own.dash : parts.length > 1 ? DASHES[i % DASHES.length]! : run.dash,
      };
    });
  });
}

function valuesOf(marks: readonly ChartMark[], axis: "xs" | "ys"): Float64Array[] {
  return marks.flatMap((mark) => (mark.type === "rects" ? [] : [mark[axis]]));
}

function numberChart(marks: readonly ChartMark[], x: string, y: string): PlacedChart[] {
  if (marks.length === 0) return [];
  return [
    {
      run: null,
      chart: {
        x: numberAxis(x, valuesOf(marks, "xs")),
        y: numberAxis(y, valuesOf(marks, "ys")),
        marks,
      },
    },
  ];
}

const line: Maker = ({ fields }, runs, theme) => {
  const columns = { x: fields.x, y: fields.y, by: fields.stroke };
  return numberChart(lineMarks(runs, columns, theme, true), fields.x ?? "", fields.y ?? "");
};

const lineseries: Maker = ({ fields, strings }, runs, theme) => {
  const columns = { x: fields.step, y: fields.lineVal, by: fields.lineKey };
  const marks = lineMarks(runs, columns, theme, true);
  return numberChart(marks, strings.xname || fields.step || "", "");
};

const scatter: Maker = ({ fields }, runs) => {
  const marks = runs.flatMap((run): ChartMark[] => {
    const [xs, ys] = [numbers(run, fields.x), numbers(run, fields.y)];
    if (xs === null || ys === null) return [];
    return [{ type: "points", run: run.run, label: run.label, color: run.color, xs, ys }];
  });
  return numberChart(marks, fields.x ?? "", fields.y ?? "");
};

/** Bars that lie, so that their names can be read; those of several runs below one another. */
const bar: Maker = ({ fields }, runs) => {
  const usable = runs.flatMap((run) => {
    const [names, values] = [texts(run, fields.label), numbers(run, fields.value)];
    return names === null || values === null ? [] : { run, names, values };
  });
  if (usable.length === 0) return [];
  const names = [...new Set(usable.flatMap((one) => one.names))];
  const places = new Map(names.map((name, i) => [name, i]));
  const thick = 0.8 / usable.length;
  const marks = usable.map(({ run, names: own, values }, i): RectsMark => {
    const y0 = Float64Array.from(own, (name) => places.get(name)! + 0.1 + i * thick);
    return {
      ...{ type: "rects", run: run.run, label: run.label, color: run.color },
      x0: new Float64Array(values.length),
      x1: values,
      y0,
      y1: y0.map((top) => top + thick * (usable.length > 1 ? 0.92 : 1)),
    };
  });
  const chart: Chart = {
    x: zeroAxis(
      fields.value ?? "",
      marks.map(({ x1 }) => x1),
    ),
    y: nameAxis(fields.label ?? "", names),
    ...{ isUpsideDown: true, marks },
  };
  return [{ run: null, chart }];
};

const BINS = 30;

/** Counts in even bins that all runs share; of several runs as steps. */
const histogram: Maker = ({ fields }, runs, _theme) => {
  const usable = runs.flatMap((run) => {
    const values = numbers(run, fields.value)?.filter((value) => Number.isFinite(value));
    return values === undefined || values.length === 0 ? [] : { run, values };
  });
  if (usable.length === 0) return [];
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { values } of usable) {
    for (const value of values) {
      lo = Math.min(lo, value);
      hi = Math.max(hi, value);
    }
  }
  if (lo === hi) [lo, hi] = [lo - 0.5, hi + 0.5];
  const width = hi / BINS - lo / BINS;
  const thick = 1 / usable.length;
  const marks = usable.map(({ run, values }, i): RectsMark => {
    const counts = new Float64Array(BINS);
    for (const value of values) counts[Math.min(BINS - 1, Math.floor((value - lo) / width))]! += 1;
    const x0 = Float64Array.from(counts, (_, bin) => lo + (bin + 0.04 + i * thick * 0.92) * width);
    return {
      ...{ type: "rects", run: run.run, label: run.label, color: run.color },
      x0,
      x1: x0.map((left) => left + thick * 0.92 * width),
      y0: new Float64Array(BINS),
      y1: counts,
    };
  });
  const chart: Chart = {
    x: { title: fields.value ?? "", lo, hi, names: null },
    y: zeroAxis(
      "rows",
      marks.map(({ y1 }) => y1),
    ),
    marks,
  };
  return [{ run: null, chart }];
};

/** Precision over recall, and true positives over false ones: both axes are shares. */
const area: Maker = ({ fields, strings }, runs, theme) => {
  const columns = { x: fields.x, y: fields.y, by: fields.class };
  const marks = lineMarks(runs, columns, theme, false);
  if (marks.length === 0) return [];
  const isRoc = /fpr|false/i.test(fields.x ?? "");
  const chart: Chart = {
    x: { title: strings["x-axis-title"] || fields.x || "", lo: 0, hi: 1, names: null },
    y: { title: strings["y-axis-title"] || fields.y || "", lo: 0, hi: 1, names: null },
    ...{ marks, hasDiagonal: isRoc },
  };
  return [{ run: null, chart }];
};

/** A matrix for each run: what is there down, what was predicted across. */
const confusion: Maker = ({ fields }, runs, theme) =>
  runs.flatMap((run): PlacedChart[] => {
    const actual = texts(run, fields.Actual);
    const predicted = texts(run, fields.Predicted);
    const counts = numbers(run, fields.nPredictions);
    if (actual === null || predicted === null || counts === null) return [];
    const names = [...new Set([...actual, ...predicted])];
    const places = new Map(names.map((name, i) => [name, i]));
    const most = counts.reduce((a, b) => (b > a ? b : a), 0);
    const x0 = Float64Array.from(predicted, (name) => places.get(name)!);
    const y0 = Float64Array.from(actual, (name) => places.get(name)!);
    const mark: RectsMark = {
      ...{ type: "rects", run: run.run, label: run.label, color: run.color, x0, y0 },
      x1: x0.map((at) => at + 1),
      y1: y0.map((at) => at + 1),
      colors: Array.from(counts, (count) => shadeOf(most > 0 ? count / most : 0, theme)),
      texts: Array.from(counts, (count) => (count > 0 ? formatValue(count) : "")),
    };
    const chart: Chart = {
      x: nameAxis(fields.Predicted ?? "predicted", names),
      y: nameAxis(fields.Actual ?? "actual", names),
      ...{ isUpsideDown: true, marks: [mark] },
    };
    return [{ run: run.run, chart }];
  });

const EMPTY = { light: "#f4f5f7", dark: "#101318" } as const;

/** Nothing is the ground of the page; what is there, the ramp, by the square root, as counts differ widely. */
function shadeOf(share: number, theme: Theme): string {
  return share <= 0 ? EMPTY[theme] : rampColor(Math.sqrt(share))[theme];
}

const MAKERS: Readonly<Record<string, Maker>> = {
  line,
  lineseries,
  scatter,
  bar,
  histogram,
  "area-under-curve": area,
  confusion_matrix: confusion,
};

/** What a thing of a chart is, as names and values. */
export function factsOf(chart: Chart, mark: ChartMark, index: number): [string, string][] {
  const { x, y } = chart;
  const nameAt = (axis: Chart["x"], from: number, to: number): string =>
    axis.names?.[Math.floor((from + to) / 2)] ?? `${formatValue(from)} to ${formatValue(to)}`;
  if (mark.type !== "rects") {
    return [
      [x.title || "x", formatValue(mark.xs[index]!)],
      [y.title || "y", formatValue(mark.ys[index]!)],
    ];
  }
  const [x0, x1] = [mark.x0[index]!, mark.x1[index]!];
  const [y0, y1] = [mark.y0[index]!, mark.y1[index]!];
  if (x.names !== null && y.names !== null) {
    return [
      [y.title, nameAt(y, y0, y1)],
      [x.title, nameAt(x, x0, x1)],
      ["count", mark.texts?.[index] || "0"],
    ];
  }
  if (y.names !== null) {
    return [
      [y.title, nameAt(y, y0, y1)],
      [x.title, formatValue(x1)],
    ];
  }
  return [
    [x.title, x.names === null ? nameAt(x, x0, x1) : nameAt(x, x0, x1)],
    [y.title, formatValue(y1)],
  ];
}

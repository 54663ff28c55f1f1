/**
 * Figures of plotly as charts of ours: lines, points, bars, histograms and heat maps on one pair of axes. Colours
 * and titles are kept; what else a layout says is not. Facts: plotly's figure reference, and its packed arrays
 * (`{"dtype": "f8", "bdata": base64, "shape"?}`).
 */

import { formatValue } from "../../base/numbers.ts";
import { slotOf } from "../../base/palette.ts";
import { rampColor } from "../../base/ramp.ts";
import {
  type Chart,
  type ChartAxis,
  type ChartMark,
  nameAxis,
  numberAxis,
  type RectsMark,
  zeroAxis,
} from "../../plots/chart.ts";

type Theme = "light" | "dark";
type Json = Readonly<Record<string, unknown>>;

export interface Figure {
  readonly title: string;
  /** Null: a figure of a kind that is not drawn here. */
  readonly chart: Chart | null;
  /** The kinds of its traces. */
  readonly kinds: readonly string[];
}

const MOST_TRACES = 60;
const BINS = 30;
const DRAWN = new Set(["scatter", "scattergl", "bar", "histogram", "heatmap"]);

export function figureIn(found: unknown, run: string, theme: Theme): Figure {
  const { data, layout } = objectIn(found);
  const traces = (Array.isArray(data) ? data.slice(0, MOST_TRACES) : []).map(objectIn);
  const kinds = [
    ...new Set(traces.map(({ type }) => (typeof type === "string" ? type : "scatter"))),
  ];
  const looks = objectIn(layout);
  const title = textIn(looks.title);
  const isDrawn =
    kinds.length > 0 && kinds.every((kind) => DRAWN.has(kind)) && !hasMoreAxes(traces);
  if (!isDrawn) return { title, chart: null, kinds };
  const [x, y] = [textIn(objectIn(looks.xaxis).title), textIn(objectIn(looks.yaxis).title)];
  const chart = chartOf(traces, { run, theme, x, y });
  return { title, chart, kinds };
}

/** Several pairs of axes are several charts in one figure. */
function hasMoreAxes(traces: readonly Json[]): boolean {
  return new Set(traces.map(({ xaxis = "x", yaxis = "y" }) => `${xaxis} ${yaxis}`)).size > 1;
}

interface Around {
  run: string;
  theme: Theme;
  x: string;
  y: string;
}

function chartOf(traces: readonly Json[], around: Around): Chart | null {
  if (traces.some(({ type }) => type === "heatmap")) return heatOf(traces, around);
  const isAll = (type: string) => traces.every((trace) => trace.type === type);
  if (isAll("histogram")) return histogramOf(traces, around);
  const isLying = isAll("bar") && traces.every(({ orientation }) => orientation === "h");
  const xs = new Places(traces.map(({ x, y }) => listOf(x) ?? countTo(listOf(y)?.length ?? 0)));
  const ys = new Places(traces.map(({ x, y }) => listOf(y) ?? countTo(listOf(x)?.length ?? 0)));
  const bars = traces.filter(({ type }) => type === "bar").length;
  let bar = 0;
  const marks = traces.flatMap((trace, i): ChartMark[] => {
    const common = {
      run: around.run,
      label: labelOf(trace, i),
      color: colorOf(trace, i, around.theme),
    };
    if (trace.type !== "bar") return scatterOf(trace, common, xs.of(i), ys.of(i));
    const [along, across] = isLying ? [ys.of(i), xs.of(i)] : [xs.of(i), ys.of(i)];
    const wide = (isLying ? ys : xs).gap() * 0.8;
    const low = along.map((at) => at - wide / 2 + (bar * wide) / bars);
    bar += 1;
    const sides = { low, high: low.map((at) => at + wide / bars) };
    const zero = new Float64Array(across.length);
    const places = isLying
      ? { x0: zero, x1: across, y0: sides.low, y1: sides.high }
      : { x0: sides.low, x1: sides.high, y0: zero, y1: across };
    return [{ type: "rects", ...common, ...places }];
  });
  if (marks.length === 0) return null;
  const axisOf = (
    places: Places,
    title: string,
    isValue: boolean,
    sides: Float64Array[],
  ): ChartAxis => {
    if (places.names !== null) return nameAxis(title, places.names);
    return isValue ? zeroAxis(title, sides) : numberAxis(title, sides);
  };
  const sidesOf = (axis: "x" | "y") =>
    marks.flatMap((mark) =>
      mark.type === "rects" ? [mark[`${axis}0`], mark[`${axis}1`]] : [mark[`${axis}s`]],
    );
  return {
    x: axisOf(xs, around.x, bars > 0 && isLying, sidesOf("x")),
    y: axisOf(ys, around.y, bars > 0 && !isLying, sidesOf("y")),
    marks,
  };
}

type Common = Pick<ChartMark, "run" | "label" | "color">;

function scatterOf(trace: Json, common: Common, xs: Float64Array, ys: Float64Array): ChartMark[] {
  const mode = typeof trace.mode === "string" ? trace.mode : "lines";
  const marks: ChartMark[] = [];
  if (mode.includes("lines")) marks.push({ type: "line", ...common, xs, ys, dash: [] });
  if (mode.includes("markers")) marks.push({ type: "points", ...common, xs, ys });
  return marks;
}

function histogramOf(traces: readonly Json[], { run, theme, x, y }: Around): Chart | null {
  const lists = traces.map((trace) => numbersOf(trace.x ?? trace.y));
  const all = lists.flatMap((list) => [...list]).filter(Number.isFinite);
  if (all.length === 0) return null;
  let [lo, hi] = all.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as [number, number]);
  if (lo === hi) [lo, hi] = [lo - 0.5, hi + 0.5];
  const width = (hi - lo) / BINS;
  const marks = lists.map((list, i): RectsMark => {
    const counts = new Float64Array(BINS);
    for (const value of list) {
      if (Number.isFinite(value))
        counts[Math.min(BINS - 1, Math.floor((value - lo) / width))]! += 1;
    }
    const part = width / lists.length;
    const x0 = Float64Array.from(counts, (_, bin) => lo + bin * width + i * part);
    return {
      ...{
        type: "rects",
        run,
        label: labelOf(traces[i]!, i),
        color: colorOf(traces[i]!, i, theme),
      },
      x0,
      x1: x0.map((left) => left + 0.94 * part),
      y0: new Float64Array(BINS),
      y1: counts,
    };
  });
  return {
    x: { title: x, lo, hi, names: null },
    y: zeroAxis(
      y || "count",
      marks.map(({ y1 }) => y1),
    ),
    marks,
  };
}

function heatOf(traces: readonly Json[], { run, theme, x, y }: Around): Chart | null {
  const [trace] = traces;
  const rows = traces.length === 1 ? gridOf(trace!.z) : null;
  if (rows === null || rows.length === 0) return null;
  const width = Math.max(...rows.map((row) => row.length));
  const values = rows.flatMap((row) => row.filter(Number.isFinite));
  const lo = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const hi = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const cells = rows.flatMap((row, j) => row.map((value, i) => ({ i, j, value })));
  const texts = (list: readonly unknown[] | null, count: number) =>
    Array.from({ length: count }, (_, i) => String(list?.[i] ?? i));
  const x0 = Float64Array.from(cells, ({ i }) => i);
  const y0 = Float64Array.from(cells, ({ j }) => j);
  const mark: RectsMark = {
    ...{ type: "rects", run, label: labelOf(trace!, 0), color: colorOf(trace!, 0, theme), x0, y0 },
    x1: x0.map((at) => at + 1),
    y1: y0.map((at) => at + 1),
    colors: cells.map(({ value }) => rampColor(hi > lo ? (value - lo) / (hi - lo) : 0.5)[theme]),
    texts: cells.map(({ value }) => formatValue(value)),
  };
  return {
    x: nameAxis(x, texts(listOf(trace!.x), width)),
    y: nameAxis(y, texts(listOf(trace!.y), rows.length)),
    marks: [mark],
  };
}

/** Where the values of an axis stand: numbers where they are, names from 0 on as they come. */
class Places {
  readonly names: readonly string[] | null;
  private readonly indices = new Map<string, number>();

  constructor(private readonly lists: readonly (readonly unknown[])[]) {
    const isNumbers = lists.every((list) =>
      list.every((value) => value === null || typeof value === "number"),
    );
    if (!isNumbers) {
      for (const list of lists) {
        for (const value of list) {
          const name = String(value);
          if (!this.indices.has(name)) this.indices.set(name, this.indices.size);
        }
      }
    }
    this.names = isNumbers ? null : [...this.indices.keys()];
  }

  of(list: number): Float64Array {
    return Float64Array.from(this.lists[list]!, (value) => {
      if (this.names !== null) return this.indices.get(String(value))! + 0.5;
      return typeof value === "number" ? value : Number.NaN;
    });
  }

  /** The least distance of two numbers. */
  gap(): number {
    if (this.names !== null) return 1;
    const all = [...new Set(this.lists.flat().filter((value) => typeof value === "number"))];
    const sorted = (all as number[]).sort((a, b) => a - b);
    const gaps = sorted.slice(1).map((value, i) => value - sorted[i]!);
    return gaps.length === 0 ? 1 : gaps.reduce((a, b) => Math.min(a, b));
  }
}

// ---- the parts of a figure

function objectIn(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Json)
    : {};
}

/** A title is a text, or an object with one. */
function textIn(value: unknown): string {
  const text = typeof value === "string" ? value : objectIn(value).text;
  // Figures format their texts with tags.
  return typeof text === "string"
    ? text
        .replace(/<[^>]*>/g, " ")
        .trim()
        .slice(0, 300)
    : "";
}

function labelOf({ name }: Json, number: number): string {
  return typeof name === "string" && name !== "" ? name : `trace ${number + 1}`;
}

function colorOf(trace: Json, number: number, theme: Theme): string {
  const colors = [objectIn(trace.line).color, objectIn(trace.marker).color];
  const found = colors.find((color) => typeof color === "string" && /^#[\da-f]{6}$/i.test(color));
  return typeof found === "string" ? found : slotOf(number)[theme];
}

function countTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

type Reader = readonly [size: number, read: (view: DataView, at: number) => number];
const READERS: Readonly<Record<string, Reader>> = {
  f8: [8, (view, at) => view.getFloat64(at, true)],
  f4: [4, (view, at) => view.getFloat32(at, true)],
  i1: [1, (view, at) => view.getInt8(at)],
  u1: [1, (view, at) => view.getUint8(at)],
  i2: [2, (view, at) => view.getInt16(at, true)],
  u2: [2, (view, at) => view.getUint16(at, true)],
  i4: [4, (view, at) => view.getInt32(at, true)],
  u4: [4, (view, at) => view.getUint32(at, true)],
};

/** A list as it is, or one that is packed; null for what is neither. */
function listOf(value: unknown): unknown[] | null {
  if (Array.isArray(value)) return value;
  const { dtype, bdata } = objectIn(value);
  const reader = READERS[typeof dtype === "string" ? dtype.replace(/^[<|]/, "") : ""];
  if (reader === undefined || typeof bdata !== "string") return null;
  const [size, read] = reader;
  let bytes: string;
  try {
    bytes = atob(bdata);
  } catch {
    return null;
  }
  const view = new DataView(Uint8Array.from(bytes, (one) => one.charCodeAt(0)).buffer);
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => read(view, i * size));
}

function numbersOf(value: unknown): Float64Array {
  return Float64Array.from(listOf(value) ?? [], (one) =>
    typeof one === "number" ? one : Number.NaN,
  );
}

/** Rows of numbers: lists of lists, or one packed list with its shape. */
function gridOf(value: unknown): number[][] | null {
  const list = listOf(value);
  if (list === null) return null;
  const { shape } = objectIn(value);
  if (typeof shape === "string") {
    const width = Number(shape.split(",")[1]);
    if (!(width >= 1)) return null;
    const rows = Math.floor(list.length / width);
    return Array.from({ length: rows }, (_, j) =>
      list.slice(j * width, (j + 1) * width).map(Number),
    );
  }
  return list.map((row) => [...numbersOf(row)]);
}

/** What a thing of a figure is, as names and values. */
export function factsOf({ x, y }: Chart, mark: ChartMark, index: number): [string, string][] {
  const at = (axis: ChartAxis, from: number, to: number) =>
    axis.names?.[Math.floor((from + to) / 2)] ?? formatValue((from + to) / 2);
  if (mark.type !== "rects") {
    const [left, top] = [mark.xs[index]!, mark.ys[index]!];
    return [
      [x.title || "x", at(x, left, left)],
      [y.title || "y", at(y, top, top)],
    ];
  }
  const [x0, x1, y0, y1] = [mark.x0, mark.x1, mark.y0, mark.y1].map((list) => list[index]!) as [
    ...[number, number],
    ...[number, number],
  ];
  if (mark.texts !== undefined) {
    return [
      [x.title || "x", at(x, x0, x1)],
      [y.title || "y", at(y, y0, y1)],
      ["value", mark.texts[index]!],
    ];
  }
  // A bar reaches from 0 to its value.
  const isLying = x0 === 0 && y0 !== 0;
  return [
    [x.title || "x", isLying ? formatValue(x1) : at(x, x0, x1)],
    [y.title || "y", isLying ? at(y, y0, y1) : formatValue(y1)],
  ];
}

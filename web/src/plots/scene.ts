/**
 * What a plot shows, worked out for a size and not yet painted: scales, ticks, and a trace of each line.
 *
 * Traces are kept as long as the x axis is the same, so that showing one run more traces one line.
 */
import { linearScale, type Scale } from "../base/scale.ts";
import type { AxisKind, Ticks } from "../base/ticks.ts";
import { type Axis, layXAxis, layYAxis, type MeasureText } from "./axes.ts";
import { bandLines } from "./bands.ts";
import { curveOf, rawOf } from "./curve.ts";
import { type FittedY, fitX, fitY } from "./fit.ts";
import { countClipped } from "./outliers.ts";
import { piecesOf } from "./pieces.ts";
import type { Band, Clip, Line, LinePlotOptions, XKind } from "./plot_types.ts";
import type { Series } from "./series.ts";
import { Trace } from "./trace.ts";

/** One line or a piece of it, as it is painted. */
export interface Stroke {
  readonly line: Line;
  readonly trace: Trace;
  /** 0 to 1. */
  readonly alpha: number;
  /** Raw values behind smoothed ones: no marks, nothing to point at. */
  readonly isBehind: boolean;
  readonly isRestart: boolean;
}

export interface BandStroke {
  readonly band: Band;
  readonly center: Trace;
}

/** In device pixels. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  /** Of the canvas, in device pixels. */
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

/** Around the plot area, in CSS pixels. */
const PAD = { left: 40, right: 10, top: 6, bottom: 20 };
/** The same without axes. */
const BARE_PAD = { left: 6, right: 6, top: 4, bottom: 6 };
export const LABEL_GAP = 6;
/** Of raw values behind smoothed ones, and of the runs of a group. */
const RAW_ALPHA = 0.2;
const MEMBER_ALPHA = 0.25;

const AXIS_KINDS: Readonly<Record<XKind, AxisKind>> = {
  step: "whole",
  relative: "duration",
  wall: "wall",
  metric: "number",
};

interface Plan {
  readonly line: Line;
  readonly series: Series;
  readonly alpha: number;
  readonly isBehind: boolean;
  readonly isRestart: boolean;
}

export class Scene {
  strokes: readonly Stroke[] = [];
  bandStrokes: readonly BandStroke[] = [];
  xScale: Scale = linearScale(0, 1, 0, 1);
  yScale: Scale = linearScale(0, 1, 1, 0);
  yTicks: Ticks = { values: [], labels: [] };
  xAxis: Axis = { lines: [], labels: [] };
  size: Size = { width: 1, height: 1, ratio: 1 };
  /** Room for the labels of y, in CSS pixels. */
  gutter = PAD.left;
  /** Whether the y axis leaves out values in view because they are outliers. */
  isClipped = false;
  private plans: readonly Plan[] = [];
  private traces = new Map<Series, Trace>();
  /** What the traces were made for; another key makes them anew. */
  private traceKey = "";
  private fitted: { key: string; y: FittedY } | null = null;
  private counted: readonly Clip[] | null = null;

  constructor(
    public lines: readonly Line[],
    public bands: readonly Band[],
    public options: LinePlotOptions,
  ) {
    this.set(lines, bands, options);
  }

  set(lines: readonly Line[], bands: readonly Band[], options: LinePlotOptions): void {
    this.lines = lines;
    this.bands = bands;
    this.options = options;
    this.plans = lines.flatMap((line) => plansOf(line, options));
    this.fitted = null;
  }

  /** Shows another part. */
  look(view: LinePlotOptions["view"], yRange: LinePlotOptions["yRange"]): void {
    this.options = { ...this.options, view, yRange };
  }

  /** The plot area in whole device pixels from the canvas's corner. */
  area(): Area {
    const pad = this.options.isBare ? BARE_PAD : { ...PAD, left: this.gutter };
    const { width, height, ratio } = this.size;
    const left = Math.round(pad.left * ratio);
    const top = Math.round(pad.top * ratio);
    return {
      ...{ left, top },
      width: Math.max(1, width - left - Math.round(pad.right * ratio)),
      height: Math.max(1, height - top - Math.round(pad.bottom * ratio)),
    };
  }

  /** Works everything out for a size. */
  lay(size: Size, measure: MeasureText): void {
    this.size = size;
    const { ratio } = size;
    this.layData();
    if (this.options.isBare) {
      this.yTicks = { values: [], labels: [] };
      this.xAxis = { lines: [], labels: [] };
      return;
    }
    this.yTicks = layYAxis(this.yScale, this.area().height / ratio, ratio);
    const wanted = this.gutterFor(this.yTicks.labels, measure);
    if (wanted !== this.gutter) {
      this.gutter = wanted;
      this.layData();
    }
    const { left, width } = this.area();
    this.xAxis = layXAxis(
      this.xScale,
      AXIS_KINDS[this.options.xKind],
      { left: left / ratio, width: width / ratio, canvas: size.width / ratio, ratio },
      measure,
    );
  }

  /** The scale of x for the options as they are now, which need not be laid out yet. */
  nextXScale(): Scale {
    return fitX(this.positions(), this.options, this.area().width);
  }

  nextYScale(): Scale {
    return this.fitY(this.area().height).scale;
  }

  clips(): readonly Clip[] {
    if (!this.isClipped) return [];
    this.counted ??= countClipped(this.lines, this.xScale, this.yScale);
    return this.counted;
  }

  private layData(): void {
    const { width, height } = this.area();
    this.trace(width);
    const { scale, isClipped } = this.fitY(height);
    this.yScale = scale;
    this.isClipped = isClipped;
    this.counted = null;
  }

  private positions(): Series[] {
    return [
      ...this.lines.map((line) => line.series),
      ...this.bands.map((band) => bandLines(band.series).center),
    ];
  }

  private fitY(height: number): FittedY {
    const { yRange, yLog, outliers, yShared = null } = this.options;
    const key = [this.traceKey, yRange?.join(",") ?? "", yLog, outliers, height].join("|");
    if (this.fitted?.key !== key) {
      const y = fitY([...this.traces.values()], this.options, height, this.leading());
      this.fitted = { key, y };
    }
    const { y } = this.fitted;
    if (yShared === null || yRange !== null) return y;
    const options = { ...this.options, yRange: yShared };
    return { ...fitY([...this.traces.values()], options, height), isClipped: y.isClipped };
  }

  /** What the y axis would span by itself; null where it is zoomed, or nothing has a place on it. */
  ownY(): readonly [number, number] | null {
    if (this.options.yRange !== null || this.fitted === null) return null;
    const hasValues = [...this.traces.values()].some((trace) => trace.yMin <= trace.yMax);
    const { lo, hi } = this.fitted.y.scale;
    return hasValues ? [lo, hi] : null;
  }

  /** The traces of what the plot is about: not of raw values behind smoothed ones, nor of runs behind their groups. */
  private leading(): Trace[] {
    const faint = new Set<Series>();
    for (const { series, line, isBehind } of this.plans) {
      if (isBehind || (line.role === "member" && this.bands.length > 0)) faint.add(series);
    }
    const leading: Trace[] = [];
    for (const [series, trace] of this.traces) if (!faint.has(series)) leading.push(trace);
    return leading;
  }

  /** Makes the traces of series that have none for this view, and keeps the others. */
  private trace(width: number): void {
    const scale = fitX(this.positions(), this.options, width);
    const key = [scale.kind, scale.lo, scale.hi, scale.threshold, width].join("|");
    const before = this.traces;
    const wanted = new Set<Series>();
    for (const { series } of this.plans) wanted.add(series);
    const edges = this.bands.map(({ series }) => bandLines(series));
    this.bands.forEach(({ isShaded }, i) => {
      const { center, lo, hi } = edges[i]!;
      wanted.add(center);
      // The edges are traced for the y axis, which fits them too.
      if (isShaded) for (const edge of [lo, hi]) wanted.add(edge);
    });
    const free: Trace[] = [];
    const kept = new Map<Series, Trace>();
    for (const [series, trace] of before) {
      if (key === this.traceKey && wanted.has(series)) kept.set(series, trace);
      else free.push(trace);
    }
    const isSame = kept.size === wanted.size && kept.size === before.size;
    this.traces = new Map();
    for (const series of wanted) {
      let trace = kept.get(series);
      if (trace === undefined) {
        trace = free.pop() ?? new Trace();
        trace.make(series, scale, width);
      }
      this.traces.set(series, trace);
    }
    if (!isSame) this.fitted = null;
    this.strokes = this.plans.map((plan) => ({ ...plan, trace: this.traces.get(plan.series)! }));
    this.bandStrokes = this.bands.map((band, i) => ({
      band,
      center: this.traces.get(edges[i]!.center)!,
    }));
    this.traceKey = key;
    this.xScale = scale;
  }

  /** Room for the widest label; in steps, so that the plot does not twitch as labels change. */
  private gutterFor(labels: readonly string[], measure: MeasureText): number {
    let widest = 0;
    for (const text of labels) widest = Math.max(widest, measure(text));
    const steps = Math.max(0, Math.ceil((widest + LABEL_GAP + 4 - PAD.left) / 8));
    const most = Math.max(PAD.left, this.size.width / this.size.ratio / 2);
    return Math.min(PAD.left + steps * 8, most);
  }
}

/** A line's pieces, each with its raw values behind it where it is smoothed. */
function plansOf(line: Line, { restarts = "joined" }: LinePlotOptions): Plan[] {
  const full = line.role === "member" ? MEMBER_ALPHA : 1;
  return piecesOf(line.series, restarts).flatMap(({ series, strength, isRestart }) => {
    const alpha = full * strength;
    const curve = curveOf(series);
    const drawn = { line, series: curve ?? series, alpha, isBehind: false, isRestart };
    if (curve === null || line.role === "member") return [drawn];
    const raw = { line, series: rawOf(series), alpha: RAW_ALPHA * strength };
    return [{ ...raw, isBehind: true, isRestart: false }, drawn];
  });
}

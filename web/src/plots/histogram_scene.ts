/**
 * Where histograms of several runs stand: a field for each run, all on one scale of values and one of density.
 *
 * "ridge" sets each histogram off by its position, "overlay" lays all over one another, "heat" has a column for each and
 * colours by density, "bands" draws the quantiles over the positions.
 */
import { linearScale, type Scale } from "../base/scale.ts";
import {
  BASIS_POINTS,
  bucketOf,
  countBetween,
  type Histogram,
  outline,
  quantile,
  valueRange,
} from "./histogram.ts";

export type HistogramMode = "ridge" | "overlay" | "heat" | "bands";

/** One logged histogram. */
export interface HistogramAt {
  /** Its position on the axis that is chosen: a step, or seconds. */
  readonly x: number;
  readonly step: number;
  readonly histogram: Histogram;
}

export interface HistogramRun {
  readonly run: string;
  readonly label: string;
  /** Any CSS colour. */
  readonly color: string;
  /** By ascending x. */
  readonly values: readonly HistogramAt[];
}

export interface SceneOptions {
  readonly mode: HistogramMode;
  /** Densities by their logarithm. */
  readonly isLog: boolean;
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
}

/** The field of a run: its plot area in CSS pixels. */
export interface Field {
  readonly run: HistogramRun;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What is under the pointer. */
export interface HistogramHit {
  readonly run: HistogramRun;
  readonly at: HistogramAt;
  /** The value at the pointer. */
  readonly value: number;
  /** The bucket that the value lies in; null: outside of all. */
  readonly bucket: { readonly from: number; readonly to: number; readonly count: number } | null;
}

export interface HeatColumn {
  readonly at: HistogramAt;
  readonly left: number;
  readonly right: number;
  /** Strength of each row of CSS pixels from the top, 0 to 1. */
  readonly rows: Float32Array;
}

/** A name above, labels below and beside, in CSS pixels. */
const NAME = 16;
const AXIS = 18;
const GUTTER = 44;
const GAP = 8;
const LEAST = { width: 150, height: 104 };
/** The share of a field's height that the front ridge may rise to. */
const RISE = 0.42;
/** A bucket on the page is at least this wide, in CSS pixels. */
const NARROWEST_PX = 3;
/** Standard buckets in the range of values: what a density is counted in before its logarithm is taken. */
const STANDARD = 30;
/** What any count at all shows of, so that no tail is lost in the background. */
const FAINTEST = 0.07;

/** How many runs have room. */
export function roomFor(width: number, height: number): number {
  const columns = Math.max(1, Math.floor((width + GAP) / (LEAST.width + GAP)));
  const rows = Math.max(1, Math.floor((height + GAP) / (LEAST.height + GAP)));
  return columns * rows;
}

export class HistogramScene {
  readonly fields: readonly Field[];
  /** Of values, over the width or the height of a field; pixels from its left or its bottom edge. */
  readonly values: Scale;
  /** Of positions; pixels from the left, or for ridges from the top to the base line. */
  readonly xs: Scale;
  /** The largest density (or its logarithm), which is as high or as strong as can be. */
  private readonly peak: number;
  private readonly unit: number;
  private readonly columns: ReadonlyMap<Field, readonly HeatColumn[]>;

  constructor(
    runs: readonly HistogramRun[],
    readonly options: SceneOptions,
  ) {
    this.fields = layFields(runs, options);
    const { width = 1, height = 1 } = this.fields[0] ?? {};
    const all = runs.flatMap(({ values }) => values);
    const [lo, hi] = valueRange(all.map(({ histogram }) => histogram));
    this.unit = (hi - lo) / STANDARD;
    this.values = this.isUpright ? linearScale(lo, hi, 0, height) : linearScale(lo, hi, 0, width);
    const [from, to] = extentOf(all);
    this.xs = this.isUpright
      ? linearScale(from, to, 0, width)
      : linearScale(from, to, height * RISE, height);
    this.columns = new Map(
      options.mode === "heat" ? this.fields.map((field) => [field, this.heatOf(field)]) : [],
    );
    this.peak = options.mode === "heat" ? this.heatPeak() : this.outlinePeak(all);
    for (const columns of this.columns.values()) {
      for (const { rows } of columns) {
        rows.forEach((density, i) => {
          if (density > 0) rows[i] = FAINTEST + (1 - FAINTEST) * (density / this.peak);
        });
      }
    }
  }

  /** Whether values go upwards, and positions to the right. */
  get isUpright(): boolean {
    return this.options.mode === "heat" || this.options.mode === "bands";
  }

  private scaled(density: number): number {
    return this.options.isLog ? Math.log10(1 + density * this.unit) : density;
  }

  private get narrowest(): number {
    const { width = 1 } = this.fields[0] ?? {};
    return ((this.values.hi - this.values.lo) / width) * NARROWEST_PX;
  }

  private outlinePeak(all: readonly HistogramAt[]): number {
    let peak = 0;
    for (const { histogram } of all) {
      const points = outline(histogram, this.narrowest);
      for (let i = 1; i < points.length; i += 2) peak = Math.max(peak, this.scaled(points[i]!));
    }
    return peak || 1;
  }

  private heatPeak(): number {
    let peak = 0;
    for (const columns of this.columns.values()) {
      for (const { rows } of columns) for (const density of rows) peak = Math.max(peak, density);
    }
    return peak || 1;
  }

  // ---- ridges and overlays

  /** The base line of a histogram, in CSS pixels from the canvas's top. */
  baseOf(field: Field, at: HistogramAt): number {
    return field.top + (this.options.mode === "ridge" ? this.xs.toPixel(at.x) : field.height);
  }

  /** Height of a density above the base line, in CSS pixels. */
  rise(field: Field, density: number): number {
    const room = this.options.mode === "ridge" ? RISE * field.height : field.height - 4;
    return (this.scaled(density) / this.peak) * room;
  }

  /** The outline of a histogram in its field: x and y in turn, in CSS pixels of the canvas. */
  outlineOf(field: Field, at: HistogramAt): Float64Array {
    const points = outline(at.histogram, this.narrowest);
    const base = this.baseOf(field, at);
    for (let i = 0; i < points.length; i += 2) {
      points[i] = field.left + this.values.toPixel(points[i]!);
      points[i + 1] = base - this.rise(field, points[i + 1]!);
    }
    return points;
  }

  // ---- heat

  heat(field: Field): readonly HeatColumn[] {
    return this.columns.get(field) ?? [];
  }

  private heatOf(field: Field): HeatColumn[] {
    const { values } = field.run;
    const { height } = field;
    const places = values.map(({ x }) => this.xs.toPixel(x));
    return values.map((at, i) => {
      const left = i === 0 ? 0 : (places[i - 1]! + places[i]!) / 2;
      const right = i + 1 === values.length ? field.width : (places[i]! + places[i + 1]!) / 2;
      const rows = new Float32Array(height);
      for (let row = 0; row < height; row++) {
        const lo = this.values.toValue(height - row - 1);
        const hi = this.values.toValue(height - row);
        const count = countBetween(at.histogram, lo, hi);
        rows[row] = this.scaled(count / (hi - lo));
      }
      return { at, left: field.left + left, right: field.left + right, rows };
    });
  }

  // ---- quantiles

  /** The basis points of each histogram with values, from the smallest up, in CSS pixels of the canvas. */
  bandsOf(field: Field): readonly { readonly left: number; readonly tops: readonly number[] }[] {
    return field.run.values.flatMap(({ x, histogram }) => {
      if (histogram.total === 0) return [];
      const tops = BASIS_POINTS.map(
        (point) =>
          field.top + field.height - this.values.toPixel(quantile(histogram, point / 10000)),
      );
      return [{ left: field.left + this.xs.toPixel(x), tops }];
    });
  }

  // ---- what is where

  /** The histogram of a run at or before a step; the one of the largest such step. */
  atStep(run: HistogramRun, step: number): HistogramAt | null {
    let best: HistogramAt | null = null;
    for (const at of run.values) {
      if (at.step <= step && (best === null || at.step >= best.step)) best = at;
    }
    return best;
  }

  hitAt(left: number, top: number): HistogramHit | null {
    const field = this.fields.find(
      (one) =>
        left >= one.left &&
        left <= one.left + one.width &&
        top >= one.top &&
        top <= one.top + one.height,
    );
    if (field === undefined || field.run.values.length === 0) return null;
    const value = this.values.toValue(
      this.isUpright ? field.top + field.height - top : left - field.left,
    );
    const at = this.isUpright
      ? nearest(field.run.values, ({ x }) => Math.abs(field.left + this.xs.toPixel(x) - left))
      : this.outlineAt(field, value, top);
    const index = bucketOf(at.histogram, value);
    const { edges, counts } = at.histogram;
    const bucket =
      index === null ? null : { from: edges[index]!, to: edges[index + 1]!, count: counts[index]! };
    return { run: field.run, at, value, bucket };
  }

  /** The ridge that is seen at a place: the front one that covers it, else the one with the nearest outline. */
  private outlineAt(field: Field, value: number, top: number): HistogramAt {
    const crest = (at: HistogramAt) => {
      const index = bucketOf(at.histogram, value);
      if (index === null) return this.baseOf(field, at);
      const { edges, counts } = at.histogram;
      const width = Math.max(edges[index + 1]! - edges[index]!, this.narrowest);
      return this.baseOf(field, at) - this.rise(field, counts[index]! / width);
    };
    const { values } = field.run;
    if (this.options.mode === "ridge") {
      for (let i = values.length - 1; i >= 0; i--) {
        const at = values[i]!;
        if (top <= this.baseOf(field, at) + 0.5 && top >= crest(at) - 0.5) return at;
      }
    }
    return nearest(values, (at) => Math.abs(crest(at) - top));
  }
}

function nearest(
  values: readonly HistogramAt[],
  distance: (at: HistogramAt) => number,
): HistogramAt {
  let best = values[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const at of values) {
    const away = distance(at);
    // Of two at one place, the one that was logged last is seen.
    if (away > least) continue;
    least = away;
    best = at;
  }
  return best;
}

function extentOf(all: readonly HistogramAt[]): [number, number] {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { x } of all) {
    if (x < lo) lo = x;
    if (x > hi) hi = x;
  }
  return lo < hi ? [lo, hi] : lo > hi ? [0, 1] : [lo - 0.5, lo + 0.5];
}

function layFields(runs: readonly HistogramRun[], { width, height, mode }: SceneOptions): Field[] {
  if (runs.length === 0) return [];
  const columns = columnsFor(runs.length, width, height);
  const rows = Math.ceil(runs.length / columns);
  const cell = {
    width: (width - GAP * (columns - 1)) / columns,
    height: (height - GAP * (rows - 1)) / rows,
  };
  // A single run has no name above it: the panel's list says which one it is.
  const name = runs.length > 1 ? NAME : 4;
  const isUpright = mode === "heat" || mode === "bands";
  const [before, after] = isUpright ? [GUTTER, 4] : [6, mode === "ridge" ? GUTTER : 6];
  return runs.map((run, i) => ({
    run,
    left: Math.round((i % columns) * (cell.width + GAP)) + before,
    top: Math.round(Math.floor(i / columns) * (cell.height + GAP)) + name,
    width: Math.max(8, Math.floor(cell.width - before - after)),
    height: Math.max(8, Math.floor(cell.height - name - AXIS)),
  }));
}

/** As many columns as make the fields' shape the most even one. */
function columnsFor(count: number, width: number, height: number): number {
  const most = Math.max(1, Math.min(count, Math.floor((width + GAP) / (LEAST.width + GAP))));
  let best = 1;
  let least = Number.POSITIVE_INFINITY;
  for (let columns = 1; columns <= most; columns++) {
    const rows = Math.ceil(count / columns);
    const shape = Math.abs(Math.log(width / columns / (height / rows) / 1.6));
    const empty = (columns * rows - count) / count;
    if (shape + empty < least) {
      least = shape + empty;
      best = columns;
    }
  }
  return best;
}

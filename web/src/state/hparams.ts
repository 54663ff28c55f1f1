/**
 * The hyperparameters page of a workspace: the runs that can be brushed, their axes, and the brushes, which are
 * nothing but parts of the page's run filter.
 */
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { getRuns } from "../data/api.ts";
import type { Json, Run } from "../data/wire.ts";
import {
  type AxisValue,
  makeAxis,
  type ParallelAxis,
  suggestScale,
} from "../plots/parallel_axis.ts";
import { type Brush, type Brushes, passes, readBrushes, textOf, writeBrushes } from "./brushes.ts";
import { type AxisSpec, isMetric, readAxis, suggestAxes, writeAxis } from "./hparam_axes.ts";
import { paced } from "./pace.ts";
import { RunList } from "./run_list.ts";
import { columnValue } from "./run_values.ts";
import type { ColumnStore } from "./table.ts";
import { describeColumn, plainColumn, type TableColumn } from "./table_columns.ts";
import type { Workspace } from "./workspace.ts";

/** Runs on the page at most: the newest ones. */
export const MOST_RUNS = 10_000;
const REST_MS = 2000;

/** An axis with what stands on it. */
export interface HparamAxis extends AxisSpec {
  readonly label: string;
  readonly axis: ParallelAxis;
  readonly values: readonly AxisValue[];
  readonly brushes: readonly Brush[];
}

export class Hparams {
  /** The runs that match the filter without its brushes, newest first. */
  readonly runs: ReadonlySignal<readonly Run[]>;
  readonly list: RunList;
  readonly specs: ReadonlySignal<readonly AxisSpec[]>;
  readonly axes: ReadonlySignal<readonly HparamAxis[]>;
  /** The column that colours the runs; null: there is none. */
  readonly colorColumn: ReadonlySignal<string | null>;
  /** Its scale, by which a value finds its place on the ramp. */
  readonly colorAxis: ReadonlySignal<ParallelAxis | null>;
  /** 1 for each run that passes the brushes. */
  readonly selected: ReadonlySignal<Uint8Array>;
  readonly selectedCount: ReadonlySignal<number>;
  /** Whether it is known which axes suggest themselves. */
  readonly areAxesKnown: ReadonlySignal<boolean>;
  /** Whether brushes can be added to the filter. */
  readonly isOpen: ReadonlySignal<boolean>;
  /** The run under the pointer. */
  readonly pointed = signal<number | null>(null);
  readonly columnStore: ColumnStore;

  private readonly filter;
  /** Brushes while the pointer still moves; the filter gets them when it lets go. */
  private readonly draft = signal<Brushes | null>(null);
  private readonly differing = signal<ReadonlySet<string> | null>(null);
  private readonly widths = signal<ReadonlyMap<string, TableColumn>>(new Map());
  private readonly stops: (() => void)[] = [];
  private readonly refresh;
  private made = new Map<string, { values: readonly AxisValue[]; axis: ParallelAxis }>();
  private lastAxes: readonly HparamAxis[] = [];

  constructor(readonly ws: Workspace) {
    this.list = new RunList(ws.entity, ws.project, 1000);
    this.runs = computed(() => this.list.runs.value.slice(0, MOST_RUNS));
    let lastSpecs: readonly AxisSpec[] = [];
    this.specs = computed(() => {
      const next = this.chooseAxes();
      // The same array again: a brush changes the view, and nothing has to be asked for or placed anew.
      if (next.map(writeAxis).join() !== lastSpecs.map(writeAxis).join()) lastSpecs = next;
      return lastSpecs;
    });
    this.areAxesKnown = computed(() => this.differing.value !== null);
    const columns = computed(() => new Set(this.specs.value.map(({ column }) => column)));
    this.filter = computed(() => readBrushes(ws.view.value.q, columns.value));
    this.isOpen = computed(() => this.filter.value.isOpen);
    const brushes = computed(() => this.draft.value ?? this.filter.value.brushes);
    this.colorColumn = computed(() => {
      const { axcolor } = ws.view.value;
      if (axcolor !== "") return axcolor;
      return this.specs.value.find(({ column }) => isMetric(column))?.column ?? null;
    });
    // Apart from the brushes: those change with each move of the pointer.
    const placed = computed(() =>
      this.specs.value.map((spec) => ({
        ...spec,
        ...this.axisOf(spec.column, spec.scale),
        label: labelOf(spec.column),
      })),
    );
    this.axes = computed(() => this.makeAxes(placed.value, brushes.value));
    this.colorAxis = computed(() => {
      const column = this.colorColumn.value;
      if (column === null) return null;
      const own = this.axes.value.find((axis) => axis.column === column);
      return own?.axis ?? this.axisOf(column, null).axis;
    });
    this.selected = computed(() => {
      const mask = new Uint8Array(this.runs.value.length).fill(1);
      for (const { values, brushes } of this.axes.value) {
        if (brushes.length === 0) continue;
        for (let i = 0; i < mask.length; i++) if (!passes(values[i], brushes)) mask[i] = 0;
      }
      return mask;
    });
    this.selectedCount = computed(() => this.selected.value.reduce((sum, one) => sum + one, 0));
    this.refresh = paced(async () => {
      await this.list.refresh(null);
    }, REST_MS);
    this.columnStore = {
      chosen: computed(() =>
        this.specs.value.map(({ column }) => this.widths.value.get(column) ?? plainColumn(column)),
      ),
      isOwn: computed(() => ws.view.value.axes !== null),
      set: (chosen) => this.setColumns(chosen),
    };
  }

  /** Reads the runs and follows them until the returned function is called. */
  start(): () => void {
    const { ws } = this;
    const query = computed(() => {
      const { list } = ws.view.value;
      const color = this.colorColumn.value;
      const columns = new Set(this.specs.value.map(({ column }) => column));
      if (color !== null) columns.add(color);
      return JSON.stringify([this.filter.value.rest, [...columns].sort(), list]);
    });
    const listed = computed(() => ws.view.value.list);
    this.stops.push(
      effect(() => {
        if (!ws.address.isReady.value || ws.columns.value.length === 0) return;
        void this.readDiffering(listed.value);
      }),
      effect(() => {
        if (!ws.address.isReady.value || this.specs.value.length === 0) return;
        const [filter, columns, list] = JSON.parse(query.value);
        void this.list.ask({ filter, sort: "-created", columns, list });
      }),
      effect(() => {
        if (this.list.isReady.value && this.list.runs.value.length < MOST_RUNS) {
          void this.list.ensure(MOST_RUNS - 1);
        }
      }),
      ws.onRunsRead(() => this.refresh()),
      () => this.refresh.stop(),
    );
    return () => {
      for (const stop of this.stops.splice(0)) stop();
    };
  }

  private async readDiffering(list: "active" | "archived" | "trash"): Promise<void> {
    if (this.differing.peek() !== null) return;
    const { entity, project } = this.ws;
    try {
      const { differing } = await getRuns(entity, project, { list, differs: true, limit: 1 });
      this.differing.value = new Set(differing ?? []);
    } catch {
      this.differing.value = new Set();
    }
  }

  // ---- axes

  private chooseAxes(): AxisSpec[] {
    const { axes } = this.ws.view.value;
    if (axes !== null) return axes.map(readAxis);
    const differing = this.differing.value;
    return differing === null ? [] : suggestAxes(this.ws.columns.value, differing);
  }

  private axisOf(
    column: string,
    scale: AxisSpec["scale"],
  ): { values: readonly AxisValue[]; axis: ParallelAxis } {
    const values = this.runs.value.map((run) => axisValue(columnValue(run, column)));
    const name = `${scale ?? "auto"} ${column}`;
    const before = this.made.get(name);
    // The same axis again while its values are: what is drawn on it then stays.
    if (before !== undefined && areSame(before.values, values)) return before;
    const made = { values, axis: makeAxis(values, scale ?? suggestScale(values)) };
    this.made.set(name, made);
    return made;
  }

  private makeAxes(
    placed: readonly Omit<HparamAxis, "brushes">[],
    brushes: Brushes,
  ): readonly HparamAxis[] {
    const next = placed.map((one): HparamAxis => {
      return { ...one, brushes: brushes.get(one.column) ?? NO_BRUSHES };
    });
    const before = this.lastAxes;
    const isSame =
      next.length === before.length &&
      next.every((one, i) => {
        const old = before[i]!;
        return (
          one.axis === old.axis &&
          one.column === old.column &&
          one.isFlipped === old.isFlipped &&
          JSON.stringify(one.brushes) === JSON.stringify(old.brushes)
        );
      });
    if (!isSame) this.lastAxes = next;
    return this.lastAxes;
  }

  setAxes(specs: readonly AxisSpec[]): void {
    this.ws.set({ axes: specs.map(writeAxis) });
  }

  change(column: string, change: Partial<AxisSpec>): void {
    this.setAxes(
      this.specs.peek().map((one) => (one.column === column ? { ...one, ...change } : one)),
    );
  }

  /** Puts an axis at another place among the others. */
  moveAxis(column: string, to: number): void {
    const specs = this.specs.peek();
    const own = specs.find((one) => one.column === column);
    if (own === undefined) return;
    const rest = specs.filter((one) => one !== own);
    const at = Math.max(0, Math.min(rest.length, to));
    this.setAxes([...rest.slice(0, at), own, ...rest.slice(at)]);
  }

  removeAxis(column: string): void {
    const { brushes } = this.filter.peek();
    batch(() => {
      // A brush on an axis that is gone would be a filter that nobody sees here.
      if (brushes.has(column)) this.brush(column, []);
      this.setAxes(this.specs.peek().filter((one) => one.column !== column));
    });
  }

  private setColumns(chosen: readonly TableColumn[] | null): void {
    if (chosen === null) {
      this.ws.set({ axes: null });
      return;
    }
    const before = new Map(this.specs.peek().map((spec) => [spec.column, spec]));
    batch(() => {
      this.widths.value = new Map(chosen.map((column) => [column.name, column]));
      this.setAxes(
        chosen.map(
          ({ name }) => before.get(name) ?? { column: name, scale: null, isFlipped: false },
        ),
      );
    });
  }

  // ---- brushes

  /** Brushes axes as the pointer moves: nothing but this page follows until `brush` is called. */
  sketch(changes: ReadonlyMap<string, readonly Brush[]>): void {
    this.draft.value = this.with(changes);
  }

  /** Makes brushes a part of the run filter; none takes them out of it. */
  brush(column: string, brushes: readonly Brush[]): void {
    this.brushAll(new Map([[column, brushes]]));
  }

  brushAll(changes: ReadonlyMap<string, readonly Brush[]>): void {
    const { rest, isOpen } = this.filter.peek();
    const next = this.with(changes);
    // Brushes that follow one another quickly are steps of their own.
    this.ws.address.endStep();
    batch(() => {
      this.draft.value = null;
      if (isOpen) this.ws.set({ q: writeBrushes(rest, next) });
    });
  }

  /** Takes every brush out of the filter. */
  clear(): void {
    batch(() => {
      this.draft.value = null;
      this.ws.set({ q: this.filter.peek().rest });
    });
  }

  private with(changes: ReadonlyMap<string, readonly Brush[]>): Brushes {
    const { brushes } = this.filter.peek();
    const next = new Map<string, readonly Brush[]>();
    for (const { column } of this.specs.peek()) {
      const ofColumn = changes.get(column) ?? brushes.get(column) ?? [];
      if (ofColumn.length > 0) next.set(column, ofColumn);
    }
    return next;
  }
}

const NO_BRUSHES: readonly Brush[] = [];

/** `lr`, `val/loss`, `min val/loss`. */
export function labelOf(column: string): string {
  const { label, aggregate } = describeColumn(column);
  return aggregate === null || aggregate === "last" ? label : `${aggregate} ${label}`;
}

/** What stands on an axis: numbers, words, yes and no. Lists and objects are taken by their text. */
function axisValue(value: Json): AxisValue {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  if (value === "NaN") return Number.NaN;
  if (value === "Infinity") return Number.POSITIVE_INFINITY;
  if (value === "-Infinity") return Number.NEGATIVE_INFINITY;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function areSame(a: readonly AxisValue[], b: readonly AxisValue[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

// ---- brushes as parts of axes

/** The part of an axis that a brush covers, in shares; null: none of it. */
export function rangeOf({ axis, values }: HparamAxis, brush: Brush): ShareRange[] {
  if (brush.kind === "range") {
    const [lo, hi] = [boundShare(axis, brush.lo, 0), boundShare(axis, brush.hi, 1)];
    return axis.scale === "category" ? valueRanges(axis, values, brush) : [{ from: lo, to: hi }];
  }
  return valueRanges(axis, values, brush);
}

export interface ShareRange {
  readonly from: number;
  readonly to: number;
}

function boundShare(axis: ParallelAxis, value: number, end: 0 | 1): number {
  if (!Number.isFinite(value)) return end;
  return Math.min(1, Math.max(0, axis.shareOf(value)));
}

/** Neighbouring categories are one range; a number that is named is a narrow one. */
function valueRanges(axis: ParallelAxis, values: readonly AxisValue[], brush: Brush): ShareRange[] {
  if (axis.scale !== "category") {
    const found = new Set<number>();
    values.forEach((value, i) => {
      if (passes(value, [brush])) found.add(axis.shares[i]!);
    });
    return [...found].map((share) => ({ from: share, to: share }));
  }
  const count = axis.categories.length;
  const ranges: ShareRange[] = [];
  axis.categories.forEach((text, i) => {
    const isIn =
      brush.kind === "values"
        ? brush.values.some((one) => textOf(one) === textOf(text))
        : passes(Number(text), [brush]);
    if (!isIn) return;
    const before = ranges.at(-1)?.to === i / count ? ranges.pop() : undefined;
    ranges.push({ from: before?.from ?? i / count, to: (i + 1) / count });
  });
  return ranges;
}

/** What ranges of an axis ask of a run; `step` is a pixel's share of it. */
export function brushesOf(
  axis: ParallelAxis,
  ranges: readonly ShareRange[],
  step: number,
): readonly Brush[] {
  if (axis.scale === "category") {
    const chosen = axis.categories.filter((_, i) => {
      const middle = (i + 0.5) / axis.categories.length;
      return ranges.some(({ from, to }) => middle >= from && middle <= to);
    });
    return chosen.length === 0 ? [] : [{ kind: "values", values: chosen }];
  }
  return ranges.map(({ from, to }) => {
    const hi = to >= 1 ? Number.POSITIVE_INFINITY : axis.valueAt(to, step);
    // The whole axis: every run that has a value.
    const isAll = from <= 0 && to >= 1;
    const lo = isAll ? axis.valueAt(0, 0) : axis.valueAt(from, step);
    return { kind: "range", lo: from <= 0 && !isAll ? Number.NEGATIVE_INFINITY : lo, hi };
  });
}

/** The moving parts of a chart of a layout: the series of its keys, and the plot that draws them. */
import { effect, signal } from "@preact/signals";
import type { Want } from "../../data/series_loader.ts";
import { createLinePlot } from "../../plots/line_plot.ts";
import type { Band, Hover, Line, LinePlot } from "../../plots/plot_types.ts";
import type { Series } from "../../plots/series.ts";
import { marksOn, pinMark } from "../../state/marks.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { baselineOf, positiveRange } from "./drawing.ts";
import { keysOfChart, type LayoutChart, type MarginSeries } from "./layout.ts";
import { areSameLines, linesOf, sentence, xKindOf } from "./lines.ts";
import { marginBand } from "./margins.ts";
import { Watches } from "./watches.ts";

interface Drawn {
  lines: readonly Line[];
  bands: readonly Band[];
}

export class LayoutModel {
  readonly chart = signal<LayoutChart>({ kind: "multiline", title: "", patterns: [] });
  readonly isVisible = signal(false);
  readonly px = signal(600);
  readonly hover = signal<{ hover: Hover; left: number; top: number } | null>(null);
  readonly sentence = signal("");
  /** How many lines and bands there are; null while answers are still to come. */
  readonly count = signal<number | null>(null);
  plot: LinePlot | null = null;
  private last: { lines: readonly Line[]; key: string } = { lines: [], key: "" };
  private bands = new Map<string, { parts: readonly (Series | undefined)[]; band: Band }>();

  constructor(
    private readonly ws: Workspace,
    /** Names the chart among all of the page. */
    readonly id: string,
  ) {}

  /** The keys that are drawn as lines, or as the middles of margins. */
  keys(): readonly string[] {
    const names = this.ws.chartKeys.value.map((key) => key.name);
    return keysOfChart(this.chart.value, names).keys;
  }

  axis(): string {
    const first = this.keys()[0];
    const key = this.ws.chartKeys.value.find((one) => one.name === first);
    return key === undefined ? "step" : this.ws.axisOf(key);
  }

  mount(element: HTMLElement): () => void {
    const { ws } = this;
    const watches = new Watches(ws.loader, () => this.draw(watches));
    const plot = createLinePlot(element, [], this.options());
    this.plot = plot;
    // For whoever inspects the page: tests read from it which values lie at which pixels.
    Object.assign(element, { plot });
    const stops = [
      effect(() => watches.update(this.wants())),
      effect(() => this.draw(watches)),
      effect(() => plot.setVisible(this.isVisible.value)),
      effect(() => plot.highlight(ws.highlighted.value)),
      effect(() => {
        const { panel, axis, x } = ws.hover.value ?? { panel: "", axis: "", x: 0 };
        if (panel !== this.id) plot.setHover(axis === this.axis() ? x : null);
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      watches.close();
      plot.destroy();
      this.plot = null;
      if (ws.hover.peek()?.panel === this.id) ws.hover.value = null;
    };
  }

  private wants(): Want[] {
    const { ws } = this;
    const chart = this.chart.value;
    const keys = this.keys();
    const x = this.axis();
    const { xlog: log, smooth } = ws.settingsOf(keys[0] ?? "");
    const range = positiveRange(ws.rangeOn(x), log, x);
    const shared = { runs: ws.shownOrder.value, x, range, px: this.px.value, log };
    const visible = this.isVisible.value;
    if (chart.kind === "multiline") {
      return keys.map((key) => ({ ...shared, key, smooth, visible }));
    }
    // Bounds of a smoothed value would not be its bounds.
    const all = marginsOf(chart.margins, keys).flatMap((one) => [one.value, one.lower, one.upper]);
    return [...new Set(all)].map((key) => ({ ...shared, key, smooth: null, visible }));
  }

  private draw(watches: Watches): void {
    const { plot } = this;
    if (plot === null) return;
    const wants = this.wants();
    const series = watches.series();
    const { lines, bands } =
      this.chart.value.kind === "multiline"
        ? { lines: this.lines(series, wants), bands: [] }
        : this.margins(series, wants);
    const options = this.options();
    const { history: _, ...drawn } = options;
    const key = JSON.stringify([drawn, theme.value]);
    const isSame = key === this.last.key && areSameLines(lines, this.last.lines);
    if (!isSame || bands.length > 0) plot.update(lines, options, bands);
    this.last = { lines, key };
    const count = lines.length + bands.length;
    this.count.value = count === 0 && watches.isLoading() ? null : count;
    this.sentence.value = sentence(this.chart.value.title, this.axis(), lines, bands);
  }

  private lines(series: readonly (readonly Series[])[], wants: readonly Want[]): Line[] {
    const { ws } = this;
    return linesOf(
      series,
      wants.map(({ key }) => key),
      {
        runs: ws.known.value,
        paint: ws.paint.value,
        theme: theme.value,
        baseline: baselineOf(ws),
        members: null,
      },
    );
  }

  private margins(series: readonly (readonly Series[])[], wants: readonly Want[]): Drawn {
    const { ws } = this;
    const chart = this.chart.value;
    if (chart.kind !== "margin") return { lines: [], bands: [] };
    const of = (key: string, run: string) => {
      const at = wants.findIndex((want) => want.key === key);
      return series[at]?.find((one) => one.run === run);
    };
    const next = new Map<string, { parts: readonly (Series | undefined)[]; band: Band }>();
    const margins = marginsOf(chart.margins, this.keys());
    for (const run of ws.shownOrder.value) {
      const found = ws.known.value.get(run);
      if (found === undefined) continue;
      for (const { value, lower, upper } of margins) {
        const middle = of(value, run);
        if (middle === undefined) continue;
        const parts = [middle, of(lower, run), of(upper, run)];
        const label = margins.length > 1 ? `${found.name} · ${value}` : found.name;
        const color = ws.paint.value(found)[theme.value];
        const id = JSON.stringify([run, value, color, label]);
        const before = this.bands.get(id);
        const isSame = before?.parts.every((part, i) => part === parts[i]) ?? false;
        const series = isSame ? before!.band.series : marginBand(run, middle, parts[1], parts[2]);
        next.set(id, { parts, band: { id: run, series, color, isShaded: true, label } });
      }
    }
    this.bands = next;
    return { lines: [], bands: [...next.values()].map(({ band }) => band) };
  }

  private options() {
    const { ws } = this;
    const first = this.keys()[0] ?? "";
    const axis = this.axis();
    const { xlog: xLog, ylog: yLog, outliers, restarts } = ws.settingsOf(first);
    const range = positiveRange(ws.rangeOn(axis), xLog, axis);
    return {
      ...{ xKind: xKindOf(axis), xLog, yLog, outliers, restarts },
      marks: marksOn(ws, axis),
      view: range && { x0: range[0], x1: range[1] },
      yRange: ws.view.value.yr[this.id] ?? null,
      history: ws.history,
      onView: (view: { x0: number; x1: number } | null, yRange: readonly [number, number] | null) =>
        ws.zoom(axis, view && [view.x0, view.x1], this.id, yRange),
      onHover: (hover: Hover | null) => this.onHover(hover, axis),
      onSelect: (run: string | null) => ws.select(run),
      onMark: (x: number) => {
        if (ws.selected.peek() === null) pinMark(ws, axis, x, first);
        else ws.select(null);
      },
      onWidth: (pixels: number) => {
        this.px.value = pixels;
      },
    };
  }

  private onHover(hover: Hover | null, axis: string): void {
    const { ws } = this;
    if (hover === null) {
      this.hover.value = null;
      if (ws.hover.peek()?.panel === this.id) ws.hover.value = null;
      ws.lit.value = null;
      return;
    }
    const box = this.box();
    this.hover.value = { hover, left: box.left + hover.left, top: box.top + hover.top };
    ws.hover.value = { panel: this.id, axis, x: hover.x };
    ws.lit.value = hover.near;
  }

  private box: () => DOMRect = () => new DOMRect();

  /** Where the plot stands on the page. */
  at(element: HTMLElement): void {
    this.box = () => element.getBoundingClientRect();
  }
}

function marginsOf(margins: readonly MarginSeries[], keys: readonly string[]): MarginSeries[] {
  const known = new Set(keys);
  return margins.filter(({ value }) => known.has(value));
}

/** The moving parts of a line panel, outside of rendering: what it asks for, its plot, what is said of it. */
import { effect, signal } from "@preact/signals";
import type { RequestError } from "../../data/client.ts";
import type { Want } from "../../data/series_loader.ts";
import type { Key } from "../../data/wire.ts";
import { createLinePlot, type Hover, type Line, type LinePlot } from "../../plots/line_plot.ts";
import { keysIn } from "../../state/panel_edits.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { areSameLines, linesOf, sentence, wantOf, xKindOf } from "./lines.ts";
import { Watches } from "./watches.ts";

/** The sentence for those who do not see the chart is renewed at most this often. */
const SPOKEN_MS = 1000;

/** What the panel is at: `lines` says whether there is anything to draw. */
interface Status {
  lines: number;
  isLoading: boolean;
  error: RequestError | null;
}

export class PanelModel {
  readonly status = signal<Status>({ lines: 0, isLoading: true, error: null });
  readonly hover = signal<{ hover: Hover; left: number; top: number } | null>(null);
  readonly isVisible = signal(false);
  readonly metric = signal<Key>(null as unknown as Key);
  readonly px = signal(0);
  readonly sentence = signal("");
  private element: HTMLElement | null = null;
  /** Null before the panel is in the page, and after. */
  plot: LinePlot | null = null;
  private watches: Watches | null = null;
  private drawnKey = "";
  private drawnLines: readonly Line[] = [];
  private speaking: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ws: Workspace) {}

  mount(element: HTMLElement): () => void {
    const { ws } = this;
    this.element = element;
    const watches = new Watches(ws.loader, () => this.draw());
    watches.update(this.wants());
    this.watches = watches;
    const plot = createLinePlot(element, [], this.options());
    this.plot = plot;
    // For whoever inspects the page: tests read from it which values lie at which pixels.
    Object.assign(element, { plot });
    const stops = [
      effect(() => watches.update(this.wants())),
      effect(() => {
        // Read here what a redraw depends on; series come through the watch.
        void [ws.view.value, theme.value, ws.known.value, ws.shownOrder.value, this.metric.value];
        this.draw();
      }),
      effect(() => plot.setVisible(this.isVisible.value)),
      effect(() => plot.highlight(ws.highlighted.value)),
      effect(() => {
        const { panel, axis, x } = ws.hover.value ?? { panel: "", axis: "", x: 0 };
        if (panel === this.name() || axis !== ws.axisOf(this.metric.value)) {
          if (panel !== this.name()) plot.setHover(null);
        } else plot.setHover(x);
      }),
    ];
    this.draw();
    return () => {
      for (const stop of stops) stop();
      clearTimeout(this.speaking);
      watches.close();
      plot.destroy();
      this.watches = null;
      this.plot = null;
      if (ws.hover.peek()?.panel === this.name()) ws.hover.value = null;
    };
  }

  retry(): void {
    this.watches?.retry();
    this.draw();
  }

  private name(): string {
    return this.metric.value.name;
  }

  /** What is asked for: each key of the panel, over the axis of its own key. */
  private wants(): Want[] {
    const { ws } = this;
    const own = wantOf(ws, this.metric.value, this.px.value, this.isVisible.value);
    return keysIn(ws, this.name()).map((key) => ({ ...own, key }));
  }

  private lines(watches: Watches): Line[] {
    const { ws } = this;
    return linesOf(
      watches.series(),
      keysIn(ws, this.name()),
      ws.known.value,
      ws.paint.value,
      theme.value,
    );
  }

  private options() {
    const { ws } = this;
    const { name } = this.metric.value;
    const axis = ws.axisOf(this.metric.value);
    const range = ws.rangeOn(axis);
    return {
      xKind: xKindOf(axis),
      yLog: ws.isLogY(name),
      view: range && { x0: range[0], x1: range[1] },
      yRange: ws.view.value.yr[name] ?? null,
      isBare: ws.view.value.density === "sparkline" && ws.view.value.full !== name,
      history: ws.history,
      onView: (
        view: { x0: number; x1: number } | null,
        yRange: readonly [number, number] | null,
      ) => {
        // Under the resting pointer now lies another position: what was said of the old one goes.
        this.plot?.setHover(null);
        this.onHover(null, axis);
        ws.zoom(axis, view && [view.x0, view.x1], name, yRange);
      },
      onHover: (hover: Hover | null) => this.onHover(hover, axis),
      onSelect: (run: string | null) => ws.select(run),
      onWidth: (pixels: number) => {
        this.px.value = pixels;
      },
    };
  }

  private draw(): void {
    const { ws, watches, plot } = this;
    if (!watches || !plot) return;
    const lines = this.lines(watches);
    const options = this.options();
    // Callbacks and the shared history never change what is drawn; JSON leaves the former out.
    const { history: _, ...drawn } = options;
    const { metric } = this;
    const key = JSON.stringify([drawn, theme.value, metric.value.name, ws.axisOf(metric.value)]);
    if (key !== this.drawnKey || !areSameLines(lines, this.drawnLines)) {
      plot.update(lines, options);
      this.drawnKey = key;
      this.drawnLines = lines;
    }
    const status = { lines: lines.length, isLoading: watches.isLoading(), error: watches.error };
    const old = this.status.peek();
    this.speakSoon(old.lines === 0 || old.lines !== status.lines);
    if (
      old.lines !== status.lines ||
      old.isLoading !== status.isLoading ||
      old.error !== status.error
    ) {
      this.status.value = status;
    }
  }

  /** Renews the sentence for those who do not see the chart, at a pace that costs nothing. */
  private speakSoon(isFirst: boolean): void {
    if (this.speaking !== undefined && !isFirst) return;
    clearTimeout(this.speaking);
    const say = () => {
      this.speaking = undefined;
      const { ws, watches } = this;
      if (!watches) return;
      const lines = this.lines(watches);
      this.sentence.value = sentence(this.name(), ws.axisOf(this.metric.value), lines);
    };
    this.speaking = setTimeout(say, isFirst ? 0 : SPOKEN_MS);
  }

  private onHover(hover: Hover | null, axis: string): void {
    const { ws } = this;
    if (hover === null) {
      this.hover.value = null;
      if (ws.hover.peek()?.panel === this.name()) ws.hover.value = null;
      ws.lit.value = null;
      return;
    }
    const box = this.element!.getBoundingClientRect();
    this.hover.value = { hover, left: box.left + hover.left, top: box.top + hover.top };
    ws.hover.value = { panel: this.name(), axis, x: hover.x };
    ws.lit.value = hover.near;
  }
}

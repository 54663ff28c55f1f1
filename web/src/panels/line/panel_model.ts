/** The moving parts of a line panel, outside of rendering: what it asks for, its plot, what is said of it. */
import { effect, signal } from "@preact/signals";
import { whenServed } from "../../base/idle.ts";
import type { RequestError } from "../../data/client.ts";
import type { Key } from "../../data/wire.ts";
import type { Flag } from "../../plots/flags.ts";
import { createLinePlot } from "../../plots/line_plot.ts";
import type { Band, Hover, Line, LinePlot } from "../../plots/plot_types.ts";
import { createViewHistory } from "../../plots/view_history.ts";
import { marksOn, pinMark } from "../../state/marks.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { isZoomedAlone } from "../../state/zoom.ts";
import { nextLogged, readChartKey, readOut } from "./chart_keys.ts";
import { Drawing, positiveRange } from "./drawing.ts";
import type { EventFlags } from "./event_flags.ts";
import { areSameBands, areSameLines, sentence, xKindOf } from "./lines.ts";

/** The sentence for those who do not see the chart is renewed at most this often. */
const SPOKEN_MS = 1000;

/** What the panel is at: `lines` (those of groups among them) says whether there is anything to draw. */
interface Status {
  lines: number;
  isLoading: boolean;
  error: RequestError | null;
}

export class PanelModel {
  readonly status = signal<Status>({ lines: 0, isLoading: true, error: null });
  /** The runs, or the groups, that have a line here; null: nothing was drawn yet. */
  readonly drawn = signal<ReadonlySet<string> | null>(null);
  readonly hover = signal<{ hover: Hover; left: number; top: number } | null>(null);
  readonly isVisible = signal(false);
  /** Whether there was ever anything to draw. */
  private readonly isBegun = signal(false);
  readonly metric = signal<Key>(null as unknown as Key);
  readonly px = signal(0);
  readonly sentence = signal("");
  /** What the keyboard has come to, for those who do not see the tooltip. */
  readonly spoken = signal("");
  /** What happened to the runs, below the axis; null until its code is there. */
  readonly events = signal<EventFlags | null>(null);
  readonly flags = signal<readonly Flag[]>([]);
  /** Counts what was wanted of the watches. */
  private readonly wanted = signal(0);
  private element: HTMLElement | null = null;
  /** Null before the panel is in the page, and after. */
  plot: LinePlot | null = null;
  private drawing: Drawing | null = null;
  private drawnKey = "";
  private drawnLines: readonly Line[] = [];
  private drawnBands: readonly Band[] = [];
  /** Where double-click goes back to while this chart is zoomed by itself. */
  private readonly history = createViewHistory();
  /** What the y axis spans by itself, of the key drawn last. */
  private fit: { key: string; range: readonly [number, number] } | null = null;
  private speaking: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ws: Workspace) {}

  mount(element: HTMLElement): () => void {
    const { ws } = this;
    this.element = element;
    const drawing = new Drawing(ws, () => this.draw());
    this.drawing = drawing;
    const plot = createLinePlot(element, [], this.options());
    this.plot = plot;
    // For whoever inspects the page: tests read from it which values lie at which pixels.
    Object.assign(element, { plot });
    const stops = [
      effect(() => {
        drawing.update(this.metric.value, this.px.value, this.isVisible.value);
        // Fewer runs than before are wanted of the watches: no answer comes that would have them drawn.
        this.wanted.value = this.wanted.peek() + 1;
      }),
      // What is drawn depends on the signals that it reads; series and bands come through the watches.
      effect(() => {
        void this.wanted.value;
        this.draw();
      }),
      // Until there are lines the skeleton shows: empty axes under it would be drawn for nobody.
      effect(() => plot.setVisible(this.isVisible.value && this.isBegun.value)),
      effect(() => plot.highlight(ws.highlighted.value)),
      effect(() => {
        const { panel, axis, x } = ws.hover.value ?? { panel: "", axis: "", x: 0 };
        if (panel === this.name() || axis !== ws.axisOf(this.metric.value)) {
          if (panel !== this.name()) plot.setHover(null);
        } else plot.setHover(x);
      }),
    ];
    // Flags are not what the page is opened for: they come after the first lines.
    const callOff = whenServed(
      () => ws.loader.isSightAwaited(),
      () => void this.loadEvents(element, plot),
    );
    return () => {
      for (const stop of stops) stop();
      callOff();
      this.events.peek()?.close();
      this.events.value = null;
      clearTimeout(this.speaking);
      drawing.close();
      plot.destroy();
      this.drawing = null;
      this.plot = null;
      if (ws.hover.peek()?.panel === this.name()) ws.hover.value = null;
    };
  }

  private async loadEvents(element: HTMLElement, plot: LinePlot): Promise<void> {
    const { EventFlags } = await import("./event_flags.ts").catch(() => ({ EventFlags: null }));
    // Without them the chart is whole all the same; meanwhile it may be gone.
    if (EventFlags === null || this.plot !== plot) return;
    this.events.value = new EventFlags(this.ws, this, element, plot);
  }

  retry(): void {
    this.drawing?.retry();
    this.draw();
  }

  /** Does what a key means in the chart; answers whether it means anything there. */
  press(key: string): boolean {
    const { ws, plot } = this;
    if (plot === null) return false;
    if (this.events.peek()?.press(key)) return true;
    const name = this.metric.peek().name;
    const axis = ws.axisOf(this.metric.peek());
    const at = () => this.hover.peek()?.hover.x ?? null;
    const go = (from: number | null, by: 1 | -1) => {
      const x = nextLogged(plot, ws.settingsOf(name).xlog, from, by);
      if (x !== null) this.hoverAt(plot, axis, x);
    };
    return readChartKey(key, {
      at,
      move: (by) => go(at(), by),
      toEnd: (by) => go(null, by),
      mark: () => pinMark(ws, axis, at()!, name),
      leave: () => this.leaveKeyboard(),
    });
  }

  /** Lets go of the position that the keyboard has come to. */
  leaveKeyboard(): void {
    this.events.peek()?.leave();
    if (this.spoken.peek() === "") return;
    this.spoken.value = "";
    this.plot?.setHover(null);
    this.onHover(null, this.ws.axisOf(this.metric.peek()));
  }

  private hoverAt(plot: LinePlot, axis: string, x: number): void {
    const hits = plot.hitsAt(x);
    const groups = plot.groupHitsAt(x);
    const { left, top } = [...groups, ...hits].find((hit) => hit.x === x) ?? { left: 0, top: 0 };
    plot.setHover(x);
    const place = { left, top: Number.isFinite(top) ? top : 0 };
    this.onHover({ x, y: Number.NaN, ...place, hits, groups, near: null }, axis);
    this.spoken.value = readOut(plot, axis, x);
  }

  private name(): string {
    return this.metric.value.name;
  }

  private options() {
    const { ws } = this;
    const { name } = this.metric.value;
    const axis = ws.axisOf(this.metric.value);
    const { xlog: xLog, ylog: yLog, outliers, restarts } = ws.settingsOf(name);
    const range = positiveRange(ws.rangeOf(name, axis), xLog, axis);
    const yRange = ws.sameY.zoomed(name);
    // There is nothing to go back to, as after Z.
    if (range === null && yRange === null) this.history.clear();
    return {
      ...{ xKind: xKindOf(axis), xLog, yLog, outliers, restarts },
      marks: marksOn(ws, axis),
      view: range && { x0: range[0], x1: range[1] },
      yRange,
      yShared: yRange === null ? ws.sameY.shared(name) : null,
      flags: this.flags.value,
      isBare: ws.view.value.density === "sparkline" && ws.view.value.full !== name,
      history: isZoomedAlone(ws, name) ? this.history : ws.history,
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
      onMark: (x: number) => {
        // A click on nothing first lets go of what is selected.
        if (ws.selected.peek() === null) pinMark(ws, axis, x, name);
        else ws.select(null);
      },
      onFitY: (fit: readonly [number, number]) => {
        this.fit = { key: name, range: fit };
        ws.sameY.tell(name, fit);
      },
      onWidth: (pixels: number) => {
        this.px.value = pixels;
      },
    };
  }

  private draw(): void {
    const { ws, drawing, plot } = this;
    if (!drawing || !plot) return;
    const metric = this.metric.value;
    const lines = drawing.lines(metric);
    const bands = drawing.bands(metric);
    const options = this.options();
    // Callbacks and the shared history never change what is drawn; JSON leaves the former out.
    const { history: _, ...drawn } = options;
    const key = JSON.stringify([drawn, theme.value, metric.name, ws.axisOf(metric)]);
    if (
      key !== this.drawnKey ||
      !areSameLines(lines, this.drawnLines) ||
      !areSameBands(bands, this.drawnBands)
    ) {
      plot.update(lines, options, bands);
      if (lines.length + bands.length > 0) this.isBegun.value = true;
      this.drawnKey = key;
      this.drawnLines = lines;
      this.drawnBands = bands;
      this.tellDrawn();
    } else if (this.fit?.key === metric.name) ws.sameY.tell(metric.name, this.fit.range);
    const status = {
      lines: lines.length + bands.length,
      isLoading: drawing.isLoading(),
      error: drawing.error,
    };
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

  private tellDrawn(): void {
    const { drawnLines: lines, drawnBands: bands } = this;
    if (lines.length + bands.length === 0) return;
    const next = new Set([...lines.map((line) => line.run), ...bands.map((band) => band.id)]);
    const now = this.drawn.peek();
    if (now?.size !== next.size || [...next].some((id) => !now.has(id))) this.drawn.value = next;
  }

  /** Renews the sentence for those who do not see the chart, at a pace that costs nothing. */
  private speakSoon(isFirst: boolean): void {
    if (this.speaking !== undefined && !isFirst) return;
    clearTimeout(this.speaking);
    const say = () => {
      this.speaking = undefined;
      const { ws, drawing } = this;
      if (!drawing) return;
      const axis = ws.axisOf(this.metric.peek());
      this.sentence.value = sentence(this.name(), axis, this.drawnLines, this.drawnBands);
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

/**
 * A line chart on two canvases: the data, redrawn when data, view or size change, and above it the
 * overlay (cursor, points under it, the box of a zoom), redrawn as the pointer moves.
 *
 * Nothing here knows about requests or components: the caller hands in lines and options and hears
 * of views, hovers and clicks. Drawing happens at most once an animation frame.
 */
import { linearScale, type Scale } from "../base/scale.ts";
import type { AxisKind } from "../base/ticks.ts";
import { layXAxis, layYAxis } from "./axes.ts";
import { fitX, fitY } from "./fit.ts";
import { type Box, Gestures, type Part } from "./gestures.ts";
import { drawMarks } from "./marks.ts";
import { distanceTo, nearestPoint } from "./nearest.ts";
import { clearOverlay, drawCursor, drawDots, drawMarkLabel, drawSelection } from "./overlay.ts";
import { Raster } from "./raster.ts";
import { HAS_NAN, HAS_NEGATIVE_INFINITY, type Series } from "./series.ts";
import { strokeTrace } from "./stroke.ts";
import { parseColor, readTheme, type Theme } from "./theme.ts";
import { MARGIN, Trace } from "./trace.ts";
import { createViewHistory, type View, type ViewHistory } from "./view_history.ts";

export interface Line {
  readonly series: Series;
  readonly run: string;
  /** Any CSS colour; for the theme that is on. */
  readonly color: string;
  /** On and off lengths in CSS pixels; gaps are drawn paler, so that no point is hidden in one. */
  readonly dash?: readonly number[];
  /** CSS pixels; 1.5 by default. */
  readonly width?: number;
  /** Behind the others at 20 % (raw values below smoothed ones); not offered to hover. */
  readonly faint?: boolean;
  readonly label: string;
}

export type XKind = "step" | "relative" | "wall" | "metric";

export interface LinePlotOptions {
  readonly xKind: XKind;
  readonly yLog: boolean;
  readonly xLog?: boolean;
  /** Part of the x axis that is shown; null for all of it. */
  readonly view: View | null;
  /** Part of the y axis that is shown; null to fit what is in view. */
  readonly yRange: readonly [number, number] | null;
  /** Where double-click goes back to; share one between plots that are zoomed together. */
  readonly history?: ViewHistory;
  /** The pointer chose another view; the plot itself shows it already. */
  readonly onView?: (view: View | null, yRange: readonly [number, number] | null) => void;
  readonly onHover?: (hover: Hover | null) => void;
  /** A click: the run whose line is under the pointer, or null. */
  readonly onSelect?: (run: string | null) => void;
  /** The plot area now is so many device pixels wide: what a request should ask for. */
  readonly onWidth?: (pixels: number) => void;
}

export interface Hit {
  readonly run: string;
  readonly label: string;
  readonly color: string;
  /** The logged point, in values. */
  readonly x: number;
  readonly y: number;
  /** Where it is drawn, in CSS pixels from the element's corner (top is NaN when y has no place). */
  readonly left: number;
  readonly top: number;
}

export interface Hover {
  /** Position of the pointer in values. */
  readonly x: number;
  readonly y: number;
  /** CSS pixels from the element's corner. */
  readonly left: number;
  readonly top: number;
  /** The nearest logged point of each run, nearest to the pointer in y first. */
  readonly hits: readonly Hit[];
  /** The run whose line the pointer touches. */
  readonly near: string | null;
}

/** Where the plot stands and what it shows, in device pixels of the data canvas and in values. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

export interface LinePlot {
  update(lines: readonly Line[], options: LinePlotOptions): void;
  setView(view: View | null, yRange?: readonly [number, number] | null): void;
  /** Shows the cursor at `x` (values) as another plot's pointer has it; null hides it. */
  setHover(x: number | null, y?: number): void;
  /** The nearest logged points at `x`; by distance from `y` in pixels when that is given. */
  hitsAt(x: number, y?: number): Hit[];
  /** Draws all other runs at 15 %; null draws all alike. */
  highlight(run: string | null): void;
  /** Off screen nothing is drawn; what was missed is drawn when the plot is visible again. */
  setVisible(visible: boolean): void;
  /** Takes the element's size anew (it is watched too) and reads the theme. */
  resize(): void;
  /** Draws now what is due, and not in the next animation frame. */
  flush(): void;
  frame(): Frame;
  toPNG(): Promise<Blob>;
  destroy(): void;
}

interface Drawn {
  readonly line: Line;
  trace: Trace;
}

const PAD = { left: 40, right: 10, top: 6, bottom: 20 };
const LABEL_GAP = 6;
const LINE_WIDTH = 1.5;
const DIMMED = 0.15;
const FAINT = 0.2;
const NEAR_PX = 8;
/** How far beyond its ends a run still answers to hover, in CSS pixels. */
const SLACK_PX = 24;
/** Zooming stops where neighbouring positions are no longer told apart. */
const SMALLEST_VIEW = 1e-12;

const AXIS_KINDS: Readonly<Record<XKind, AxisKind>> = {
  step: "whole",
  relative: "duration",
  wall: "wall",
  metric: "number",
};

export function createLinePlot(
  element: HTMLElement,
  lines: readonly Line[],
  options: LinePlotOptions,
): LinePlot {
  return new CanvasLinePlot(element, lines, options);
}

class CanvasLinePlot implements LinePlot {
  private readonly canvas = document.createElement("canvas");
  private readonly overlay = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D;
  private readonly overlayContext: CanvasRenderingContext2D;
  private readonly gestures: Gestures;
  private readonly watcher: ResizeObserver;
  private readonly ownHistory = createViewHistory();
  private theme: Theme;
  private raster: Raster | null = null;
  private ratio = 1;
  /** CSS pixels. */
  private size = { width: 0, height: 0 };
  private gutter = PAD.left;
  private drawn: Drawn[] = [];
  /** What the traces were made for; another key makes them anew. */
  private traceKey = "";
  private xScale: Scale = linearScale(0, 1, 0, 1);
  private yScale: Scale = linearScale(0, 1, 1, 0);
  /** Pixel column of the leftmost NaN in view, from the plot's left edge. */
  private firstNan: number | null = null;
  private highlighted: string | null = null;
  private cursor: { x: number; y: number | null } | null = null;
  private pointer: { left: number; top: number } | null = null;
  private selection: Box | null = null;
  private visible = true;
  private dirty = { data: true, overlay: true, hover: false };
  private request = 0;
  private saidWidth = 0;
  private readonly textWidths = new Map<string, number>();

  constructor(
    private readonly element: HTMLElement,
    private lines: readonly Line[],
    private options: LinePlotOptions,
  ) {
    for (const canvas of [this.canvas, this.overlay]) {
      canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%;display:block";
      canvas.setAttribute("aria-hidden", "true");
      element.append(canvas);
    }
    if (getComputedStyle(element).position === "static") element.style.position = "relative";
    // The image is made here, pixel by pixel: a canvas in video memory would only copy it twice.
    this.context = this.canvas.getContext("2d", { alpha: false, willReadFrequently: true })!;
    this.overlayContext = this.overlay.getContext("2d")!;
    this.theme = readTheme(element);
    this.gestures = new Gestures(element, {
      plotBox: () => this.plotBox(),
      isZoomed: () => this.options.view !== null || this.options.yRange !== null,
      hover: (left, top) => this.point({ left, top }),
      leave: () => this.point(null),
      select: (box) => this.select(box),
      show: (part, burst) => this.show(part, burst),
      back: () => this.back(),
      click: (left, top) => this.options.onSelect?.(this.runAt(left, top)),
    });
    this.watcher = new ResizeObserver(() => {
      if (this.measure()) this.flush();
    });
    this.watcher.observe(element);
    this.measure();
    this.schedule();
  }

  update(lines: readonly Line[], options: LinePlotOptions): void {
    this.lines = lines;
    this.options = options;
    this.theme = readTheme(this.element);
    this.invalidate();
  }

  setView(view: View | null, yRange = this.options.yRange): void {
    this.options = { ...this.options, view, yRange };
    this.invalidate();
  }

  setHover(x: number | null, y?: number): void {
    this.cursor = x === null ? null : { x, y: y ?? null };
    this.dirty.overlay = true;
    this.schedule();
  }

  highlight(run: string | null): void {
    if (this.highlighted === run) return;
    this.highlighted = run;
    this.dirty.data = true;
    this.schedule();
  }

  setVisible(visible: boolean): void {
    this.visible = visible;
    if (visible) this.schedule();
  }

  resize(): void {
    this.theme = readTheme(this.element);
    this.textWidths.clear();
    this.measure();
    this.invalidate();
  }

  flush(): void {
    cancelAnimationFrame(this.request);
    this.request = 0;
    if (!this.visible) return;
    // The page was zoomed or moved to another screen.
    if (window.devicePixelRatio !== this.ratio) this.measure();
    if (this.size.width < 1 || this.size.height < 1) return;
    if (this.dirty.data) this.drawData();
    if (this.dirty.hover) this.sayHover();
    if (this.dirty.overlay) this.drawOverlay();
    this.dirty = { data: false, overlay: false, hover: false };
  }

  frame(): Frame {
    this.flush();
    const { left, top, width, height } = this.plotPixels();
    const { xScale, yScale, ratio } = this;
    return {
      ...{ left, top, width, height, ratio },
      x: [xScale.lo, xScale.hi],
      y: [yScale.lo, yScale.hi],
    };
  }

  hitsAt(x: number, y?: number): Hit[] {
    const { left, top } = this.plotPixels();
    const row = y === undefined ? null : this.yScale.toPixel(y);
    const hits: { hit: Hit; away: number }[] = [];
    for (const { series, faint, run, label, color } of this.lines) {
      if (faint) continue;
      const slack = SLACK_PX * this.ratio;
      const point = nearestPoint(series, x, this.xScale, this.yScale, row, slack);
      if (point === null) continue;
      const pixel = Number.isFinite(point.y) ? this.yScale.toPixel(point.y) : Number.NaN;
      const hit = {
        ...{ run, label, color, x: point.x, y: point.y },
        left: (left + this.xScale.toPixel(point.x)) / this.ratio,
        top: (top + pixel) / this.ratio,
      };
      const away = row === null ? 0 : Math.abs(pixel - row);
      hits.push({ hit, away: Number.isNaN(away) ? Number.POSITIVE_INFINITY : away });
    }
    hits.sort((a, b) => (a.away === b.away ? 0 : a.away - b.away));
    return hits.map(({ hit }) => hit);
  }

  async toPNG(): Promise<Blob> {
    this.flush();
    const canvas = new OffscreenCanvas(this.canvas.width, this.canvas.height);
    const context = canvas.getContext("2d")!;
    context.drawImage(this.canvas, 0, 0);
    context.scale(this.ratio, this.ratio);
    this.drawNanLabel(context as unknown as CanvasRenderingContext2D);
    return await canvas.convertToBlob({ type: "image/png" });
  }

  destroy(): void {
    cancelAnimationFrame(this.request);
    this.watcher.disconnect();
    this.gestures.destroy();
    this.canvas.remove();
    this.overlay.remove();
  }

  // Size and scheduling

  private invalidate(): void {
    this.dirty.data = true;
    this.dirty.overlay = true;
    this.schedule();
  }

  private schedule(): void {
    if (this.request === 0 && this.visible) {
      this.request = requestAnimationFrame(() => this.flush());
    }
  }

  /** Takes the element's size; true when it is another one, and the canvases are empty now. */
  private measure(): boolean {
    const box = this.element.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    // Whole device pixels as the browser lays them: both edges rounded, not the difference.
    const width = Math.round((box.left + box.width) * ratio) - Math.round(box.left * ratio);
    const height = Math.round((box.top + box.height) * ratio) - Math.round(box.top * ratio);
    if (width === this.canvas.width && height === this.canvas.height && ratio === this.ratio) {
      return false;
    }
    this.ratio = ratio;
    this.size = { width: width / ratio, height: height / ratio };
    for (const canvas of [this.canvas, this.overlay]) {
      canvas.width = width;
      canvas.height = height;
    }
    this.dirty.data = true;
    this.dirty.overlay = true;
    return true;
  }

  /** The plot area in whole device pixels from the canvas's corner. */
  private plotPixels(): { left: number; top: number; width: number; height: number } {
    const { ratio, gutter } = this;
    const left = Math.round(gutter * ratio);
    const top = Math.round(PAD.top * ratio);
    return {
      ...{ left, top },
      width: Math.max(1, this.canvas.width - left - Math.round(PAD.right * ratio)),
      height: Math.max(1, this.canvas.height - top - Math.round(PAD.bottom * ratio)),
    };
  }

  private plotBox(): Box {
    const { left, top, width, height } = this.plotPixels();
    const { ratio } = this;
    return {
      left: left / ratio,
      top: top / ratio,
      right: (left + width) / ratio,
      bottom: (top + height) / ratio,
    };
  }

  private measureText = (text: string): number => {
    let width = this.textWidths.get(text);
    if (width === undefined) {
      this.context.font = this.theme.font;
      width = this.context.measureText(text).width;
      if (this.textWidths.size > 500) this.textWidths.clear();
      this.textWidths.set(text, width);
    }
    return width;
  };

  // The data canvas

  private drawData(): void {
    let plot = this.plotPixels();
    this.trace(plot.width);
    this.yScale = this.fitY(plot.height);
    const yTicks = layYAxis(this.yScale, plot.height / this.ratio, this.ratio);
    const wanted = this.gutterFor(yTicks.labels);
    if (wanted !== this.gutter) {
      this.gutter = wanted;
      plot = this.plotPixels();
      this.trace(plot.width);
      this.yScale = this.fitY(plot.height);
    }
    const xAxis = layXAxis(
      this.xScale,
      AXIS_KINDS[this.options.xKind],
      {
        left: plot.left / this.ratio,
        width: plot.width / this.ratio,
        canvas: this.size.width,
        ratio: this.ratio,
      },
      this.measureText,
    );
    const raster = this.rasterFor(plot.width, plot.height);
    raster.fill(this.theme.panel);
    const hairline = Math.max(1, Math.round(this.ratio * 0.75));
    for (const value of yTicks.values) {
      const row = Math.round(this.yScale.toPixel(value) - hairline / 2);
      if (row < 0 || row > plot.height) continue;
      raster.rectangle(MARGIN, MARGIN + row, plot.width, hairline, this.theme.grid);
    }
    this.drawLines(raster);
    const { context } = this;
    context.fillStyle = this.theme.panelText;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    context.putImageData(raster.image, plot.left - MARGIN, plot.top - MARGIN);
    context.save();
    context.scale(this.ratio, this.ratio);
    context.font = this.theme.font;
    context.fillStyle = this.theme.label;
    context.textBaseline = "middle";
    context.textAlign = "right";
    yTicks.labels.forEach((text, i) => {
      const y = (plot.top + this.yScale.toPixel(yTicks.values[i]!)) / this.ratio;
      context.fillText(text, this.gutter - LABEL_GAP, Math.max(5, y) + 0.5);
    });
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    for (const { text, at } of xAxis.labels) context.fillText(text, at, this.size.height - 6);
    context.restore();
    if (plot.width !== this.saidWidth) {
      this.saidWidth = plot.width;
      this.options.onWidth?.(plot.width);
    }
  }

  private fitX(width: number): Scale {
    return fitX(
      this.lines.map((line) => line.series),
      this.options,
      width,
    );
  }

  private fitY(height: number): Scale {
    return fitY(
      this.drawn.map(({ trace }) => trace),
      this.options,
      height,
    );
  }

  /** Room for the widest label; in steps, so that the plot does not twitch as labels change. */
  private gutterFor(labels: readonly string[]): number {
    let widest = 0;
    for (const text of labels) widest = Math.max(widest, this.measureText(text));
    const steps = Math.max(0, Math.ceil((widest + LABEL_GAP + 4 - PAD.left) / 8));
    return Math.min(PAD.left + steps * 8, Math.max(PAD.left, this.size.width / 2));
  }

  private rasterFor(width: number, height: number): Raster {
    const [w, h] = [width + 2 * MARGIN, height + 2 * MARGIN];
    if (this.raster?.width !== w || this.raster.height !== h) this.raster = new Raster(w, h);
    return this.raster;
  }

  /** Makes the traces of lines that have none for this view, and keeps the others. */
  private trace(width: number): void {
    const scale = this.fitX(width);
    const key = [scale.kind, scale.lo, scale.hi, scale.threshold, width].join("|");
    const known = new Map<Series, Trace>();
    const free: Trace[] = [];
    for (const { line, trace } of this.drawn) {
      if (key === this.traceKey && !known.has(line.series)) known.set(line.series, trace);
      else free.push(trace);
    }
    const wanted = new Set(this.lines.map((line) => line.series));
    for (const [series, trace] of known) if (!wanted.has(series)) free.push(trace);
    this.drawn = this.lines.map((line) => {
      let trace = known.get(line.series);
      if (trace === undefined) {
        trace = free.pop() ?? new Trace();
        trace.make(line.series, scale, width);
      }
      return { line, trace };
    });
    this.traceKey = key;
    this.xScale = scale;
  }

  private drawLines(raster: Raster): void {
    const { highlighted, ratio } = this;
    // Faint lines lie at the bottom and the highlighted run on top.
    const rank = ({ line }: Drawn) =>
      (line.faint ? 0 : 1) + (highlighted !== null && line.run === highlighted ? 2 : 0);
    const ordered = [...this.drawn].sort((a, b) => rank(a) - rank(b));
    const alphaOf = ({ line }: Drawn) =>
      (line.faint ? FAINT : 1) * (highlighted === null || line.run === highlighted ? 1 : DIMMED);
    this.firstNan = null;
    for (const drawn of ordered) {
      const { line, trace } = drawn;
      const dash = (line.dash ?? []).map((part) => Math.round(part * ratio));
      const width = Math.max(1, (line.width ?? LINE_WIDTH) * ratio);
      raster.setInk({ rgb: parseColor(line.color), alpha: alphaOf(drawn), dash, width });
      strokeTrace(raster, trace, this.yScale, { width, ratio });
    }
    for (const drawn of ordered) {
      const { line, trace } = drawn;
      if (line.faint) continue;
      drawMarks(raster, trace, ratio, { rgb: parseColor(line.color), alpha: alphaOf(drawn) });
      const first = trace.marks.get(HAS_NAN)?.[0];
      if (first !== undefined && first < (this.firstNan ?? Number.POSITIVE_INFINITY)) {
        this.firstNan = first;
      }
    }
  }

  private drawOverlay(): void {
    const { ratio, cursor } = this;
    const plot = this.plotBox();
    const brush = { context: this.overlayContext, theme: this.theme, plot, ratio };
    clearOverlay(brush);
    this.drawNanLabel(this.overlayContext);
    if (this.selection !== null) drawSelection(brush, this.selection);
    if (cursor === null) return;
    const left = plot.left + this.xScale.toPixel(cursor.x) / ratio;
    if (!(left >= plot.left && left <= plot.right)) return;
    drawCursor(brush, left);
    drawDots(brush, this.hitsAt(cursor.x, cursor.y ?? undefined), this.highlighted);
  }

  /** The word beside the first mark. On the overlay, so that it hides no line. */
  private drawNanLabel(context: CanvasRenderingContext2D): void {
    if (this.firstNan === null) return;
    const brush = { context, theme: this.theme, plot: this.plotBox(), ratio: this.ratio };
    const marked = this.drawn.flatMap(({ trace: { marks } }) => [
      ...(marks.get(HAS_NAN) ?? []),
      ...(marks.get(HAS_NEGATIVE_INFINITY) ?? []),
    ]);
    drawMarkLabel(brush, "NaN", this.firstNan, marked);
  }

  // The pointer

  private point(pointer: { left: number; top: number } | null): void {
    if (pointer === null && this.pointer === null) return;
    this.pointer = pointer;
    this.dirty.hover = true;
    this.schedule();
  }

  private sayHover(): void {
    const { pointer } = this;
    if (pointer === null) {
      this.setHover(null);
      this.options.onHover?.(null);
      return;
    }
    const { left, top } = this.plotPixels();
    const x = this.xScale.toValue(pointer.left * this.ratio - left);
    const y = this.yScale.toValue(pointer.top * this.ratio - top);
    this.cursor = { x, y };
    this.dirty.overlay = true;
    const { onHover } = this.options;
    if (onHover === undefined) return;
    const near = this.runAt(pointer.left, pointer.top);
    onHover({ x, y, left: pointer.left, top: pointer.top, hits: this.hitsAt(x, y), near });
  }

  /** The run whose line is within reach of a place, in CSS pixels. */
  private runAt(left: number, top: number): string | null {
    const plot = this.plotPixels();
    const x = left * this.ratio - plot.left;
    const row = top * this.ratio - plot.top;
    let best = NEAR_PX * this.ratio;
    let run: string | null = null;
    for (const { line, trace } of this.drawn) {
      if (line.faint) continue;
      const away = distanceTo(trace, this.yScale, x, row, best);
      if (away < best) {
        best = away;
        run = line.run;
      }
    }
    return run;
  }

  private select(box: Box | null): void {
    if (this.selection === null && box === null) return;
    this.selection = box;
    this.dirty.overlay = true;
    this.schedule();
  }

  private show(part: Part, burst: boolean): void {
    const plot = this.plotPixels();
    let { view, yRange } = this.options;
    // What was asked for last, which need not be drawn yet: pointers move more often than frames come.
    const xScale = this.fitX(plot.width);
    const yScale = yRange === null ? this.yScale : this.fitY(plot.height);
    const toX = (left: number) => xScale.toValue(left * this.ratio - plot.left);
    const toY = (top: number) => yScale.toValue(top * this.ratio - plot.top);
    if (part.x !== null) {
      const next = { x0: toX(part.x[0]), x1: toX(part.x[1]) };
      const least = SMALLEST_VIEW * Math.max(Math.abs(next.x0), Math.abs(next.x1));
      if (!(next.x1 - next.x0 > least) || !Number.isFinite(next.x1 - next.x0)) return;
      view = next;
    }
    if (part.y !== null) {
      const next = [toY(part.y[1]), toY(part.y[0])] as const;
      if (!(next[0] < next[1]) || !Number.isFinite(next[0]) || !Number.isFinite(next[1])) return;
      yRange = next;
    }
    if (!burst) this.history().push({ view: this.options.view, yRange: this.options.yRange });
    this.setView(view, yRange);
    this.options.onView?.(view, yRange);
  }

  private back(): void {
    const before = this.history().pop() ?? { view: null, yRange: null };
    this.setView(before.view, before.yRange);
    this.options.onView?.(before.view, before.yRange);
  }

  private history(): ViewHistory {
    return this.options.history ?? this.ownHistory;
  }
}

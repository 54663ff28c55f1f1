/** A chart of a table on a canvas: a drag zooms, a double-click goes back. */
import { inkOn } from "../base/ink.ts";
import { ticksOf } from "../base/ticks.ts";
import {
  type Chart,
  type ChartFrame,
  type ChartMark,
  type ChartView,
  frameOf,
  type Hit,
  hitAt,
  type Pads,
  placeOf,
  type RectsMark,
  wholeOf,
} from "./chart.ts";
import { type Box, Gestures, type Part } from "./gestures.ts";
import { Surface, type SurfaceSize, shortened } from "./surface.ts";
import { readTheme, type Theme } from "./theme.ts";

export interface ChartTarget {
  onHover(hit: Hit | null, left: number, top: number): void;
  onPick(hit: Hit): void;
}

export interface ChartPlot {
  update(chart: Chart, highlighted: string | null): void;
  mark(hit: Hit | null): void;
  frame(): ChartFrame;
  chart(): Chart;
  flush(): void;
  destroy(): void;
}

/** How near the pointer has to come to a point, in CSS pixels. */
const REACH = 26;
/** What is of other runs while one is highlighted. */
const DIMMED = 0.15;
const RADIUS = 2.5;
const LEAST_LEFT = 40;
/** Width that names beside the plot may take, in CSS pixels and as a share of the whole. */
const MOST_NAMES = 130;
const NAMES_SHARE = 0.35;

export function createChartPlot(element: HTMLElement, target: ChartTarget): ChartPlot {
  return new CanvasChartPlot(element, target);
}

const NOTHING: Chart = {
  x: { title: "", lo: 0, hi: 1, names: null },
  y: { title: "", lo: 0, hi: 1, names: null },
  marks: [],
};

class CanvasChartPlot implements ChartPlot {
  private readonly gestures: Gestures;
  private readonly surface: Surface;
  private drawn: Chart = NOTHING;
  private highlighted: string | null = null;
  private marked: Hit | null = null;
  /** Null: the whole chart. */
  private view: ChartView | null = null;
  private readonly before: (ChartView | null)[] = [];
  private selection: Box | null = null;
  private theme: Theme;

  constructor(
    private readonly element: HTMLElement,
    private readonly target: ChartTarget,
  ) {
    this.theme = readTheme(element);
    this.gestures = new Gestures(element, {
      plotBox: () => this.plotBox(),
      isZoomed: () => this.view !== null,
      hover: (left, top) => this.target.onHover(this.hit(left, top), left, top),
      leave: () => this.target.onHover(null, 0, 0),
      select: (box) => this.select(box),
      show: (part, isBurst) => this.show(part, isBurst),
      back: () => this.look(this.before.pop() ?? null),
      click: (left, top) => {
        const hit = this.hit(left, top);
        if (hit !== null) this.target.onPick(hit);
      },
    });
    this.surface = new Surface(element, 1, { draw: () => this.draw() });
  }

  update(chart: Chart, highlighted: string | null): void {
    this.drawn = chart;
    this.highlighted = highlighted;
    this.theme = readTheme(this.element);
    this.surface.schedule();
  }

  mark(hit: Hit | null): void {
    this.marked = hit;
    this.surface.schedule();
  }

  frame(): ChartFrame {
    return frameOf(this.drawn, this.size, this.view ?? wholeOf(this.drawn), this.pads());
  }

  chart(): Chart {
    return this.drawn;
  }

  flush(): void {
    this.surface.flush();
  }

  destroy(): void {
    this.gestures.destroy();
    this.surface.destroy();
  }

  private get size(): SurfaceSize {
    return this.surface.size;
  }

  private get context(): CanvasRenderingContext2D {
    return this.surface.canvases[0]!.getContext("2d")!;
  }

  private hit(left: number, top: number): Hit | null {
    return hitAt(this.drawn.marks, this.frame(), left, top, REACH);
  }

  /** Names beside the plot take the room of the longest, within reason. */
  private pads(): Pads {
    const { x, y } = this.drawn;
    const bottom = x.title === "" ? 20 : 34;
    const title = y.title === "" ? 0 : 14;
    if (y.names === null) return { left: LEAST_LEFT + title, bottom };
    const { context } = this;
    context.font = this.theme.font;
    const longest = y.names.reduce(
      (most, name) => Math.max(most, context.measureText(name).width),
      0,
    );
    const room = Math.min(MOST_NAMES, NAMES_SHARE * this.size.width);
    return { left: Math.max(24, Math.min(room, longest + 10)) + title, bottom };
  }

  // ---- the pointer

  private plotBox(): Box {
    const { left, top, width, height } = this.frame();
    return { left, top, right: left + width, bottom: top + height };
  }

  private select(box: Box | null): void {
    if (this.selection === null && box === null) return;
    this.selection = box;
    this.surface.schedule();
  }

  private show(part: Part, isBurst: boolean): void {
    const { x, y } = this.frame();
    const now = this.view ?? wholeOf(this.drawn);
    const vertical =
      part.y === null ? now.y : [y.toValue(part.y[0]), y.toValue(part.y[1])].sort((a, b) => a - b);
    const next: ChartView = {
      x: part.x === null ? now.x : [x.toValue(part.x[0]), x.toValue(part.x[1])],
      y: vertical as [number, number],
    };
    const whole = wholeOf(this.drawn);
    const isTiny = (axis: "x" | "y") =>
      !(next[axis][1] - next[axis][0] > 1e-6 * (whole[axis][1] - whole[axis][0]));
    if (isTiny("x") || isTiny("y")) return;
    if (!isBurst) this.before.push(this.view);
    this.look(next);
  }

  private look(view: ChartView | null): void {
    this.view = view;
    this.surface.schedule();
  }

  // ---- drawing

  private draw(): void {
    const { width, height, ratio } = this.size;
    const { context } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = this.theme.font;
    const frame = this.frame();
    this.drawX(context, frame);
    this.drawY(context, frame);
    context.save();
    context.beginPath();
    context.rect(frame.left - 1, frame.top - 1, frame.width + 2, frame.height + 2);
    context.clip();
    if (this.drawn.hasDiagonal) this.drawDiagonal(context, frame);
    for (const mark of this.drawn.marks) {
      const isLit = this.highlighted === null || this.highlighted === mark.run;
      context.globalAlpha = isLit ? 1 : DIMMED;
      this.drawMark(context, frame, mark);
    }
    context.globalAlpha = 1;
    this.drawMarked(context, frame);
    context.restore();
    if (this.selection !== null) this.drawSelection(context, this.selection);
  }

  private drawX(context: CanvasRenderingContext2D, frame: ChartFrame): void {
    const { theme, drawn } = this;
    const bottom = frame.top + frame.height;
    context.fillStyle = theme.label;
    context.textAlign = "center";
    context.textBaseline = "top";
    if (drawn.x.names === null) {
      const { values, labels } = ticksOf(
        frame.x,
        Math.max(2, Math.floor(frame.width / 60)),
        drawn.x.isWhole ? "whole" : "number",
      );
      values.forEach((value, i) => {
        const left = frame.x.toPixel(value);
        this.grid(context, Math.round(left), frame.top, 1, frame.height);
        const half = context.measureText(labels[i]!).width / 2;
        const at = Math.min(left, this.size.width - half - 2);
        context.fillText(labels[i]!, at, bottom + 4);
      });
    } else {
      const each = frame.x.toPixel(1) - frame.x.toPixel(0);
      // Names that have no room are left out evenly.
      const every = Math.max(1, Math.ceil(18 / each));
      drawn.x.names.forEach((name, i) => {
        const left = frame.x.toPixel(i + 0.5);
        if (i % every !== 0 || left < frame.left || left > frame.left + frame.width) return;
        context.fillText(shortened(context, name, every * each - 3), left, bottom + 4);
      });
    }
    if (drawn.x.title !== "") {
      context.textBaseline = "bottom";
      const title = shortened(context, drawn.x.title, frame.width);
      context.fillText(title, frame.left + frame.width / 2, this.size.height - 2);
    }
  }

  private drawY(context: CanvasRenderingContext2D, frame: ChartFrame): void {
    const { theme, drawn } = this;
    context.fillStyle = theme.label;
    context.textAlign = "right";
    context.textBaseline = "middle";
    if (drawn.y.names === null) {
      const { values, labels } = ticksOf(
        frame.y,
        Math.max(2, Math.floor(frame.height / 34)),
        drawn.y.isWhole ? "whole" : "number",
      );
      values.forEach((value, i) => {
        const top = frame.y.toPixel(value);
        this.grid(context, frame.left, Math.round(top), frame.width, 1);
        context.fillText(labels[i]!, frame.left - 5, Math.max(6, top));
      });
    } else {
      const each = Math.abs(frame.y.toPixel(1) - frame.y.toPixel(0));
      const every = Math.max(1, Math.ceil(12 / each));
      const room = frame.left - 8 - (drawn.y.title === "" ? 0 : 14);
      drawn.y.names.forEach((name, i) => {
        const top = frame.y.toPixel(i + 0.5);
        if (i % every !== 0 || top < frame.top || top > frame.top + frame.height) return;
        context.fillText(shortened(context, name, room), frame.left - 5, top);
      });
    }
    if (drawn.y.title === "") return;
    context.save();
    context.translate(2, frame.top + frame.height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.textBaseline = "top";
    context.fillText(shortened(context, drawn.y.title, frame.height), 0, 0);
    context.restore();
  }

  private grid(
    context: CanvasRenderingContext2D,
    left: number,
    top: number,
    width: number,
    height: number,
  ): void {
    context.fillStyle = `rgb(${this.theme.grid.join(" ")})`;
    context.fillRect(left, top, width, height);
    context.fillStyle = this.theme.label;
  }

  private drawDiagonal(context: CanvasRenderingContext2D, { x, y }: ChartFrame): void {
    const { lo, hi } = this.drawn.x;
    context.strokeStyle = this.theme.label;
    context.setLineDash([2, 3]);
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x.toPixel(lo), y.toPixel(this.drawn.y.lo));
    context.lineTo(x.toPixel(hi), y.toPixel(this.drawn.y.hi));
    context.stroke();
    context.setLineDash([]);
  }

  private drawMark(context: CanvasRenderingContext2D, frame: ChartFrame, mark: ChartMark): void {
    context.fillStyle = mark.color;
    context.strokeStyle = mark.color;
    if (mark.type === "rects") {
      this.drawRects(context, frame, mark);
      return;
    }
    const { xs, ys } = mark;
    if (mark.type === "line") {
      context.lineWidth = 1.5;
      context.lineJoin = "round";
      context.setLineDash([...mark.dash]);
      context.beginPath();
      let isDown = false;
      for (let i = 0; i < xs.length; i++) {
        const [left, top] = [frame.x.toPixel(xs[i]!), frame.y.toPixel(ys[i]!)];
        if (!Number.isFinite(left) || !Number.isFinite(top)) isDown = false;
        else if (isDown) context.lineTo(left, top);
        else {
          context.moveTo(left, top);
          isDown = true;
        }
      }
      context.stroke();
      context.setLineDash([]);
      // A line of one point is a point.
      if (xs.length > 1) return;
    }
    for (let i = 0; i < xs.length; i++) {
      const [left, top] = [frame.x.toPixel(xs[i]!), frame.y.toPixel(ys[i]!)];
      context.beginPath();
      context.arc(left, top, RADIUS, 0, 2 * Math.PI);
      context.fill();
    }
  }

  private drawRects(context: CanvasRenderingContext2D, frame: ChartFrame, mark: RectsMark): void {
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let i = 0; i < mark.x0.length; i++) {
      const { left, top, width, height } = this.boxOf(frame, mark, i);
      context.fillStyle = mark.colors?.[i] ?? mark.color;
      context.fillRect(left, top, Math.max(0.5, width), Math.max(0.5, height));
      const text = mark.texts?.[i] ?? "";
      if (text === "" || height < 11 || context.measureText(text).width > width - 2) continue;
      context.fillStyle = inkOn(mark.colors?.[i] ?? mark.color);
      context.fillText(text, left + width / 2, top + height / 2);
    }
  }

  private boxOf({ x, y }: ChartFrame, { x0, x1, y0, y1 }: RectsMark, i: number) {
    const [a, b] = [x.toPixel(x0[i]!), x.toPixel(x1[i]!)];
    const [c, d] = [y.toPixel(y0[i]!), y.toPixel(y1[i]!)];
    return {
      left: Math.min(a, b),
      top: Math.min(c, d),
      width: Math.abs(b - a),
      height: Math.abs(d - c),
    };
  }

  private drawMarked(context: CanvasRenderingContext2D, frame: ChartFrame): void {
    const { marked } = this;
    if (marked === null || !this.drawn.marks.includes(marked.mark)) return;
    context.lineWidth = 1.5;
    context.strokeStyle = this.theme.ink;
    if (marked.mark.type === "rects") {
      const { left, top, width, height } = this.boxOf(frame, marked.mark, marked.index);
      context.strokeRect(left, top, width, height);
      return;
    }
    const [x, y] = placeOf(marked);
    context.fillStyle = marked.mark.color;
    context.beginPath();
    context.arc(frame.x.toPixel(x), frame.y.toPixel(y), RADIUS + 1.5, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }

  private drawSelection(context: CanvasRenderingContext2D, box: Box): void {
    context.globalAlpha = 0.15;
    context.fillStyle = this.theme.accent;
    context.fillRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    context.globalAlpha = 1;
  }
}

/** Curves of precision over recall on a canvas: a drag zooms, a double-click goes back. */
import { ticksOf } from "../base/ticks.ts";
import { type Box, Gestures, type Part } from "./gestures.ts";
import {
  frameOf,
  nearestPoint,
  type PrCurve,
  type PrFrame,
  type PrPoint,
  type PrView,
  WHOLE,
} from "./pr_curve.ts";
import { Surface, type SurfaceSize } from "./surface.ts";
import { readTheme, type Theme } from "./theme.ts";

export interface PrTarget {
  onHover(point: PrPoint | null, left: number, top: number): void;
  onPick(point: PrPoint): void;
}

export interface PrPlot {
  update(curves: readonly PrCurve[], highlighted: string | null): void;
  /** Marks a point of a curve, and the same threshold on the others. */
  mark(point: PrPoint | null): void;
  frame(): PrFrame;
  /** The curves as they are drawn. */
  curves(): readonly PrCurve[];
  flush(): void;
  destroy(): void;
}

/** How near the pointer has to come to a point, in CSS pixels. */
const REACH = 30;
/** Runs that are not highlighted while one is. */
const DIMMED = 0.15;

export function createPrPlot(element: HTMLElement, target: PrTarget): PrPlot {
  return new CanvasPrPlot(element, target);
}

class CanvasPrPlot implements PrPlot {
  private readonly gestures: Gestures;
  private readonly surface: Surface;
  private drawn: readonly PrCurve[] = [];
  private highlighted: string | null = null;
  private marked: PrPoint | null = null;
  private view: PrView = WHOLE;
  private readonly before: PrView[] = [];
  private selection: Box | null = null;
  private theme: Theme;

  constructor(
    private readonly element: HTMLElement,
    private readonly target: PrTarget,
  ) {
    this.theme = readTheme(element);
    this.gestures = new Gestures(element, {
      plotBox: () => this.plotBox(),
      isZoomed: () => this.view !== WHOLE,
      hover: (left, top) => this.point(left, top),
      leave: () => this.target.onHover(null, 0, 0),
      select: (box) => this.select(box),
      show: (part, isBurst) => this.show(part, isBurst),
      back: () => this.look(this.before.pop() ?? WHOLE),
      click: (left, top) => {
        const near = nearestPoint(this.drawn, this.frame(), left, top, REACH);
        if (near !== null) this.target.onPick(near);
      },
    });
    this.surface = new Surface(element, 1, { draw: () => this.draw() });
  }

  update(curves: readonly PrCurve[], highlighted: string | null): void {
    this.drawn = curves;
    this.highlighted = highlighted;
    this.theme = readTheme(this.element);
    this.surface.schedule();
  }

  mark(point: PrPoint | null): void {
    this.marked = point;
    this.surface.schedule();
  }

  frame(): PrFrame {
    return frameOf(this.size.width, this.size.height, this.view);
  }

  curves(): readonly PrCurve[] {
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

  // ---- the pointer

  private plotBox(): Box {
    const { left, top, width, height } = this.frame();
    return { left, top, right: left + width, bottom: top + height };
  }

  private point(left: number, top: number): void {
    this.target.onHover(nearestPoint(this.drawn, this.frame(), left, top, REACH), left, top);
  }

  private select(box: Box | null): void {
    if (this.selection === null && box === null) return;
    this.selection = box;
    this.surface.schedule();
  }

  private show(part: Part, isBurst: boolean): void {
    const { x, y } = this.frame();
    const next: PrView = {
      x: part.x === null ? this.view.x : [x.toValue(part.x[0]), x.toValue(part.x[1])],
      y: part.y === null ? this.view.y : [y.toValue(part.y[1]), y.toValue(part.y[0])],
    };
    if (!(next.x[1] - next.x[0] > 1e-6) || !(next.y[1] - next.y[0] > 1e-6)) return;
    if (!isBurst) this.before.push(this.view);
    this.look(next);
  }

  private look(view: PrView): void {
    this.view = view;
    this.surface.schedule();
  }

  // ---- drawing

  private draw(): void {
    const { width, height, ratio } = this.size;
    const context = this.surface.canvases[0]!.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = this.theme.font;
    const frame = this.frame();
    this.drawAxes(context, frame);
    context.save();
    context.beginPath();
    context.rect(frame.left - 1, frame.top - 1, frame.width + 2, frame.height + 2);
    context.clip();
    for (const curve of this.drawn) this.drawCurve(context, frame, curve);
    this.drawMarks(context, frame);
    context.restore();
    if (this.selection !== null) this.drawSelection(context, this.selection);
  }

  private drawAxes(context: CanvasRenderingContext2D, frame: PrFrame): void {
    const { theme } = this;
    const bottom = frame.top + frame.height;
    const xs = ticksOf(frame.x, Math.max(2, Math.floor(frame.width / 60)));
    const ys = ticksOf(frame.y, Math.max(2, Math.floor(frame.height / 34)));
    context.textAlign = "center";
    context.textBaseline = "top";
    xs.values.forEach((value, i) => {
      const left = frame.x.toPixel(value);
      context.fillStyle = `rgb(${theme.grid.join(" ")})`;
      context.fillRect(Math.round(left), frame.top, 1, frame.height);
      context.fillStyle = theme.label;
      context.fillText(xs.labels[i]!, left, bottom + 4);
    });
    context.textAlign = "right";
    context.textBaseline = "middle";
    ys.values.forEach((value, i) => {
      const top = frame.y.toPixel(value);
      context.fillStyle = `rgb(${theme.grid.join(" ")})`;
      context.fillRect(frame.left, Math.round(top), frame.width, 1);
      context.fillStyle = theme.label;
      context.fillText(ys.labels[i]!, frame.left - 5, top);
    });
    context.textAlign = "center";
    context.textBaseline = "bottom";
    context.fillText("recall", frame.left + frame.width / 2, this.size.height - 2);
    context.save();
    context.translate(2, frame.top + frame.height / 2);
    context.rotate(-Math.PI / 2);
    context.textBaseline = "top";
    context.fillText("precision", 0, 0);
    context.restore();
  }

  private drawCurve(context: CanvasRenderingContext2D, frame: PrFrame, curve: PrCurve): void {
    context.globalAlpha = this.highlighted === null || this.highlighted === curve.run ? 1 : DIMMED;
    context.strokeStyle = curve.color;
    context.fillStyle = curve.color;
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.setLineDash([...curve.dash]);
    context.beginPath();
    for (let i = 0; i < curve.drawn; i++) {
      const left = frame.x.toPixel(curve.recall[i]!);
      const top = frame.y.toPixel(curve.precision[i]!);
      if (i === 0) context.moveTo(left, top);
      else context.lineTo(left, top);
    }
    context.stroke();
    context.setLineDash([]);
    if (curve.drawn === 1) {
      context.beginPath();
      context.arc(frame.x.toPixel(curve.recall[0]!), frame.y.toPixel(curve.precision[0]!), 3, 0, 7);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  /** The point under the pointer, and on every other curve the point of the nearest threshold. */
  private drawMarks(context: CanvasRenderingContext2D, frame: PrFrame): void {
    const { marked, theme } = this;
    if (marked === null) return;
    const share = marked.index / Math.max(1, marked.curve.tp.length - 1);
    for (const curve of this.drawn) {
      const isIt = curve === marked.curve;
      const index = isIt ? marked.index : Math.round(share * (curve.tp.length - 1));
      if (index >= curve.drawn) continue;
      const left = frame.x.toPixel(curve.recall[index]!);
      const top = frame.y.toPixel(curve.precision[index]!);
      for (const [radius, color] of [
        [isIt ? 5.5 : 3.5, theme.panelText],
        [isIt ? 4 : 2.5, curve.color],
      ] as const) {
        context.beginPath();
        context.arc(left, top, radius, 0, 2 * Math.PI);
        context.fillStyle = color;
        context.fill();
      }
    }
  }

  private drawSelection(context: CanvasRenderingContext2D, box: Box): void {
    const { left, top, right, bottom } = box;
    context.fillStyle = this.theme.accent;
    context.globalAlpha = 0.12;
    context.fillRect(left, top, right - left, bottom - top);
    context.globalAlpha = 1;
  }
}

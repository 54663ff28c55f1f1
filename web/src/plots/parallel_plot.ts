/**
 * Many runs over many axes: a line for each run, on three canvases. The lowest has every run in grey and is
 * painted when runs, axes or the size change; the middle one has those that pass the brushes, and is all
 * that a brush repaints; the highest has axes, brushes and the line under the pointer.
 *
 * Nothing here knows what a value means: axes are shares (parallel_axis.ts), and so are brushes.
 */
import type { ParallelAxis } from "./parallel_axis.ts";
import { type FieldLines, ParallelField, SHARES } from "./parallel_field.ts";
import { Surface, type SurfaceSize, shortened } from "./surface.ts";
import { parseColor, readTheme, type Theme } from "./theme.ts";

/** A brush on an axis, `from` below `to`, in shares of the axis as it is drawn without a flip. */
export interface ShareRange {
  readonly from: number;
  readonly to: number;
}

export interface PlotAxis {
  readonly id: string;
  readonly axis: ParallelAxis;
  /** The upper end below. */
  readonly isFlipped: boolean;
  readonly brushes: readonly ShareRange[];
}

export interface ParallelData {
  readonly axes: readonly PlotAxis[];
  /** Where on the ramp each run is, 0 to 1; NaN for none. null: all in one colour. */
  readonly colors: Float64Array | null;
  /** 1 for each run that passes the brushes. */
  readonly selected: Uint8Array;
  /** The ramp of the theme, from 0 to 1: as many colours as wanted. */
  readonly ramp: readonly string[];
}

export interface ParallelTarget {
  /** The pointer brushes: all brushes of the axis now, and whether it has let go. */
  onBrush(id: string, brushes: readonly ShareRange[], isDone: boolean): void;
  /** The run under the pointer, in the order of the data, or null; CSS pixels from the corner. */
  onHover(run: number | null, left: number, top: number): void;
  onPick(run: number): void;
}

export interface ParallelPlot {
  update(data: ParallelData): void;
  /** Draws one run's line above the others. */
  highlight(run: number | null): void;
  /** Places of the axes, in CSS pixels from the element's left edge. */
  lefts(): readonly number[];
  /** Draws now what is due. */
  flush(): void;
  /** Height of the axes and of the rail below them, in CSS pixels from the top. */
  frame(): { top: number; bottom: number; rail: number };
  destroy(): void;
}

const PAD = { left: 54, right: 54, top: 10, bottom: 12 };
/** Between the lower ends of the axes and the rail of what has no value, when there is one. */
const RAIL = 22;
const TOUCH_PX = 14;
const CLICK_PX = 4;
const EDGE_PX = 5;
const NEAR_PX = 6;
const BRUSH_WIDTH = 14;
const LABEL_WIDTH = 88;

export function createParallelPlot(
  element: HTMLElement,
  data: ParallelData,
  target: ParallelTarget,
): ParallelPlot {
  return new CanvasParallelPlot(element, data, target);
}

interface Drag {
  readonly axis: number;
  readonly kind: "new" | "move" | "from" | "to";
  /** The brush that moves; the others of the axis stay. */
  readonly others: readonly ShareRange[];
  readonly brush: ShareRange;
  readonly start: number;
  hasMoved: boolean;
}

class CanvasParallelPlot implements ParallelPlot {
  private readonly surface: Surface;
  private readonly lines: HTMLCanvasElement;
  private readonly above: HTMLCanvasElement;
  private readonly stop = new AbortController();
  private theme: Theme;
  private fields: { below: ParallelField; above: ParallelField } | null = null;
  private background: Uint32Array | null = null;
  private image: ImageData | null = null;
  private ys: readonly Float32Array[] = [];
  private isDirty = { lines: true, above: true };
  private highlighted: number | null = null;
  private drag: Drag | null = null;

  constructor(
    private readonly element: HTMLElement,
    private data: ParallelData,
    private readonly target: ParallelTarget,
  ) {
    this.theme = readTheme(element);
    this.surface = new Surface(element, 2, {
      onSize: () => {
        this.fields = null;
        this.isDirty = { lines: true, above: true };
      },
      draw: () => this.draw(),
    });
    [this.lines, this.above] = this.surface.canvases as [HTMLCanvasElement, HTMLCanvasElement];
    const { signal } = this.stop;
    element.addEventListener("pointerdown", (event) => this.down(event), { signal });
    element.addEventListener("pointermove", (event) => this.move(event), { signal });
    element.addEventListener("pointerup", (event) => this.up(event), { signal });
    element.addEventListener("pointercancel", () => this.cancel(), { signal });
    element.addEventListener("pointerleave", () => this.leave(), { signal });
    this.surface.schedule();
  }

  update(data: ParallelData): void {
    const old = this.data;
    this.data = data;
    const isSame =
      old.colors === data.colors &&
      old.ramp === data.ramp &&
      old.axes.length === data.axes.length &&
      old.axes.every(({ axis, isFlipped }, i) => {
        const next = data.axes[i]!;
        return axis === next.axis && isFlipped === next.isFlipped;
      });
    if (!isSame) this.fields = null;
    this.theme = readTheme(this.element);
    if (!isSame || old.selected !== data.selected) this.isDirty.lines = true;
    this.isDirty.above = true;
    this.surface.schedule();
  }

  highlight(run: number | null): void {
    if (this.highlighted === run) return;
    this.highlighted = run;
    this.isDirty.above = true;
    this.surface.schedule();
  }

  lefts(): readonly number[] {
    const { width } = this.size;
    const { length } = this.data.axes;
    if (length === 1) return [Math.round(width / 2)];
    const span = Math.max(0, width - PAD.left - PAD.right);
    return this.data.axes.map((_, i) => PAD.left + Math.round((span * i) / (length - 1)));
  }

  frame(): { top: number; bottom: number; rail: number } {
    const hasRail = this.data.axes.some(({ axis }) => axis.missing > 0);
    const rail = this.size.height - PAD.bottom;
    return { top: PAD.top, bottom: hasRail ? rail - RAIL : rail, rail };
  }

  flush(): void {
    this.surface.flush();
  }

  destroy(): void {
    this.stop.abort();
    this.surface.destroy();
  }

  private get size(): SurfaceSize {
    return this.surface.size;
  }

  private draw(): void {
    if (this.isDirty.lines) this.drawLines();
    if (this.isDirty.above) this.drawAbove();
    this.isDirty = { lines: false, above: false };
  }

  // ---- the lines

  /** Height of a share on an axis, in CSS pixels; NaN is on the rail. */
  private topOf(axis: PlotAxis, share: number): number {
    const { top, bottom, rail } = this.frame();
    if (Number.isNaN(share)) return rail;
    const at = axis.isFlipped ? share : 1 - share;
    return top + Math.min(1, Math.max(0, at)) * (bottom - top);
  }

  private shareAt(axis: PlotAxis, y: number): number {
    const { top, bottom } = this.frame();
    const at = Math.min(1, Math.max(0, (y - top) / Math.max(1, bottom - top)));
    return axis.isFlipped ? at : 1 - at;
  }

  private layFields(): { below: ParallelField; above: ParallelField } {
    const { axes, colors, selected } = this.data;
    const { ratio } = this.size;
    const lefts = this.lefts();
    this.ys = axes.map((axis) =>
      Float32Array.from(axis.axis.shares, (share) => this.topOf(axis, share) * ratio),
    );
    const shared = {
      axes: axes.map((_, i) => ({ x: Math.round(lefts[i]! * ratio), y: this.ys[i]! })),
      thickness: 1.2 * ratio,
    };
    const plain = new Uint8Array(selected.length);
    const ranked = colors ? Uint8Array.from(colors, (share) => share * SHARES + 0.5) : plain;
    const { width, height } = this.lines;
    const make = (lines: FieldLines) => new ParallelField(width, height, lines);
    return {
      below: make({ ...shared, shares: plain }),
      above: make({ ...shared, shares: ranked }),
    };
  }

  private drawLines(): void {
    const { data, theme, lines } = this;
    const context = lines.getContext("2d", { willReadFrequently: true })!;
    const count = data.selected.length;
    let isNew = false;
    if (this.fields === null) {
      this.fields = this.layFields();
      this.image = context.createImageData(lines.width, lines.height);
      isNew = true;
    }
    const pixels = new Uint32Array(this.image!.data.buffer);
    if (isNew || this.background === null) {
      this.fields.below.show(new Uint8Array(count).fill(1));
      pixels.fill(packed(theme.panelText) | 0xff000000);
      this.fields.below.paint(pixels, flat(theme.label), count > 300 ? 0.1 : 0.22);
      this.background = pixels.slice();
    } else pixels.set(this.background);
    this.fields.above.show(data.selected);
    const colors = data.colors === null ? flat(theme.accent) : rampOf(data.ramp);
    this.fields.above.paint(pixels, colors, count > 300 ? 0.35 : 0.85);
    context.putImageData(this.image!, 0, 0);
  }

  // ---- axes, brushes, the line under the pointer

  private drawAbove(): void {
    const { theme, data, size } = this;
    const context = this.above.getContext("2d")!;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.above.width, this.above.height);
    context.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
    context.font = theme.font;
    context.textBaseline = "middle";
    const lefts = this.lefts();
    const { top, bottom, rail } = this.frame();
    if (rail > bottom) this.drawRail(context, lefts, rail);
    data.axes.forEach((axis, i) => {
      const left = lefts[i]!;
      context.strokeStyle = theme.label;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(left + 0.5, top);
      context.lineTo(left + 0.5, bottom);
      context.stroke();
      for (const brush of axis.brushes) this.drawBrush(context, axis, left, brush);
      this.drawTicks(context, axis, left, bottom - top);
    });
    if (this.highlighted !== null) this.drawRun(context, lefts, this.highlighted);
  }

  private drawTicks(
    context: CanvasRenderingContext2D,
    axis: PlotAxis,
    left: number,
    length: number,
  ): void {
    const { theme } = this;
    context.textAlign = "left";
    for (const { at, label } of axis.axis.ticks(length)) {
      const y = this.topOf(axis, at);
      const text = shortened(context, label, LABEL_WIDTH);
      context.strokeStyle = theme.label;
      context.beginPath();
      context.moveTo(left - 3, Math.round(y) + 0.5);
      context.lineTo(left + 4, Math.round(y) + 0.5);
      context.stroke();
      // A border in the panel's colour: lines run through the labels.
      context.lineWidth = 3;
      context.lineJoin = "round";
      context.strokeStyle = theme.panelText;
      context.strokeText(text, left + 7, y);
      context.lineWidth = 1;
      context.fillStyle = theme.ink;
      context.fillText(text, left + 7, y);
    }
  }

  private drawRail(
    context: CanvasRenderingContext2D,
    lefts: readonly number[],
    rail: number,
  ): void {
    const { theme } = this;
    context.strokeStyle = theme.label;
    context.setLineDash([2, 3]);
    context.beginPath();
    context.moveTo(lefts[0]! - 8, rail + 0.5);
    context.lineTo(lefts.at(-1)! + 8, rail + 0.5);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = theme.label;
    context.textAlign = "right";
    context.fillText("no value", lefts[0]! - 10, rail);
  }

  private drawBrush(
    context: CanvasRenderingContext2D,
    axis: PlotAxis,
    left: number,
    { from, to }: ShareRange,
  ): void {
    const [a, b] = [this.topOf(axis, from), this.topOf(axis, to)];
    const top = Math.min(a, b);
    // Of a single value there is something to see, too.
    const height = Math.max(3, Math.abs(a - b));
    context.fillStyle = this.theme.accent;
    context.strokeStyle = this.theme.accent;
    context.globalAlpha = 0.28;
    context.fillRect(left - BRUSH_WIDTH / 2, top, BRUSH_WIDTH, height);
    context.globalAlpha = 1;
    context.strokeRect(left - BRUSH_WIDTH / 2 + 0.5, top + 0.5, BRUSH_WIDTH - 1, height - 1);
  }

  private drawRun(context: CanvasRenderingContext2D, lefts: readonly number[], run: number): void {
    const { theme, size } = this;
    for (const [width, color] of [
      [5, theme.panelText],
      [2.5, theme.ink],
    ] as const) {
      context.lineWidth = width;
      context.strokeStyle = color;
      context.beginPath();
      this.ys.forEach((y, i) => {
        const at = y[run]! / size.ratio;
        if (i === 0) context.moveTo(lefts[i]!, at);
        else context.lineTo(lefts[i]!, at);
      });
      context.stroke();
    }
    context.lineWidth = 1;
  }

  // ---- the pointer

  private place(event: PointerEvent): { x: number; y: number } {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private axisAt(x: number): number {
    const lefts = this.lefts();
    let best = -1;
    lefts.forEach((left, i) => {
      const away = Math.abs(left - x);
      if (away <= TOUCH_PX && (best < 0 || away < Math.abs(lefts[best]! - x))) best = i;
    });
    return best;
  }

  private down(event: PointerEvent): void {
    const { x, y } = this.place(event);
    const at = this.axisAt(x);
    if (event.button !== 0 || at < 0) return;
    const axis = this.data.axes[at]!;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.target.onHover(null, 0, 0);
    this.drag = dragFrom(axis, at, y, this.shareAt(axis, y), event.shiftKey, (share) =>
      this.topOf(axis, share),
    );
  }

  private move(event: PointerEvent): void {
    const { x, y } = this.place(event);
    const { drag } = this;
    if (drag === null) {
      const at = this.axisAt(x);
      this.element.style.cursor = at < 0 ? "" : "crosshair";
      const run = at < 0 ? this.runAt(x, y) : null;
      this.target.onHover(run, x, y);
      return;
    }
    const axis = this.data.axes[drag.axis]!;
    const share = this.shareAt(axis, y);
    if (Math.abs(this.topOf(axis, drag.start) - y) >= CLICK_PX) drag.hasMoved = true;
    if (drag.hasMoved) this.target.onBrush(axis.id, brushesAfter(drag, share), false);
  }

  private up(event: PointerEvent): void {
    const { x, y } = this.place(event);
    const { drag } = this;
    this.drag = null;
    if (drag === null) {
      const run = this.runAt(x, y);
      if (run !== null && event.button === 0) this.target.onPick(run);
      return;
    }
    const axis = this.data.axes[drag.axis]!;
    const share = this.shareAt(axis, y);
    // A click on a brush takes it away, one on the bare axis takes them all.
    const after = drag.hasMoved
      ? brushesAfter(drag, share)
      : drag.kind === "new"
        ? []
        : drag.others;
    this.target.onBrush(axis.id, after, true);
  }

  private cancel(): void {
    const { drag } = this;
    this.drag = null;
    if (drag === null) return;
    const { id } = this.data.axes[drag.axis]!;
    this.target.onBrush(id, drag.kind === "new" ? drag.others : [...drag.others, drag.brush], true);
  }

  private leave(): void {
    if (this.drag === null) this.target.onHover(null, 0, 0);
  }

  /** The selected run whose line is nearest to a place, when one is near. */
  private runAt(x: number, y: number): number | null {
    const lefts = this.lefts();
    const { ratio } = this.size;
    const { selected } = this.data;
    const gap = lefts.findIndex((left, i) => x >= left && x < (lefts[i + 1] ?? left));
    if (gap < 0 || this.ys.length < 2) return null;
    const [from, to] = [this.ys[gap]!, this.ys[gap + 1]!];
    const along = (x - lefts[gap]!) / (lefts[gap + 1]! - lefts[gap]!);
    const width = lefts[gap + 1]! - lefts[gap]!;
    let best: number | null = null;
    let least = NEAR_PX;
    for (let i = 0; i < selected.length; i++) {
      if (selected[i] === 0) continue;
      const [a, b] = [from[i]! / ratio, to[i]! / ratio];
      const slope = (b - a) / width;
      const away = Math.abs(a + (b - a) * along - y) / Math.sqrt(1 + slope * slope);
      if (away < least) {
        least = away;
        best = i;
      }
    }
    return best;
  }
}

/** What a press on an axis begins: a new brush, or one that is there moves, as a whole or at one end. */
function dragFrom(
  axis: PlotAxis,
  index: number,
  y: number,
  share: number,
  isFurther: boolean,
  topOf: (share: number) => number,
): Drag {
  const shared = { axis: index, start: share, hasMoved: false };
  for (const brush of axis.brushes) {
    const others = axis.brushes.filter((one) => one !== brush);
    const [a, b] = [topOf(brush.from), topOf(brush.to)];
    const isTall = Math.abs(a - b) > 3 * EDGE_PX;
    if (isTall && Math.abs(a - y) <= EDGE_PX) return { ...shared, kind: "from", brush, others };
    if (isTall && Math.abs(b - y) <= EDGE_PX) return { ...shared, kind: "to", brush, others };
    if (y >= Math.min(a, b) - 2 && y <= Math.max(a, b) + 2) {
      return { ...shared, kind: "move", brush, others };
    }
  }
  const others = isFurther ? axis.brushes : [];
  return { ...shared, kind: "new", brush: { from: share, to: share }, others };
}

function brushesAfter({ kind, brush, start, others }: Drag, share: number): ShareRange[] {
  if (kind === "new") return [...others, ordered(start, share)];
  if (kind === "from") return [...others, ordered(share, brush.to)];
  if (kind === "to") return [...others, ordered(brush.from, share)];
  const length = brush.to - brush.from;
  const from = Math.min(1 - length, Math.max(0, brush.from + share - start));
  return [...others, { from, to: from + length }];
}

function ordered(a: number, b: number): ShareRange {
  return a < b ? { from: a, to: b } : { from: b, to: a };
}

function packed(color: string): number {
  const [red, green, blue] = parseColor(color);
  return (blue << 16) | (green << 8) | red;
}

function flat(color: string): Uint32Array {
  return new Uint32Array(SHARES + 1).fill(packed(color));
}

function rampOf(ramp: readonly string[]): Uint32Array {
  return Uint32Array.from({ length: SHARES + 1 }, (_, i) =>
    packed(ramp[Math.round((i / SHARES) * (ramp.length - 1))]!),
  );
}

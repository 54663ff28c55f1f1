/** Histograms of several runs on a canvas, and what the pointer finds there. */
import { linearScale } from "../base/scale.ts";
import { type AxisKind, ticksOf } from "../base/ticks.ts";
import {
  type Field,
  type HistogramAt,
  type HistogramHit,
  type HistogramMode,
  type HistogramRun,
  HistogramScene,
} from "./histogram_scene.ts";
import { Surface, type SurfaceSize } from "./surface.ts";
import { parseColor, readTheme, type Theme } from "./theme.ts";

export interface HistogramOptions {
  readonly mode: HistogramMode;
  readonly isLog: boolean;
  readonly xKind: AxisKind;
  /** The step that the page is at; null: none. */
  readonly step: number | null;
}

export interface HistogramTarget {
  onHover(hit: HistogramHit | null, left: number, top: number): void;
  onPick(hit: HistogramHit): void;
}

export interface HistogramPlot {
  update(runs: readonly HistogramRun[], options: HistogramOptions): void;
  /** What is drawn where, for the size as it is now. */
  scene(): HistogramScene;
  flush(): void;
  destroy(): void;
}

/** Outlines of old histograms are this strong, of the newest whole. */
const OLDEST = 0.35;

export function createHistogramPlot(element: HTMLElement, target: HistogramTarget): HistogramPlot {
  return new CanvasHistogramPlot(element, target);
}

class CanvasHistogramPlot implements HistogramPlot {
  private readonly surface: Surface;
  private readonly stop = new AbortController();
  private runs: readonly HistogramRun[] = [];
  private options: HistogramOptions = { mode: "ridge", isLog: false, xKind: "whole", step: null };
  private made: HistogramScene | null = null;
  private hover: HistogramHit | null = null;
  private theme: Theme;

  constructor(
    private readonly element: HTMLElement,
    private readonly target: HistogramTarget,
  ) {
    this.theme = readTheme(element);
    const { signal } = this.stop;
    element.addEventListener("pointermove", (event) => this.point(event), { signal });
    element.addEventListener("pointerdown", (event) => this.point(event), { signal });
    element.addEventListener("pointerleave", () => this.say(null, 0, 0), { signal });
    element.addEventListener("click", () => this.hover && this.target.onPick(this.hover), {
      signal,
    });
    this.surface = new Surface(element, 1, {
      onSize: () => {
        this.made = null;
      },
      draw: () => this.draw(),
    });
  }

  update(runs: readonly HistogramRun[], options: HistogramOptions): void {
    this.runs = runs;
    this.options = options;
    this.made = null;
    this.theme = readTheme(this.element);
    this.surface.schedule();
  }

  scene(): HistogramScene {
    const { width, height } = this.size;
    this.made ??= new HistogramScene(this.runs, { ...this.options, width, height });
    return this.made;
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

  private point(event: PointerEvent): void {
    const box = this.element.getBoundingClientRect();
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    this.say(this.scene().hitAt(left, top), left, top);
  }

  private say(hit: HistogramHit | null, left: number, top: number): void {
    if (hit === null && this.hover === null) return;
    this.hover = hit;
    this.target.onHover(hit, left, top);
    this.surface.schedule();
  }

  // ---- drawing

  private draw(): void {
    const { width, height, ratio } = this.size;
    const context = this.surface.canvases[0]!.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = this.theme.font;
    const scene = this.scene();
    for (const field of scene.fields) this.drawField(context, scene, field);
  }

  private drawField(context: CanvasRenderingContext2D, scene: HistogramScene, field: Field): void {
    this.drawName(context, field);
    this.drawAxes(context, scene, field);
    context.save();
    context.beginPath();
    context.rect(field.left, field.top - 1, field.width, field.height + 2);
    context.clip();
    const { step } = this.options;
    const marked = step === null ? null : scene.atStep(field.run, step);
    const hovered = this.hover?.run.run === field.run.run ? this.hover.at : null;
    if (this.options.mode === "heat") this.drawHeat(context, scene, field);
    else if (this.options.mode === "bands") this.drawBands(context, scene, field);
    else this.drawOutlines(context, scene, field, marked, hovered);
    if (scene.isUpright) {
      for (const [at, color] of [
        [hovered, this.theme.label],
        [marked, this.theme.accent],
      ] as const) {
        if (at !== null)
          this.drawPosition(context, field, field.left + scene.xs.toPixel(at.x), color);
      }
    }
    context.restore();
  }

  private drawName(context: CanvasRenderingContext2D, field: Field): void {
    if (this.runs.length < 2) return;
    const { run } = field;
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.fillStyle = run.color;
    context.fillRect(field.left, field.top - 12, 8, 8);
    context.fillStyle = this.theme.ink;
    context.fillText(
      shortened(context, run.label, field.width - 14),
      field.left + 13,
      field.top - 8,
    );
  }

  private drawAxes(context: CanvasRenderingContext2D, scene: HistogramScene, field: Field): void {
    const { theme, options } = this;
    const bottom = field.top + field.height;
    const across = scene.isUpright ? scene.xs : scene.values;
    const kind = scene.isUpright ? options.xKind : "number";
    const grid = `rgb(${theme.grid.join(" ")})`;
    const ticks = ticksOf(across, Math.max(2, Math.floor(field.width / 64)), kind);
    context.textBaseline = "top";
    ticks.values.forEach((value, i) => {
      const left = field.left + across.toPixel(value);
      context.fillStyle = grid;
      context.fillRect(Math.round(left), field.top, 1, field.height);
      const half = context.measureText(ticks.labels[i]!).width / 2;
      const isIn = left - half >= field.left - 4 && left + half <= field.left + field.width + 6;
      if (!isIn) return;
      context.fillStyle = theme.label;
      context.textAlign = "center";
      context.fillText(ticks.labels[i]!, left, bottom + 5);
    });
    context.textBaseline = "middle";
    if (options.mode === "overlay") return;
    const up = scene.isUpright
      ? linearScale(scene.values.lo, scene.values.hi, bottom, field.top)
      : scene.xs;
    const rows = ticksOf(
      up,
      Math.max(2, Math.floor(field.height / 34)),
      scene.isUpright ? "number" : options.xKind,
    );
    rows.values.forEach((value, i) => {
      const top = scene.isUpright ? up.toPixel(value) : field.top + scene.xs.toPixel(value);
      context.fillStyle = grid;
      context.fillRect(field.left, Math.round(top), field.width, 1);
      context.fillStyle = theme.label;
      context.textAlign = scene.isUpright ? "right" : "left";
      const left = scene.isUpright ? field.left - 5 : field.left + field.width + 5;
      context.fillText(shortened(context, rows.labels[i]!, 40), left, top);
    });
  }

  private drawOutlines(
    context: CanvasRenderingContext2D,
    scene: HistogramScene,
    field: Field,
    marked: HistogramAt | null,
    hovered: HistogramAt | null,
  ): void {
    const { theme, options } = this;
    const { values, color } = field.run;
    const isRidge = options.mode === "ridge";
    const draw = (at: HistogramAt, strength: number, isSpecial: boolean) => {
      const points = scene.outlineOf(field, at);
      if (points.length === 0) return;
      context.beginPath();
      for (let i = 0; i < points.length; i += 2) {
        if (i === 0) context.moveTo(points[i]!, points[i + 1]!);
        else context.lineTo(points[i]!, points[i + 1]!);
      }
      if (isRidge) {
        context.fillStyle = mixed(color, theme.panelText, strength * 0.8);
        context.fill();
      }
      context.lineWidth = isSpecial ? 2 : 1;
      context.strokeStyle = isSpecial
        ? at === marked
          ? theme.accent
          : theme.ink
        : isRidge
          ? theme.panelText
          : mixed(color, theme.panelText, strength);
      context.stroke();
    };
    values.forEach((at, i) => {
      const age = values.length < 2 ? 1 : i / (values.length - 1);
      const strength = OLDEST + (1 - OLDEST) * age;
      draw(at, strength, isRidge && (at === marked || at === hovered));
    });
    if (isRidge) return;
    for (const at of [hovered, marked]) if (at !== null) draw(at, 1, true);
  }

  private drawHeat(context: CanvasRenderingContext2D, scene: HistogramScene, field: Field): void {
    const { ratio } = this.size;
    const columns = scene.heat(field);
    if (columns.length === 0) return;
    // One image pixel for each row and column, made large without smoothing: no colour that nothing has.
    const image = context.createImageData(columns.length, field.height);
    const pixels = new Uint32Array(image.data.buffer);
    const shades = Uint32Array.from({ length: 256 }, (_, i) =>
      packed(mixed(field.run.color, this.theme.panelText, i / 255)),
    );
    columns.forEach(({ rows }, x) => {
      rows.forEach((strength, y) => {
        if (strength > 0) pixels[y * columns.length + x] = shades[Math.round(strength * 255)]!;
      });
    });
    const source = new OffscreenCanvas(columns.length, field.height);
    source.getContext("2d")!.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    columns.forEach(({ left, right }, x) => {
      const from = Math.round(left * ratio) / ratio;
      const width = Math.max(1 / ratio, Math.round(right * ratio) / ratio - from);
      context.drawImage(source, x, 0, 1, field.height, from, field.top, width, field.height);
    });
  }

  private drawBands(context: CanvasRenderingContext2D, scene: HistogramScene, field: Field): void {
    const bands = scene.bandsOf(field);
    if (bands.length === 0) return;
    const { color } = field.run;
    const points =
      bands.length > 1
        ? bands
        : [-3, 3].map((by) => ({ left: bands[0]!.left + by, tops: bands[0]!.tops }));
    const last = points[0]!.tops.length - 1;
    for (let inner = 0; inner < last / 2; inner++) {
      context.beginPath();
      points.forEach(({ left, tops }, i) => {
        if (i === 0) context.moveTo(left, tops[inner]!);
        else context.lineTo(left, tops[inner]!);
      });
      for (const { left, tops } of [...points].reverse()) context.lineTo(left, tops[last - inner]!);
      context.closePath();
      context.fillStyle = mixed(color, this.theme.panelText, [0.14, 0.3, 0.5, 0.72][inner] ?? 0.72);
      context.fill();
    }
    context.beginPath();
    points.forEach(({ left, tops }, i) => {
      if (i === 0) context.moveTo(left, tops[last / 2]!);
      else context.lineTo(left, tops[last / 2]!);
    });
    context.strokeStyle = this.theme.ink;
    context.lineWidth = 1.5;
    context.stroke();
  }

  private drawPosition(
    context: CanvasRenderingContext2D,
    field: Field,
    left: number,
    color: string,
  ): void {
    const { ratio } = this.size;
    context.fillStyle = color;
    context.fillRect(
      Math.round((left - 0.5) * ratio) / ratio,
      field.top,
      Math.max(1, Math.round(1.5 * ratio)) / ratio,
      field.height,
    );
  }
}

const blends = new Map<string, string>();

/** A colour over another one at a strength of 0 to 1, opaque. */
function mixed(over: string, under: string, strength: number): string {
  const name = `${over}|${under}|${strength}`;
  let found = blends.get(name);
  if (found === undefined) {
    const [a, b] = [parseColor(over), parseColor(under)];
    const parts = a.map((part, i) => Math.round(part * strength + b[i]! * (1 - strength)));
    found = `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
    if (blends.size > 20_000) blends.clear();
    blends.set(name, found);
  }
  return found;
}

function packed(color: string): number {
  const [red, green, blue] = parseColor(color);
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

function shortened(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let cut = text.length;
  while (cut > 1 && context.measureText(`${text.slice(0, cut)}…`).width > width) cut -= 1;
  return `${text.slice(0, cut)}…`;
}

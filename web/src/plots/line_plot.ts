/**
 * A line chart on two canvases: the data, redrawn when data, view or size change, and above it the
 * overlay (cursor, points under it, the box of a zoom), redrawn as the pointer moves.
 *
 * Nothing here knows about requests or components: the caller hands in lines and options and hears
 * of views, hovers and clicks. Drawing happens at most once an animation frame, and in a later one where
 * the page has more plots than fit into one; the plot under the pointer never waits.
 */
import { drawFlags } from "./flags.ts";
import { AGAIN_MS, FIRST_MS, hasRoom } from "./frame_turns.ts";
import { type Box, Gestures, type Part } from "./gestures.ts";
import { groupHitsOf, hitsOf, lineAt } from "./hits.ts";
import {
  type Brush,
  clearOverlay,
  drawCursor,
  drawDots,
  drawMarkLabel,
  drawPins,
  drawSelection,
} from "./overlay.ts";
import { firstNan, paintLabels, paintScene } from "./paint.ts";
import type {
  Band,
  Clip,
  Frame,
  GroupHit,
  Hit,
  Line,
  LinePlot,
  LinePlotOptions,
  PictureOptions,
} from "./plot_types.ts";
import { onPrint } from "./printing.ts";
import { Raster } from "./raster.ts";
import { type Area, Scene } from "./scene.ts";
import { watchSize } from "./sizes.ts";
import { forgetThemes, readTheme, type Theme } from "./theme.ts";
import { MARGIN } from "./trace.ts";
import { createViewHistory, type View, type ViewHistory } from "./view_history.ts";

export type {
  Band,
  Clip,
  GroupHit,
  Hit,
  Hover,
  Line,
  LinePlot,
  LinePlotOptions,
  XKind,
} from "./plot_types.ts";

/** Zooming stops where neighbouring positions are no longer told apart. */
const SMALLEST_VIEW = 1e-12;
/** How long a click on nothing waits for a second one, which goes back to the view before. */
const DOUBLE_MS = 330;
/** How near a logged position must be for a mark to be put on it, in CSS pixels. */
const MARK_PX = 24;

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
  /** Got when they are first drawn on: until then a canvas takes no memory and shows what is behind it. */
  private context: CanvasRenderingContext2D | null = null;
  private overlayContext: CanvasRenderingContext2D | null = null;
  private readonly gestures: Gestures;
  private readonly leaveSize: () => void;
  private readonly leavePrint = onPrint(() => this.drawForPrint());
  private readonly ownHistory = createViewHistory();
  private readonly scene: Scene;
  /** Read when it is next needed. */
  private knownTheme: Theme | null = null;
  private raster: Raster | null = null;
  private ratio = 1;
  /** CSS pixels. */
  private size = { width: 0, height: 0 };
  private highlighted: string | null = null;
  private cursor: { x: number; y: number | null } | null = null;
  private pointer: { left: number; top: number } | null = null;
  private selection: Box | null = null;
  private flag: number | null = null;
  private visible = true;
  private dirty = { data: true, overlay: true, hover: false };
  private mayWait = false;
  private request = 0;
  private marking: ReturnType<typeof setTimeout> | undefined;
  private saidWidth = 0;
  private readonly textWidths = new Map<string, number>();

  constructor(
    private readonly element: HTMLElement,
    lines: readonly Line[],
    options: LinePlotOptions,
  ) {
    for (const canvas of [this.canvas, this.overlay]) {
      canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%;display:block";
      canvas.setAttribute("aria-hidden", "true");
      element.append(canvas);
    }
    this.scene = new Scene(lines, [], options);
    this.gestures = new Gestures(element, {
      plotBox: () => this.plotBox(),
      isZoomed: () => this.options.view !== null || this.options.yRange !== null,
      hover: (left, top) => this.point({ left, top }),
      leave: () => this.point(null),
      select: (box) => this.select(box),
      show: (part, burst) => this.show(part, burst),
      back: () => this.back(),
      click: (left, top) => this.click(left, top),
    });
    // Its first call comes with the first frame, when sizes are known: asking for them here would lay
    // the page out anew for each plot that is made.
    this.leaveSize = watchSize(element, (box) => {
      if (this.measure(box)) this.flush();
    });
  }

  private get options(): LinePlotOptions {
    return this.scene.options;
  }

  update(lines: readonly Line[], options: LinePlotOptions, bands: readonly Band[] = []): void {
    const isMoved = !isSamePart(this.options, options);
    this.scene.set(lines, bands, options);
    this.knownTheme = null;
    this.invalidate(isMoved);
  }

  setView(view: View | null, yRange = this.options.yRange): void {
    this.scene.look(view, yRange);
    this.invalidate(true);
  }

  setHover(x: number | null, y?: number): void {
    this.cursor = x === null ? null : { x, y: y ?? null };
    this.dirty.overlay = true;
    this.schedule();
  }

  setFlag(index: number | null): void {
    if (this.flag === index) return;
    this.flag = index;
    this.dirty.overlay = true;
    this.schedule();
  }

  leftOf(x: number): number {
    return (this.scene.area().left + this.scene.xScale.toPixel(x)) / this.ratio;
  }

  xAt(left: number): number {
    return this.scene.xScale.toValue(left * this.ratio - this.scene.area().left);
  }

  highlight(run: string | null): void {
    if (this.highlighted === run) return;
    this.highlighted = run;
    this.mayWait = false;
    this.dirty.data = true;
    this.schedule();
  }

  setVisible(visible: boolean): void {
    this.visible = visible;
    if (visible) this.schedule();
  }

  resize(): void {
    forgetThemes();
    this.knownTheme = null;
    this.textWidths.clear();
    this.measure();
    this.invalidate();
  }

  flush(): void {
    cancelAnimationFrame(this.request);
    this.request = 0;
    if (!this.visible) return;
    // It is asked for before its first frame, or the page was zoomed or moved to another screen.
    if (this.size.width === 0 || window.devicePixelRatio !== this.ratio) this.measure();
    if (this.size.width < 1 || this.size.height < 1) return;
    if (this.dirty.data) this.drawData();
    if (this.dirty.hover) this.sayHover();
    if (this.dirty.overlay) this.drawOverlay();
    this.dirty = { data: false, overlay: false, hover: false };
  }

  /** On paper there is no viewport. */
  private drawForPrint(): void {
    const { visible } = this;
    this.visible = true;
    this.knownTheme = null;
    this.dirty.data = true;
    this.flush();
    this.visible = visible;
  }

  frame(): Frame {
    this.flush();
    const { xScale, yScale } = this.scene;
    return {
      ...{ ...this.scene.area(), ratio: this.ratio },
      x: [xScale.lo, xScale.hi],
      y: [yScale.lo, yScale.hi],
    };
  }

  hitsAt(x: number, y?: number): Hit[] {
    return hitsOf(this.scene, x, y);
  }

  groupHitsAt(x: number, y?: number): GroupHit[] {
    return groupHitsOf(this.scene, x, y);
  }

  clips(): readonly Clip[] {
    this.flush();
    return this.scene.clips();
  }

  async toSVG(picture: PictureOptions): Promise<string> {
    const { drawSVG } = await import("./svg.ts");
    return drawSVG(this.sceneAt(1), this.theme, picture);
  }

  async toPNG(picture: PictureOptions): Promise<Blob> {
    const { drawPNG } = await import("./picture.ts");
    return await drawPNG(this.sceneAt(2), this.theme, picture);
  }

  destroy(): void {
    cancelAnimationFrame(this.request);
    clearTimeout(this.marking);
    this.leaveSize();
    this.leavePrint();
    this.gestures.destroy();
    this.canvas.remove();
    this.overlay.remove();
  }

  // Size and scheduling

  /** What somebody drags along may wait for a turn; what changes once is shown in one piece. */
  private invalidate(mayWait = false): void {
    this.mayWait = mayWait && (this.mayWait || !this.dirty.data);
    this.dirty.data = true;
    this.dirty.overlay = true;
    this.schedule();
  }

  private schedule(): void {
    if (this.request === 0 && this.visible) {
      this.request = requestAnimationFrame((time) => {
        this.request = 0;
        if (this.isTurn(time)) this.flush();
        else this.schedule();
      });
    }
  }

  private isTurn(time: number): boolean {
    if (this.context === null) return hasRoom(time, FIRST_MS);
    const isPatient = this.dirty.data && this.mayWait && this.pointer === null;
    return hasRoom(time, AGAIN_MS) || !isPatient;
  }

  /** Takes the element's size; true when it is another one, and the canvases are empty now. */
  private measure(box = this.element.getBoundingClientRect()): boolean {
    if (this.size.width === 0 && getComputedStyle(this.element).position === "static") {
      this.element.style.position = "relative";
    }
    const ratio = window.devicePixelRatio || 1;
    // Whole device pixels as the browser lays them: both edges rounded, not the difference.
    const width = Math.round((box.left + box.width) * ratio) - Math.round(box.left * ratio);
    const height = Math.round((box.top + box.height) * ratio) - Math.round(box.top * ratio);
    if (width === this.canvas.width && height === this.canvas.height && ratio === this.ratio) {
      return false;
    }
    this.ratio = ratio;
    this.size = { width: width / ratio, height: height / ratio };
    this.canvas.width = width;
    this.canvas.height = height;
    this.scene.size = { width, height, ratio };
    this.dirty.data = true;
    this.dirty.overlay = true;
    return true;
  }

  private plotBox(): Box {
    const { left, top, width, height }: Area = this.scene.area();
    const { ratio } = this;
    return {
      left: left / ratio,
      top: top / ratio,
      right: (left + width) / ratio,
      bottom: (top + height) / ratio,
    };
  }

  private get theme(): Theme {
    this.knownTheme ??= readTheme(this.element);
    return this.knownTheme;
  }

  private pencil(): CanvasRenderingContext2D {
    // The image is made here, pixel by pixel: a canvas in video memory would only copy it twice.
    this.context ??= this.canvas.getContext("2d", { alpha: false, willReadFrequently: true })!;
    return this.context;
  }

  private measureText = (text: string): number => {
    let width = this.textWidths.get(text);
    if (width === undefined) {
      const context = this.pencil();
      context.font = this.theme.font;
      width = context.measureText(text).width;
      if (this.textWidths.size > 500) this.textWidths.clear();
      this.textWidths.set(text, width);
    }
    return width;
  };

  /** What is shown now, laid out anew for another number of device pixels in a CSS pixel. */
  private sceneAt(ratio: number): Scene {
    const { lines, bands, options } = this.scene;
    const scene = new Scene(lines, bands, options);
    const { width, height } = this.size;
    scene.lay(
      { width: Math.round(width * ratio), height: Math.round(height * ratio), ratio },
      this.measureText,
    );
    return scene;
  }

  // The data canvas

  private drawData(): void {
    const { scene, theme } = this;
    const context = this.pencil();
    const { width, height } = this.canvas;
    scene.lay({ width, height, ratio: this.ratio }, this.measureText);
    const area = scene.area();
    const raster = this.rasterFor(area.width, area.height);
    paintScene(raster, scene, theme, this.highlighted);
    context.fillStyle = theme.panelText;
    context.fillRect(0, 0, width, height);
    context.putImageData(raster.image, area.left - MARGIN, area.top - MARGIN);
    paintLabels(context, scene, theme);
    const ownY = scene.ownY();
    if (ownY !== null) this.options.onFitY?.(ownY);
    if (area.width !== this.saidWidth) {
      this.saidWidth = area.width;
      this.options.onWidth?.(area.width);
    }
  }

  private rasterFor(width: number, height: number): Raster {
    const [w, h] = [width + 2 * MARGIN, height + 2 * MARGIN];
    if (this.raster?.width !== w || this.raster.height !== h) this.raster = new Raster(w, h);
    return this.raster;
  }

  private drawOverlay(): void {
    const { ratio, cursor, theme, scene, selection } = this;
    const { marks = [], flags = [] } = this.options;
    const nan = firstNan(scene);
    const isEmpty = cursor === null && selection === null && nan === null;
    if (isEmpty && marks.length + flags.length === 0 && this.overlayContext === null) return;
    const plot = this.plotBox();
    const brush: Brush = { context: this.overlayPencil(), theme, plot, ratio };
    const leftOf = (x: number) => plot.left + scene.xScale.toPixel(x) / ratio;
    clearOverlay(brush);
    drawPins(brush, marks.map(leftOf));
    drawFlags(brush, flags, leftOf, this.flag);
    // The word beside the first mark stands here, so that it hides no line.
    if (nan !== null) drawMarkLabel(brush, "NaN", nan.column, nan.taken);
    if (selection !== null) drawSelection(brush, selection);
    if (cursor === null) return;
    const left = leftOf(cursor.x);
    if (!(left >= plot.left && left <= plot.right)) return;
    drawCursor(brush, left);
    const dots = this.hitsAt(cursor.x, cursor.y ?? undefined);
    const groups = this.groupHitsAt(cursor.x).map((hit) => ({ ...hit, run: hit.id }));
    drawDots(brush, [...groups, ...dots], this.highlighted);
  }

  private overlayPencil(): CanvasRenderingContext2D {
    const { overlay, canvas } = this;
    this.overlayContext ??= overlay.getContext("2d")!;
    if (overlay.width !== canvas.width || overlay.height !== canvas.height) {
      overlay.width = canvas.width;
      overlay.height = canvas.height;
    }
    return this.overlayContext;
  }

  // The pointer

  private point(pointer: { left: number; top: number } | null): void {
    if (pointer === null && this.pointer === null) return;
    this.pointer = pointer;
    this.dirty.hover = true;
    this.schedule();
  }

  private sayHover(): void {
    const { pointer, scene } = this;
    if (pointer === null) {
      this.setHover(null);
      this.options.onHover?.(null);
      return;
    }
    const area = scene.area();
    const x = scene.xScale.toValue(pointer.left * this.ratio - area.left);
    const y = scene.yScale.toValue(pointer.top * this.ratio - area.top);
    this.cursor = { x, y };
    this.dirty.overlay = true;
    const { onHover } = this.options;
    if (onHover === undefined) return;
    const near = lineAt(scene, pointer.left, pointer.top);
    const hits = this.hitsAt(x, y);
    const groups = this.groupHitsAt(x, y);
    onHover({ x, y, left: pointer.left, top: pointer.top, hits, groups, near });
  }

  private click(left: number, top: number): void {
    const near = lineAt(this.scene, left, top);
    const { onSelect, onMark, view, yRange } = this.options;
    if (near !== null || onMark === undefined) {
      onSelect?.(near);
      return;
    }
    clearTimeout(this.marking);
    const x = this.loggedAt(left, top);
    // While there is something to go back to, a second click may follow that means to.
    if (view === null && yRange === null) onMark(x);
    else this.marking = setTimeout(() => onMark(x), DOUBLE_MS);
  }

  /** The logged position nearest to a place, or that of the place where nothing was logged. */
  private loggedAt(left: number, top: number): number {
    const { scene, ratio } = this;
    const area = scene.area();
    const x = scene.xScale.toValue(left * ratio - area.left);
    const y = scene.yScale.toValue(top * ratio - area.top);
    const near = [...this.hitsAt(x, y), ...this.groupHitsAt(x)].filter(
      (hit) => Math.abs(hit.left - left) <= MARK_PX,
    );
    near.sort((a, b) => Math.abs(a.left - left) - Math.abs(b.left - left));
    return near[0]?.x ?? x;
  }

  private select(box: Box | null): void {
    if (this.selection === null && box === null) return;
    this.selection = box;
    this.dirty.overlay = true;
    this.schedule();
  }

  private show(part: Part, burst: boolean): void {
    const { scene, ratio } = this;
    const area = scene.area();
    let { view, yRange } = this.options;
    // What was asked for last, which need not be drawn yet: pointers move more often than frames come.
    const xScale = scene.nextXScale();
    const yScale = yRange === null ? scene.yScale : scene.nextYScale();
    const toX = (left: number) => xScale.toValue(left * ratio - area.left);
    const toY = (top: number) => yScale.toValue(top * ratio - area.top);
    if (part.x !== null) {
      const next = { x0: toX(part.x[0]), x1: toX(part.x[1]) };
      const least = SMALLEST_VIEW * Math.max(Math.abs(next.x0), Math.abs(next.x1));
      if (!(next.x1 - next.x0 > least) || !Number.isFinite(next.x1 - next.x0)) return;
      if (xScale.kind === "log" && !(next.x0 > 0)) return;
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
    clearTimeout(this.marking);
    const before = this.history().pop() ?? { view: null, yRange: null };
    this.setView(before.view, before.yRange);
    this.options.onView?.(before.view, before.yRange);
  }

  private history(): ViewHistory {
    return this.options.history ?? this.ownHistory;
  }
}

/** Whether two options show the same part of the plane. */
function isSamePart(a: LinePlotOptions, b: LinePlotOptions): boolean {
  return (
    a.view?.x0 === b.view?.x0 &&
    a.view?.x1 === b.view?.x1 &&
    a.yRange?.[0] === b.yRange?.[0] &&
    a.yRange?.[1] === b.yRange?.[1]
  );
}

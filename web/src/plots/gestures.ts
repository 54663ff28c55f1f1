/**
 * What a pointer does on a plot: hover, drag to zoom (a box when it is vertical too), shift-drag to pan,
 * double-click to go back, ctrl or cmd with the wheel to zoom at the cursor, shift with the wheel to zoom
 * y, pinch by touch, where one finger points, or pans what is zoomed. The wheel alone stays the page's.
 *
 * Positions are CSS pixels from the element's corner. What the gestures mean in values is the plot's.
 */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A part of the plot to show whole; an axis that is null stays as it is. */
export interface Part {
  readonly x: readonly [left: number, right: number] | null;
  readonly y: readonly [top: number, bottom: number] | null;
}

export interface GestureTarget {
  /** The plot's own rectangle, without its labels. */
  plotBox(): Box;
  /** Whether less than all is shown: then one finger pans, else it points. */
  isZoomed(): boolean;
  hover(x: number, y: number): void;
  leave(): void;
  /** The box being drawn; null when there is none any more. */
  select(box: Box | null): void;
  /** Shows a part of what is shown now, or more than it. `burst` is false for the first of a row. */
  show(part: Part, burst: boolean): void;
  back(): void;
  click(x: number, y: number): void;
}

const CLICK_PX = 4;
/** A drag is vertical too when it is this much taller than a hand that means to go sideways. */
const BOX_PX = 24;
const BURST_MS = 400;
const DOUBLE_MS = 320;

type Drag = "zoom" | "pan" | "pinch" | "scrub";

export class Gestures {
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private readonly abort = new AbortController();
  private drag: Drag | null = null;
  private from = { x: 0, y: 0 };
  private moved = false;
  private lastShow = 0;
  private lastClick = { time: 0, x: 0, y: 0 };

  constructor(
    private readonly element: HTMLElement,
    private readonly target: GestureTarget,
  ) {
    const listen = <K extends keyof HTMLElementEventMap>(
      type: K,
      handler: (event: HTMLElementEventMap[K]) => void,
      passive = true,
    ) => element.addEventListener(type, handler, { signal: this.abort.signal, passive });
    // A finger moves the page up and down; sideways and with two fingers it moves the plot.
    element.style.touchAction = "pan-y";
    listen("pointerdown", (event) => this.down(event), false);
    listen("pointermove", (event) => this.move(event));
    listen("pointerup", (event) => this.up(event));
    listen("pointercancel", (event) => this.cancel(event));
    listen("pointerleave", (event) => {
      // A finger that is lifted leaves; what it pointed at stays to be read.
      if (this.drag === null && event.pointerType !== "touch") this.target.leave();
    });
    listen("wheel", (event) => this.wheel(event), false);
    element.ownerDocument.addEventListener(
      "keydown",
      (event) => {
        if (event.key === "Escape" && this.drag !== null) this.end();
      },
      { signal: this.abort.signal },
    );
  }

  destroy(): void {
    this.abort.abort();
  }

  private place(event: MouseEvent): { x: number; y: number } {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    const place = this.place(event);
    this.pointers.set(event.pointerId, place);
    this.element.setPointerCapture(event.pointerId);
    if (this.pointers.size === 2) {
      this.target.select(null);
      this.drag = "pinch";
      this.moved = true;
      return;
    }
    this.from = place;
    this.moved = false;
    if (event.pointerType === "touch") {
      this.drag = "scrub";
      this.target.hover(place.x, place.y);
    } else {
      this.drag = event.shiftKey ? "pan" : "zoom";
      // No text selection and no focus ring from a drag.
      event.preventDefault();
    }
  }

  private move(event: PointerEvent): void {
    const place = this.place(event);
    const before = this.pointers.get(event.pointerId);
    if (before === undefined || this.drag === null) {
      if (this.inside(place)) this.target.hover(place.x, place.y);
      else this.target.leave();
      return;
    }
    if (this.drag === "pinch") {
      this.pinch(event.pointerId, before, place);
    } else {
      const away = Math.hypot(place.x - this.from.x, place.y - this.from.y);
      if (away >= CLICK_PX) this.moved = true;
      if (this.drag === "zoom") {
        if (this.moved) this.target.select(this.boxTo(place));
      } else if (this.drag === "scrub" && !this.target.isZoomed()) {
        this.target.hover(place.x, place.y);
      } else if (this.moved) this.pan(before, place);
    }
    this.pointers.set(event.pointerId, place);
  }

  private up(event: PointerEvent): void {
    const place = this.place(event);
    if (!this.pointers.delete(event.pointerId)) return;
    const drag = this.drag;
    if (drag === "pinch" && this.pointers.size > 0) return;
    const box = this.boxTo(place);
    this.end();
    if (!this.moved) this.click(place);
    else if (drag === "zoom") this.zoomTo(box);
  }

  private cancel(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    this.end();
    this.target.leave();
  }

  private end(): void {
    this.pointers.clear();
    this.drag = null;
    this.target.select(null);
  }

  private click(place: { x: number; y: number }): void {
    const now = performance.now();
    const last = this.lastClick;
    const near = Math.hypot(place.x - last.x, place.y - last.y) < 8;
    if (!this.inside(place)) return;
    if (now - last.time < DOUBLE_MS && near) {
      this.lastClick = { time: 0, x: 0, y: 0 };
      this.target.back();
      return;
    }
    this.lastClick = { time: now, ...place };
    this.target.click(place.x, place.y);
  }

  private inside({ x, y }: { x: number; y: number }): boolean {
    const plot = this.target.plotBox();
    return x >= plot.left - 2 && x <= plot.right + 2 && y >= plot.top - 4 && y <= plot.bottom + 1;
  }

  /** The box from where the drag began; the plot's whole height or width where it is flat. */
  private boxTo(place: { x: number; y: number }): Box {
    const plot = this.target.plotBox();
    const clampX = (x: number) => Math.min(plot.right, Math.max(plot.left, x));
    const clampY = (y: number) => Math.min(plot.bottom, Math.max(plot.top, y));
    const [x0, x1] = [clampX(this.from.x), clampX(place.x)];
    const [y0, y1] = [clampY(this.from.y), clampY(place.y)];
    const tall = Math.abs(y1 - y0) >= BOX_PX;
    const wide = Math.abs(x1 - x0) >= CLICK_PX && (!tall || Math.abs(x1 - x0) >= BOX_PX / 2);
    return {
      left: wide ? Math.min(x0, x1) : plot.left,
      right: wide ? Math.max(x0, x1) : plot.right,
      top: tall ? Math.min(y0, y1) : plot.top,
      bottom: tall ? Math.max(y0, y1) : plot.bottom,
    };
  }

  private zoomTo(box: Box): void {
    const plot = this.target.plotBox();
    const wide = box.right - box.left < plot.right - plot.left - 0.5;
    const tall = box.bottom - box.top < plot.bottom - plot.top - 0.5;
    if (!wide && !tall) return;
    this.target.show(
      { x: wide ? [box.left, box.right] : null, y: tall ? [box.top, box.bottom] : null },
      false,
    );
  }

  private pan(before: { x: number; y: number }, place: { x: number; y: number }): void {
    const plot = this.target.plotBox();
    const dx = before.x - place.x;
    const dy = this.drag === "pan" ? before.y - place.y : 0;
    this.show({
      x: dx === 0 ? null : [plot.left + dx, plot.right + dx],
      y: dy === 0 ? null : [plot.top + dy, plot.bottom + dy],
    });
  }

  private pinch(
    id: number,
    before: { x: number; y: number },
    place: { x: number; y: number },
  ): void {
    const other = [...this.pointers].find(([pointer]) => pointer !== id)?.[1];
    if (other === undefined) return;
    const wasApart = Math.max(12, Math.abs(before.x - other.x));
    const isApart = Math.max(12, Math.abs(place.x - other.x));
    this.zoomAt((before.x + other.x) / 2, wasApart / isApart, (place.x - before.x) / 2);
  }

  private wheel(event: WheelEvent): void {
    const place = this.place(event);
    if (!this.inside(place)) return;
    const pixels = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 240 : 1;
    // Browsers turn shift and the wheel into a sideways scroll.
    const delta = (event.deltaY || event.deltaX) * pixels;
    const factor = Math.exp(Math.max(-240, Math.min(240, delta)) * 0.0025);
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoomAt(place.x, factor, 0);
    } else if (event.shiftKey) {
      event.preventDefault();
      const { top, bottom } = this.target.plotBox();
      this.show({
        x: null,
        y: [place.y - (place.y - top) * factor, place.y + (bottom - place.y) * factor],
      });
    }
  }

  private zoomAt(x: number, factor: number, shift: number): void {
    const { left, right } = this.target.plotBox();
    this.show({
      x: [x - (x - left) * factor - shift, x + (right - x) * factor - shift],
      y: null,
    });
  }

  private show(part: Part): void {
    if (part.x === null && part.y === null) return;
    const now = performance.now();
    this.target.show(part, now - this.lastShow < BURST_MS);
    this.lastShow = now;
  }
}

/** Draws a cloud of points with names and pictures on a canvas, and turns it under the pointer. */
import { basisOf, moved, type Orbit, pressed, turned, zoomed } from "../../base/orbit.ts";
import { type Cloud, look, paintCloud, pointAt, type Seen } from "../../plots/cloud.ts";
import { readTheme } from "../../plots/theme.ts";

export interface Drawing {
  readonly cloud: Cloud;
  /** Red, green, blue by point. */
  readonly colors: Uint8Array;
  readonly isFlat: boolean;
  /** Points that are drawn bright, while others are pale; null: all alike. */
  readonly bright: ReadonlySet<number> | null;
  readonly picked: number | null;
  /** Points whose names are drawn, the most important first. */
  readonly named: readonly number[];
  readonly nameOf: (point: number) => string;
  /** A sheet of pictures in rows, and which of them belongs to a point. */
  readonly sprites: {
    image: CanvasImageSource;
    columns: number;
    size: readonly [number, number];
  } | null;
  readonly rowOf: (point: number) => number;
}

export interface CloudEvents {
  onPick: (point: number | null) => void;
  onHover: (point: number | null, x: number, y: number) => void;
  onTurn: (orbit: Orbit) => void;
}

const REACH = 12;
const SLOP = 4;
const MOST_SPRITES = 3000;
const LEAST_SPRITE = 10;
const MOST_SPRITE = 32;
const MOST_NAMES = 150;

export class CloudView {
  private drawing: Drawing | null = null;
  private seen: Seen | null = null;
  private frame = 0;
  private orbit: Orbit;
  private readonly observer: ResizeObserver;
  private readonly context: CanvasRenderingContext2D;
  private ratio = 1;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private start: Orbit,
    private readonly events: CloudEvents,
    private readonly isFull: () => boolean,
  ) {
    this.orbit = start;
    this.context = canvas.getContext("2d")!;
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(canvas);
    canvas.addEventListener("pointerdown", this.onDown);
    canvas.addEventListener("pointermove", this.onMove);
    canvas.addEventListener("pointerleave", this.onLeave);
    canvas.addEventListener("wheel", this.onWheel, { passive: false });
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.canvas.removeEventListener("pointerdown", this.onDown);
    this.canvas.removeEventListener("pointermove", this.onMove);
    this.canvas.removeEventListener("pointerleave", this.onLeave);
    this.canvas.removeEventListener("wheel", this.onWheel);
  }

  update(drawing: Drawing): void {
    this.drawing = drawing;
    this.draw();
  }

  /** Another beginning, for another number of dimensions. */
  reset(start: Orbit): void {
    this.start = start;
    this.turn(start);
  }

  /** Whether a key turned or zoomed the cloud. */
  press(key: string): boolean {
    const next = pressed(this.orbit, key, this.start, this.drawing?.isFlat ?? false);
    if (next === null) return false;
    this.turn(next);
    return true;
  }

  private turn(orbit: Orbit): void {
    this.orbit = orbit;
    this.events.onTurn(orbit);
    this.draw();
  }

  draw(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  private paint(): void {
    const { canvas, context, drawing, orbit } = this;
    this.ratio = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * this.ratio);
    const height = Math.round(canvas.clientHeight * this.ratio);
    if (drawing === null || width === 0 || height === 0) return;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const theme = readTheme(canvas);
    const { cloud, bright, isFlat } = drawing;
    this.seen = look(cloud, basisOf(orbit), orbit, width, height);
    // Between neighbours there is about this room.
    const room = Math.sqrt((width * height) / Math.max(1, cloud.count));
    const radius = Math.min(5 * this.ratio, Math.max(1.2 * this.ratio, room * 0.13));
    const hasSprites = drawing.sprites !== null && cloud.count <= MOST_SPRITES;
    const picture = new ImageData(width, height);
    paintCloud(picture.data, width, height, this.seen, {
      colors: drawing.colors,
      radius: hasSprites ? this.ratio : radius,
      background: theme.panel,
      isBright: bright === null ? null : (point) => bright.has(point),
      fog: isFlat ? 0 : 1,
    });
    context.putImageData(picture, 0, 0);
    if (hasSprites) this.paintSprites(drawing, room);
    if (drawing.picked !== null) this.ring(drawing.picked, theme.accent, radius + 4 * this.ratio);
    this.paintNames(drawing, theme.ink, theme.panelText);
  }

  private paintSprites(drawing: Drawing, room: number): void {
    const { sprites, cloud, rowOf, bright, colors } = drawing;
    const { context, seen, ratio } = this;
    const { image, columns, size } = sprites!;
    const [w, h] = size;
    const pixels = Math.max(LEAST_SPRITE * ratio, Math.min(MOST_SPRITE * ratio, room * 0.9));
    const scale = (pixels * Math.max(1, Math.sqrt(this.orbit.zoom))) / Math.max(w, h);
    const [width, height] = [w * scale, h * scale];
    const order = Array.from({ length: cloud.count }, (_, i) => i);
    order.sort((a, b) => seen!.depth[a]! - seen!.depth[b]!);
    context.imageSmoothingEnabled = false;
    for (const point of order) {
      const row = rowOf(point);
      const [left, top] = [seen!.x[point]! - width / 2, seen!.y[point]! - height / 2];
      context.globalAlpha = bright === null || bright.has(point) ? 1 : 0.15;
      const [sx, sy] = [(row % columns) * w, Math.floor(row / columns) * h];
      context.drawImage(image, sx, sy, w, h, left, top, width, height);
      // The colour of its label goes round the picture, whose own colours stay as they are.
      const rgb = colors.subarray(3 * point, 3 * point + 3);
      context.strokeStyle = `rgb(${rgb.join(" ")})`;
      context.lineWidth = ratio;
      context.strokeRect(left, top, width, height);
    }
    context.globalAlpha = 1;
  }

  private ring(point: number, color: string, radius: number): void {
    const { context, seen } = this;
    context.beginPath();
    context.arc(seen!.x[point]!, seen!.y[point]!, radius, 0, 2 * Math.PI);
    context.strokeStyle = color;
    context.lineWidth = 2 * this.ratio;
    context.stroke();
  }

  /** Names beside their points, as many as have room. */
  private paintNames({ named, nameOf }: Drawing, ink: string, panel: string): void {
    const { context, seen, ratio } = this;
    const size = 11 * ratio;
    context.font = `${size}px ${getComputedStyle(this.canvas).fontFamily}`;
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const taken: { left: number; top: number; right: number; bottom: number }[] = [];
    for (const point of named) {
      if (taken.length >= MOST_NAMES) break;
      const text = nameOf(point).slice(0, 40);
      const left = seen!.x[point]! + 6 * ratio;
      const top = seen!.y[point]! - size / 2;
      const box = { left, top, right: left + context.measureText(text).width, bottom: top + size };
      const isCrowded = taken.some(
        (one) =>
          box.left < one.right &&
          box.right > one.left &&
          box.top < one.bottom &&
          box.bottom > one.top,
      );
      if (isCrowded || box.right < 0 || box.left > this.canvas.width) continue;
      taken.push(box);
      context.strokeStyle = panel;
      context.lineWidth = 3 * ratio;
      context.strokeText(text, left, seen!.y[point]!);
      context.fillStyle = ink;
      context.fillText(text, left, seen!.y[point]!);
    }
  }

  private at(event: { clientX: number; clientY: number }): { x: number; y: number } {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private pointUnder(event: PointerEvent): number | null {
    if (this.seen === null) return null;
    const { x, y } = this.at(event);
    const found = pointAt(this.seen, x * this.ratio, y * this.ratio, REACH * this.ratio);
    return found < 0 ? null : found;
  }

  private isDown = false;

  private readonly onMove = (event: PointerEvent): void => {
    if (this.isDown) return;
    const { x, y } = this.at(event);
    this.events.onHover(this.pointUnder(event), x, y);
  };

  private readonly onLeave = (): void => this.events.onHover(null, 0, 0);

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0 && event.button !== 2) return;
    const { canvas } = this;
    const start = this.orbit;
    const half = Math.min(canvas.clientWidth, canvas.clientHeight) / 2;
    const isPan = this.drawing?.isFlat || event.button === 2 || event.shiftKey;
    let wasDragged = false;
    this.isDown = true;
    const onMove = (move: PointerEvent) => {
      const [dx, dy] = [move.clientX - event.clientX, move.clientY - event.clientY];
      if (!wasDragged && Math.hypot(dx, dy) < SLOP) return;
      if (!wasDragged) {
        canvas.setPointerCapture(event.pointerId);
        this.events.onHover(null, 0, 0);
      }
      wasDragged = true;
      this.turn(isPan ? moved(start, dx / half, -dy / half) : turned(start, -dx / half, dy / half));
    };
    const onUp = (up: PointerEvent) => {
      canvas.removeEventListener("pointermove", onMove);
      canvas.removeEventListener("pointerup", onUp);
      canvas.removeEventListener("pointercancel", onUp);
      this.isDown = false;
      if (!wasDragged && up.type === "pointerup") this.events.onPick(this.pointUnder(up));
    };
    canvas.addEventListener("pointermove", onMove);
    canvas.addEventListener("pointerup", onUp);
    canvas.addEventListener("pointercancel", onUp);
  };

  private readonly onWheel = (event: WheelEvent): void => {
    // In the column of panels a wheel scrolls; a pinch, or Ctrl or Cmd with the wheel, zooms.
    if (!this.isFull() && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { x, y } = this.at(event);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const half = Math.min(width, height) / 2;
    const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0018));
    this.turn(zoomed(this.orbit, factor, (x - width / 2) / half, -(y - height / 2) / half));
  };
}

/** Which part of the images of a panel is seen: the same of each, whatever their sizes. */
import { type Signal, signal } from "@preact/signals";

/** Magnification, and what of the image lies at the left and the top edge, as a share of its size. */
export interface View {
  zoom: number;
  left: number;
  top: number;
}

export const WHOLE: View = { zoom: 1, left: 0, top: 0 };
const MOST_ZOOM = 64;

/** The view of another magnification in which the point under the pointer (shares of the frame) stays there. */
export function zoomAt(view: View, factor: number, x: number, y: number): View {
  const zoom = Math.min(MOST_ZOOM, Math.max(1, view.zoom * factor));
  return clamp({
    zoom,
    left: view.left + x / view.zoom - x / zoom,
    top: view.top + y / view.zoom - y / zoom,
  });
}

/** The view moved by shares of the frame. */
export function panBy(view: View, x: number, y: number): View {
  return clamp({ ...view, left: view.left - x / view.zoom, top: view.top - y / view.zoom });
}

function clamp({ zoom, left, top }: View): View {
  const most = 1 - 1 / zoom;
  return {
    zoom,
    left: Math.min(most, Math.max(0, left)),
    top: Math.min(most, Math.max(0, top)),
  };
}

/** The point of the image (shares of its size) that lies at a point of the frame (shares of its). */
export function pointAt(view: View, x: number, y: number): { x: number; y: number } {
  return { x: view.left + x / view.zoom, y: view.top + y / view.zoom };
}

/** What the panel and its cells share while it is there. */
export class Viewport {
  readonly view: Signal<View> = signal(WHOLE);
  /** The point of the image that the pointer is over. */
  readonly probe = signal<{ x: number; y: number } | null>(null);
  /** Whether the press of the pointer has moved the images: then it was no click. */
  hasMoved = false;
  private from: { x: number; y: number } | null = null;

  onWheel(event: WheelEvent, isAlways: boolean): void {
    // As in charts: a plain wheel scrolls the page.
    if (!event.ctrlKey && !event.metaKey && !isAlways) return;
    event.preventDefault();
    const [x, y] = sharesOf(event);
    this.view.value = zoomAt(this.view.peek(), 2 ** (-event.deltaY / 200), x, y);
    this.look(event);
  }

  onPointerDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.hasMoved = false;
    this.from = { x: event.clientX, y: event.clientY };
    if (this.view.peek().zoom > 1) {
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
    }
  }

  onPointerMove(event: PointerEvent): void {
    const { from } = this;
    const isPanning = from !== null && event.buttons === 1 && this.view.peek().zoom > 1;
    if (!isPanning) {
      this.look(event);
      return;
    }
    const { width, height } = (event.currentTarget as Element).getBoundingClientRect();
    const [x, y] = [event.clientX - from.x, event.clientY - from.y];
    if (!this.hasMoved && Math.hypot(x, y) < 4) return;
    this.hasMoved = true;
    this.probe.value = null;
    this.from = { x: event.clientX, y: event.clientY };
    this.view.value = panBy(this.view.peek(), x / width, y / height);
  }

  onPointerUp(): void {
    this.from = null;
  }

  leave(): void {
    this.probe.value = null;
  }

  reset(): void {
    this.view.value = WHOLE;
  }

  private look(event: MouseEvent): void {
    const [x, y] = sharesOf(event);
    this.probe.value = pointAt(this.view.peek(), x, y);
  }
}

/** Where in its element an event is, as shares of its width and height. */
function sharesOf(event: MouseEvent): [number, number] {
  const box = (event.currentTarget as Element).getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

/** Canvases that fill an element, one above the other, and when what is on them is drawn anew. */
import { onPrint } from "./printing.ts";

/** CSS pixels, and how many of the device's one of them is. */
export interface SurfaceSize {
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

export interface SurfaceEvents {
  /** The size has changed: the canvases are empty, and what was worked out for the old size is worth nothing. */
  onSize?(): void;
  /** Draws what has changed; never called while the element has no room. */
  draw(): void;
}

export class Surface {
  readonly canvases: readonly HTMLCanvasElement[];
  size: SurfaceSize = { width: 0, height: 0, ratio: 1 };
  private readonly watcher: ResizeObserver;
  private readonly leavePrint = onPrint(() => this.flush());
  private request = 0;

  constructor(
    private readonly element: HTMLElement,
    count: number,
    private readonly events: SurfaceEvents,
  ) {
    this.canvases = Array.from({ length: count }, () => {
      const canvas = document.createElement("canvas");
      canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%;display:block";
      canvas.setAttribute("aria-hidden", "true");
      element.append(canvas);
      return canvas;
    });
    this.watcher = new ResizeObserver(() => {
      if (this.measure()) this.flush();
    });
    this.watcher.observe(element);
    this.measure();
  }

  /** Draws with the next frame. */
  schedule(): void {
    if (this.request === 0) this.request = requestAnimationFrame(() => this.flush());
  }

  /** Draws now. */
  flush(): void {
    cancelAnimationFrame(this.request);
    this.request = 0;
    if (window.devicePixelRatio !== this.size.ratio) this.measure();
    if (this.size.width >= 1 && this.size.height >= 1) this.events.draw();
  }

  destroy(): void {
    cancelAnimationFrame(this.request);
    this.watcher.disconnect();
    this.leavePrint();
    for (const canvas of this.canvases) canvas.remove();
  }

  /** Whether the size is another one now. */
  private measure(): boolean {
    const { clientWidth: width, clientHeight: height } = this.element;
    const ratio = window.devicePixelRatio || 1;
    const { size } = this;
    if (size.width === width && size.height === height && size.ratio === ratio) return false;
    this.size = { width, height, ratio };
    for (const canvas of this.canvases) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.events.onSize?.();
    return true;
  }
}

/** `text`, cut and ended with "…" where it is wider than `width`, in the font of the context. */
export function shortened(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let cut = text.length;
  while (cut > 1 && context.measureText(`${text.slice(0, cut)}…`).width > width) cut -= 1;
  return `${text.slice(0, cut)}…`;
}

/** The colours and the type of a plot, read from the CSS variables of its element. */
import type { Rgb } from "./raster.ts";

export interface Theme {
  readonly panel: Rgb;
  readonly grid: Rgb;
  readonly label: string;
  readonly ink: string;
  readonly accent: string;
  readonly panelText: string;
  readonly font: string;
}

const FONT_SIZE = 10.5;

const rgbOf = new Map<string, Rgb>();
let probe: CanvasRenderingContext2D | null = null;

/** Any CSS colour as red, green and blue; transparent parts are lost. Throws for what is no colour. */
export function parseColor(color: string): Rgb {
  let rgb = rgbOf.get(color);
  if (rgb !== undefined) return rgb;
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  if (hex) rgb = [1, 2, 3].map((i) => Number.parseInt(hex[i]!, 16)) as unknown as Rgb;
  else {
    probe ??= new OffscreenCanvas(1, 1).getContext("2d", {
      willReadFrequently: true,
    }) as unknown as CanvasRenderingContext2D;
    if (!CSS.supports("color", color)) throw new Error(`"${color}" is no CSS colour.`);
    probe.fillStyle = color;
    probe.fillRect(0, 0, 1, 1);
    const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
    rgb = [red!, green!, blue!];
  }
  rgbOf.set(color, rgb);
  return rgb;
}

/** What was read in a frame: all plots of a page have one theme, and each look at styles may work them out anew. */
let last: { root: Element; name: string | undefined; time: unknown; theme: Theme } | null = null;

/** Makes the next look at a theme a real one, though its frame has not ended. */
export function forgetThemes(): void {
  last = null;
}

/** The theme of a plot's page, read at most once a frame. */
export function readTheme(element: HTMLElement): Theme {
  const { documentElement: root, timeline } = element.ownerDocument;
  const time = timeline.currentTime;
  const name = root.dataset.theme;
  if (time === null || last?.root !== root || last.time !== time || last.name !== name) {
    last = { root, name, time, theme: themeOf(element) };
  }
  return last.theme;
}

function themeOf(element: HTMLElement): Theme {
  const style = getComputedStyle(element);
  const token = (name: string, fallback: string) => style.getPropertyValue(name).trim() || fallback;
  const panelText = token("--panel", "#ffffff");
  return {
    panel: parseColor(panelText),
    grid: parseColor(token("--grid", "#eef0f3")),
    label: token("--ink3", "#7b8494"),
    ink: token("--ink", "#14171c"),
    accent: token("--accent", "#3b5bdb"),
    panelText,
    font: `${FONT_SIZE}px ${style.fontFamily || "system-ui, sans-serif"}`,
  };
}

/** The values of pixels, written into them. */
import { type Pixels, pixelText } from "./pixels.ts";
import type { View } from "./viewport.ts";

/** Draws the numbers of the pixels in view; sizes are of the frame, in CSS pixels. */
export function drawNumbers(
  canvas: HTMLCanvasElement,
  pixels: Pixels,
  view: View,
  width: number,
  height: number,
  /** Red, green and blue that grey levels are shown in, 256 x 3; null: they are grey. */
  colors: Uint8Array | null,
): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  const side = (width * view.zoom) / pixels.width;
  const tall = (height * view.zoom) / pixels.height;
  const [x0, y0] = [Math.floor(view.left * pixels.width), Math.floor(view.top * pixels.height)];
  const x1 = Math.min(pixels.width - 1, x0 + Math.ceil(width / side));
  const y1 = Math.min(pixels.height - 1, y0 + Math.ceil(height / tall));
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      const lines = pixelText(pixels, x, y).split(" ");
      const line = Math.min(12, tall / (lines.length + 1));
      if (line < 7) continue;
      context.font = `${Math.min(11, line)}px ui-sans-serif, system-ui, sans-serif`;
      context.fillStyle = isBright(pixels, x, y, colors) ? "#000" : "#fff";
      const left = (x - view.left * pixels.width + 0.5) * side;
      const top = (y - view.top * pixels.height + 0.5) * tall;
      lines.forEach((text, i) => {
        context.fillText(text, left, top + (i - (lines.length - 1) / 2) * line, side);
      });
    }
  }
}

function isBright(pixels: Pixels, x: number, y: number, colors: Uint8Array | null): boolean {
  const { width } = pixels;
  let [data, at]: [ArrayLike<number>, number] = [pixels.data, 4 * (y * width + x)];
  const isOneLevel = data[at] === data[at + 1] && data[at] === data[at + 2];
  if (colors !== null && isOneLevel) [data, at] = [colors, 3 * data[at]!];
  return 0.3 * data[at]! + 0.59 * data[at + 1]! + 0.11 * data[at + 2]! > 127;
}

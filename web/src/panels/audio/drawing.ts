/** Pictures of sounds on a canvas. */
import { BANDS, spectrum, swings } from "./waves.ts";

/** Decibels below the strongest frequency at which the scale of colours begins. */
const FLOOR = -90;

/** From silence to the strongest, in either theme: a picture has a ground of its own. */
const HEAT = [
  [10, 10, 20],
  [69, 15, 121],
  [2, 90, 131],
  [4, 150, 101],
  [208, 231, 97],
  [255, 250, 220],
] as const;

/** The colour at a share of the scale, 0 to 1: red, green, blue. */
export function heat(share: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, share)) * (HEAT.length - 1);
  const low = Math.min(HEAT.length - 2, Math.floor(at));
  const [a, b] = [HEAT[low]!, HEAT[low + 1]!];
  const mix = (i: 0 | 1 | 2) => Math.round(a[i] + (b[i] - a[i]) * (at - low));
  return [mix(0), mix(1), mix(2)];
}

function sized(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  return canvas.getContext("2d")!;
}

export function drawWave(canvas: HTMLCanvasElement, samples: Float32Array, color: string): void {
  const context = sized(canvas);
  const { width, height } = canvas;
  const found = swings(samples, width);
  context.fillStyle = color;
  const yOf = (value: number) => (0.5 - 0.48 * Math.min(1, Math.max(-1, value))) * height;
  for (let x = 0; x < width; x++) {
    const top = yOf(found[2 * x + 1]!);
    context.fillRect(x, top, 1, Math.max(1, yOf(found[2 * x]!) - top));
  }
}

/** Time to the right, frequency upwards. */
export function drawSpectrum(canvas: HTMLCanvasElement, samples: Float32Array): void {
  const context = sized(canvas);
  const { width, height } = canvas;
  const found = spectrum(samples, width);
  const image = context.createImageData(width, height);
  for (let y = 0; y < height; y++) {
    const band = Math.min(BANDS - 1, Math.floor(((height - 1 - y) / height) * BANDS));
    for (let x = 0; x < width; x++) {
      const share = 1 - found[x * BANDS + band]! / FLOOR;
      image.data.set([...heat(share), 255], 4 * (y * width + x));
    }
  }
  context.putImageData(image, 0, 0);
}

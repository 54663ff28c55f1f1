/** The pixels of images, decoded once and kept for as long as they are used. */
import { mediaUrl } from "../../data/objects.ts";
import type { ImageValue } from "./image_value.ts";

export interface Pixels {
  width: number;
  height: number;
  /** Red, green, blue and alpha of each pixel, row by row. */
  data: Uint8ClampedArray;
}

/** Decoded images that are kept, and the pixels above which none is decoded: 64 MB of RGBA. */
const MOST_KEPT = 24;
const MOST_PIXELS = 16_000_000;
const kept = new Map<string, Promise<Pixels | null>>();

/** The pixels of an image in its full size; null: it is too large, or no browser can read it. */
export function pixelsOf(image: ImageValue): Promise<Pixels | null> {
  const url = mediaUrl(image);
  let found = kept.get(url);
  if (found === undefined) {
    found = image.width * image.height > MOST_PIXELS ? Promise.resolve(null) : decode(url);
    kept.set(url, found);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
  }
  return found;
}

async function decode(url: string): Promise<Pixels | null> {
  const element = new Image();
  element.src = url;
  try {
    await element.decode();
  } catch {
    return null;
  }
  const { naturalWidth: width, naturalHeight: height } = element;
  if (width * height === 0 || width * height > MOST_PIXELS) return null;
  const context = canvasOf(width, height).getContext("2d", { willReadFrequently: true })!;
  context.drawImage(element, 0, 0);
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

function canvasOf(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/** `255`, `12 34 56`, or with transparency `12 34 56 / 128`: a pixel as it is read. */
export function pixelText({ width, data }: Pixels, x: number, y: number): string {
  const at = 4 * (y * width + x);
  const [r, g, b, a] = [data[at]!, data[at + 1]!, data[at + 2]!, data[at + 3]!];
  const colour = r === g && g === b ? `${r}` : `${r} ${g} ${b}`;
  return a === 255 ? colour : `${colour} / ${a}`;
}

/** The pixel that a point (shares of the size) lies in. */
export function pixelAt(
  { width, height }: { width: number; height: number },
  point: { x: number; y: number },
): [number, number] {
  const inside = (share: number, size: number) =>
    Math.min(size - 1, Math.max(0, Math.floor(share * size)));
  return [inside(point.x, width), inside(point.y, height)];
}

export interface Difference extends Pixels {
  /** Mean and largest |a - b| over the pixels and the three colours, of 255. */
  mean: number;
  largest: number;
  /** Share of the pixels in which any colour differs. */
  share: number;
}

/** |a - b| of each colour, in the size of a; b is taken at the nearest pixel where its size is another. */
export function differenceOf(a: Pixels, b: Pixels): Difference {
  const { width, height } = a;
  const data = new Uint8ClampedArray(4 * width * height);
  let [sum, largest, differing] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * b.height) / height) * b.width;
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      const other = 4 * (row + Math.floor(((x + 0.5) * b.width) / width));
      let most = 0;
      for (let c = 0; c < 3; c++) {
        const value = Math.abs(a.data[at + c]! - b.data[other + c]!);
        data[at + c] = value;
        sum += value;
        most = Math.max(most, value);
      }
      data[at + 3] = 255;
      if (most > 0) differing += 1;
      largest = Math.max(largest, most);
    }
  }
  const count = width * height;
  return { width, height, data, mean: sum / (3 * count), largest, share: differing / count };
}

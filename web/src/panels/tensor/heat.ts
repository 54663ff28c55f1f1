/** A matrix as a picture: a colour for each value. */
import { type ColormapName, colorTable } from "../../base/colormaps.ts";
import type { Elements, Slice } from "./tensor_value.ts";

/** What the ends of the colours are; beyond them their ends hold. */
export type Scale = readonly [low: number, high: number];

/**
 * Red, green, blue and alpha of `width` x `height` pixels, at most one for each value. Where a pixel stands for
 * several, it has the one farthest from the middle of the scale, so that no extreme is lost; with a NaN among
 * them it is transparent, as one alone is.
 */
export function paintHeat(
  { numbers }: Elements,
  slice: Slice,
  scale: Scale,
  map: ColormapName,
  width: number,
  height: number,
): Uint8ClampedArray<ArrayBuffer> {
  const { rows, columns, start } = slice;
  const table = colorTable(map);
  const out = new Uint8ClampedArray(4 * width * height);
  const [low, high] = scale;
  const middle = (low + high) / 2;
  const span = high - low;
  for (let y = 0; y < height; y++) {
    const [top, bottom] = partOf(y, height, rows);
    for (let x = 0; x < width; x++) {
      const [left, right] = partOf(x, width, columns);
      let value = middle;
      for (let row = top; row < bottom; row++) {
        for (let at = start + row * columns + left; at < start + row * columns + right; at++) {
          const one = Number(numbers[at]);
          // Once it is NaN it stays so: nothing is farther from the middle.
          if (Number.isNaN(one) || Math.abs(one - middle) > Math.abs(value - middle)) value = one;
        }
      }
      if (Number.isNaN(value)) continue;
      const share = span > 0 ? (value - low) / span : 0.5;
      const color = 3 * Math.round(255 * Math.min(1, Math.max(0, share)));
      const to = 4 * (y * width + x);
      out[to] = table[color]!;
      out[to + 1] = table[color + 1]!;
      out[to + 2] = table[color + 2]!;
      out[to + 3] = 255;
    }
  }
  return out;
}

/** Which of `count` things the pixel `at` of `pixels` stands for. */
function partOf(at: number, pixels: number, count: number): [number, number] {
  const from = Math.floor((at * count) / pixels);
  return [from, Math.max(from + 1, Math.floor(((at + 1) * count) / pixels))];
}

/** Pictures of one channel in colours: what a value is stands out as grey levels do not let it. */
import { createContext, type JSX } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { type ColormapName, colorTable } from "../../base/colormaps.ts";
import type { ImageValue } from "./image_value.ts";
import { type Pixels, pixelsOf } from "./pixels.ts";

export interface Tint {
  map: ColormapName;
  /** Factors; 1: as it is. */
  bright: number;
  contrast: number;
}

/** How pictures of one channel are coloured; null: as they are. */
export const GreyTint = createContext<Tint | null>(null);

/** Whether every pixel is grey: writers store one channel as three equal ones, so the file does not tell. */
export function isGrey({ data }: Pixels): boolean {
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  }
  return true;
}

/**
 * The red, green and blue of each grey level, 256 x 3. Brightness and contrast change the level, as CSS
 * filters of these names would, and not the colour that stands for it.
 */
export function tintTable({ map, bright, contrast }: Tint): Uint8Array {
  const colors = colorTable(map);
  const table = new Uint8Array(3 * 256);
  for (let level = 0; level < 256; level++) {
    const lit = Math.min(1, (level / 255) * bright);
    const value = Math.min(1, Math.max(0, (lit - 0.5) * contrast + 0.5));
    table.set(colors.subarray(3 * Math.round(255 * value)).subarray(0, 3), 3 * level);
  }
  return table;
}

/** The pixels in their colours, as bytes of RGBA. */
export function tinted({ data }: Pixels, tint: Tint): Uint8ClampedArray<ArrayBuffer> {
  const table = tintTable(tint);
  const out = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i += 4) {
    const level = 3 * data[i]!;
    out[i] = table[level]!;
    out[i + 1] = table[level + 1]!;
    out[i + 2] = table[level + 2]!;
    out[i + 3] = data[i + 3]!;
  }
  return out;
}

/** Lies over the picture; nothing where that has colours of its own, or none are asked for. */
export function GreyImage(props: { image: ImageValue; isCoarse: boolean }): JSX.Element | null {
  const { image, isCoarse } = props;
  const tint = useContext(GreyTint);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pixels, setPixels] = useState<Pixels | null>(null);
  // A moving picture would stand still.
  const isAsked = tint !== null && image.format !== "gif";
  useEffect(() => {
    setPixels(null);
    if (!isAsked) return;
    let isLeft = false;
    void pixelsOf(image).then((found) => {
      if (!isLeft) setPixels(found !== null && isGrey(found) ? found : null);
    });
    return () => {
      isLeft = true;
    };
  }, [isAsked, image.url]);
  const isShown = isAsked && pixels !== null;
  useEffect(() => {
    if (!isShown) return;
    const element = canvas.current!;
    element.width = pixels.width;
    element.height = pixels.height;
    const made = new ImageData(pixels.width, pixels.height);
    made.data.set(tinted(pixels, tint!));
    element.getContext("2d")!.putImageData(made, 0, 0);
  }, [isShown, pixels, tint?.map, tint?.bright, tint?.contrast]);
  return isShown ? <canvas ref={canvas} class={`image-tint${isCoarse ? " coarse" : ""}`} /> : null;
}

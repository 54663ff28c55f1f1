/** Boxes and masks of the wandb client: what they hold, and the colours of their classes. */
import { SLOTS } from "../../base/palette.ts";
import { getBytes } from "../../data/client.ts";
import { mediaUrl } from "../../data/objects.ts";
import type { ImageLayer, ImageValue } from "./image_value.ts";
import { type Pixels, pixelsOf } from "./pixels.ts";

export interface ImageBox {
  /** Shares of the image's size. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly classId: number;
  readonly text: string;
}

export interface BoxLayer {
  readonly boxes: readonly ImageBox[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Not by the theme: an image is the same in both. */
export function classColor(classId: number): string {
  return SLOTS[Math.abs(Math.trunc(classId) || 0) % SLOTS.length]!.light;
}

/** What stands for a class of a layer in the settings of a panel. */
export function classKey(layer: string, classId: number | string): string {
  return `${layer}:${classId}`;
}

const MOST_BOXES = 2000;
const MOST_HELD = 400;
const held = new Map<string, Promise<BoxLayer>>();

/** The boxes of a layer of an image; none where the file cannot be read. */
export function loadBoxes(layer: ImageLayer, image: ImageValue): Promise<BoxLayer> {
  let found = held.get(layer.url);
  if (found === undefined) {
    found = getBytes(mediaUrl(layer)).then((bytes) =>
      boxesIn(JSON.parse(new TextDecoder().decode(bytes)), image),
    );
    found.catch(() => held.delete(layer.url));
    held.set(layer.url, found);
    if (held.size > MOST_HELD) held.delete(held.keys().next().value!);
  }
  return found;
}

export function boxesIn(value: unknown, image: { width: number; height: number }): BoxLayer {
  const { box_data: data, class_labels: labels } = (value ?? {}) as Record<string, unknown>;
  const names = Object.fromEntries(
    Object.entries((labels ?? {}) as Record<string, unknown>).map(([id, name]) => [
      id,
      String(name),
    ]),
  );
  const boxes = (Array.isArray(data) ? data.slice(0, MOST_BOXES) : []).flatMap((one: unknown) => {
    const {
      position,
      domain,
      class_id: id,
      box_caption: caption,
      scores,
    } = (one ?? {}) as Record<string, unknown>;
    const place = placeOf(position);
    if (place === null) return [];
    // Shares, unless it says pixels.
    const [wide, high] = domain === "pixel" ? [image.width, image.height] : [1, 1];
    const classId = typeof id === "number" ? id : 0;
    const score = Object.entries((scores ?? {}) as Record<string, unknown>)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
    const called = typeof caption === "string" && caption !== "" ? caption : names[classId];
    return {
      left: place[0] / wide,
      top: place[1] / high,
      width: (place[2] - place[0]) / wide,
      height: (place[3] - place[1]) / high,
      classId,
      text: [called ?? `class ${classId}`, score].filter(Boolean).join(", "),
    };
  });
  return { boxes, labels: names };
}

/** Left, top, right, bottom: of the corners, or of a middle and a size. */
function placeOf(position: unknown): [number, number, number, number] | null {
  const found = (position ?? {}) as Record<string, unknown>;
  const corners = [found.minX, found.minY, found.maxX, found.maxY].map(Number);
  if (corners.every(Number.isFinite)) return corners as [number, number, number, number];
  const middle = Array.isArray(found.middle) ? found.middle.map(Number) : [];
  const [x, y, width, height] = [...middle, Number(found.width), Number(found.height)];
  if (![x, y, width, height].every((one) => Number.isFinite(one))) return null;
  return [x! - width! / 2, y! - height! / 2, x! + width! / 2, y! + height! / 2];
}

const MASK_ALPHA = 120;

/** A mask as pixels in the colours of its classes; those that are hidden, and class 0 without a name, are clear. */
export function paintMask(
  { width, height, data }: Pixels,
  isShown: (classId: number) => boolean,
): ImageData {
  const painted = new ImageData(width, height);
  const colors = new Map<number, readonly [number, number, number] | null>();
  for (let at = 0; at < data.length; at += 4) {
    const classId = data[at]!;
    let color = colors.get(classId);
    if (color === undefined) {
      const hex = Number.parseInt(classColor(classId).slice(1), 16);
      color = isShown(classId) ? [hex >> 16, (hex >> 8) & 255, hex & 255] : null;
      colors.set(classId, color);
    }
    if (color === null) continue;
    painted.data.set([...color, MASK_ALPHA], at);
  }
  return painted;
}

export function loadMask(layer: ImageLayer): Promise<Pixels | null> {
  return pixelsOf({ url: layer.url, width: 1, height: 1, format: "png", caption: "", layers: [] });
}

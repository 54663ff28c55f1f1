/** Image values (docs/reference/media.md), as far as they can be believed. */

export interface ImageValue {
  url: string;
  /** In pixels; at least 1. */
  width: number;
  height: number;
  format: string;
  caption: string;
  /** What lies over it: boxes as JSON, and pictures whose pixels are classes. */
  layers: readonly ImageLayer[];
}

export interface ImageLayer {
  kind: "boxes" | "mask";
  name: string;
  url: string;
}

/** The images in a value, one or several; nothing of a value that is not an image. */
export function imagesIn(value: unknown): ImageValue[] {
  if (typeof value !== "object" || value === null) return [];
  const { _type, items, url, width, height, format, caption, boxes, masks } = value as Record<
    string,
    unknown
  >;
  if (_type === "images") return Array.isArray(items) ? items.flatMap(imagesIn) : [];
  if (_type !== "image" || typeof url !== "string") return [];
  return [
    {
      url,
      width: sizeOf(width),
      height: sizeOf(height),
      format: typeof format === "string" ? format : "",
      caption: typeof caption === "string" ? caption : "",
      layers: [...layersIn("mask", masks), ...layersIn("boxes", boxes)],
    },
  ];
}

function layersIn(kind: ImageLayer["kind"], value: unknown): ImageLayer[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value as Record<string, unknown>).flatMap(([name, reference]) => {
    const { url } = (reference ?? {}) as Record<string, unknown>;
    return typeof url === "string" ? { kind, name, url } : [];
  });
}

function sizeOf(pixels: unknown): number {
  return typeof pixels === "number" && pixels >= 1 ? pixels : 1;
}

/** Pixels a side of the small picture that stands for a large one. */
export const THUMB = 256;

/** Whether an image is shown by its small picture when it is `shown` device pixels wide or high at most. */
export function isSmallEnough({ width, height, format }: ImageValue, shown: number): boolean {
  // A small picture of a moving one stands still, and of a vector one there is none.
  if (format === "gif" || format === "svg") return false;
  return Math.max(width, height) > THUMB && shown <= THUMB;
}

/** `count` of ascending steps, evenly by position, the first and the last among them. */
export function someOf(steps: readonly number[], count: number): number[] {
  if (steps.length <= count) return [...steps];
  if (count === 1) return [steps.at(-1)!];
  return Array.from(
    { length: count },
    (_, i) => steps[Math.round((i * (steps.length - 1)) / (count - 1))]!,
  );
}

/** Videos (docs/reference/media.md), as far as they can be believed. */

export interface VideoValue {
  url: string;
  /** In pixels; at least 1. */
  width: number;
  height: number;
  format: string;
  caption: string;
}

export function videosIn(value: unknown): VideoValue[] {
  if (typeof value !== "object" || value === null) return [];
  const { _type, items, url, width, height, format, caption } = value as Record<string, unknown>;
  if (_type === "videos") return Array.isArray(items) ? items.flatMap(videosIn) : [];
  if (_type !== "video" || typeof url !== "string") return [];
  const size = (pixels: unknown) => (typeof pixels === "number" && pixels >= 1 ? pixels : 1);
  return [
    {
      url,
      width: size(width),
      height: size(height),
      format: typeof format === "string" ? format : "",
      caption: typeof caption === "string" ? caption : "",
    },
  ];
}

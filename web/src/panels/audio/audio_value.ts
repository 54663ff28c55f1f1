/** Sounds (docs/reference/media.md), as far as they can be believed. */

export interface AudioValue {
  url: string;
  /** In bytes; 0: unknown. */
  size: number;
  /** Samples a second of one channel. */
  rate: number;
  /** In seconds; 0: unknown. */
  duration: number;
  caption: string;
}

const RATES = { least: 3000, most: 384_000, unknown: 44_100 };

export function soundsIn(value: unknown): AudioValue[] {
  if (typeof value !== "object" || value === null) return [];
  const { _type, items, url, size, rate, frames, caption } = value as Record<string, unknown>;
  if (_type === "audios") return Array.isArray(items) ? items.flatMap(soundsIn) : [];
  if (_type !== "audio" || typeof url !== "string") return [];
  const hertz = typeof rate === "number" && rate > 0 ? rate : RATES.unknown;
  return [
    {
      url,
      size: typeof size === "number" ? size : 0,
      // Browsers decode at these rates only; a duration does not depend on that.
      rate: Math.min(RATES.most, Math.max(RATES.least, hertz)),
      duration: typeof frames === "number" && frames > 0 ? frames / hertz : 0,
      caption: typeof caption === "string" ? caption : "",
    },
  ];
}

/** `0:07.4`, `12:03`: a moment of a sound. */
export function clockText(seconds: number): string {
  const whole = Math.floor(seconds / 60);
  const rest = seconds - 60 * whole;
  const text =
    seconds < 60 ? rest.toFixed(1).padStart(4, "0") : String(Math.floor(rest)).padStart(2, "0");
  return `${whole}:${text}`;
}

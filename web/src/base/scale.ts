/**
 * Scales: a domain of values onto an interval of pixels, and back.
 *
 * Linear scales survive the whole range of float64 (from -1e308 to 1e308 the difference overflows, so
 * such domains are computed in sixteenths). A logarithmic scale whose domain reaches 0 or below is
 * symmetric: logarithmic outwards from a threshold on both sides, linear through 0 between them.
 */

export type ScaleKind = "linear" | "log" | "symlog";

export interface Scale {
  readonly kind: ScaleKind;
  readonly lo: number;
  readonly hi: number;
  /** Where a symlog scale turns from linear to logarithmic; NaN otherwise. */
  readonly threshold: number;
  /** Pixel of a value (NaN for one that has no place: not positive on a log scale). */
  toPixel(value: number): number;
  toValue(pixel: number): number;
}

/** `lo` lies at `pixelLo` and `hi` at `pixelHi`; either direction. */
export function linearScale(lo: number, hi: number, pixelLo: number, pixelHi: number): Scale {
  const shrink = Number.isFinite(hi - lo) ? 1 : 1 / 16;
  const base = lo * shrink;
  const span = hi * shrink - base || 1;
  const pixels = pixelHi - pixelLo;
  // Divide before multiplying: at both ends of the range the product overflows or vanishes.
  return {
    ...{ kind: "linear", lo, hi, threshold: Number.NaN },
    toPixel: (value) => pixelLo + ((value * shrink - base) / span) * pixels,
    toValue: (pixel) => (base + ((pixel - pixelLo) / pixels) * span) / shrink,
  };
}

export function logScale(lo: number, hi: number, pixelLo: number, pixelHi: number): Scale {
  const base = Math.log10(lo);
  const perDecade = (pixelHi - pixelLo) / (Math.log10(hi) - base || 1);
  return {
    ...{ kind: "log", lo, hi, threshold: Number.NaN },
    toPixel: (value) => (value > 0 ? pixelLo + (Math.log10(value) - base) * perDecade : Number.NaN),
    toValue: (pixel) => 10 ** (base + (pixel - pixelLo) / perDecade),
  };
}

export function symlogScale(
  lo: number,
  hi: number,
  threshold: number,
  pixelLo: number,
  pixelHi: number,
): Scale {
  const bend = (value: number) => Math.sign(value) * Math.log10(1 + Math.abs(value / threshold));
  const base = bend(lo);
  const perUnit = (pixelHi - pixelLo) / (bend(hi) - base || 1);
  return {
    ...{ kind: "symlog", lo, hi, threshold },
    toPixel: (value) => pixelLo + (bend(value) - base) * perUnit,
    toValue: (pixel) => {
      const bent = base + (pixel - pixelLo) / perUnit;
      return Math.sign(bent) * threshold * (10 ** Math.abs(bent) - 1);
    },
  };
}

/** The logarithmic scale that fits a domain; `tiny` is the smallest distance of a value from 0. */
export function logarithmicScale(
  lo: number,
  hi: number,
  tiny: number,
  pixelLo: number,
  pixelHi: number,
): Scale {
  if (lo > 0) return logScale(lo, hi, pixelLo, pixelHi);
  const reach = Math.max(Math.abs(lo), Math.abs(hi));
  // More than twelve decades on each side of 0 would leave no room for the values.
  const threshold = Math.max(Number.isFinite(tiny) ? tiny : reach, reach * 1e-12) || 1;
  return symlogScale(lo, hi, threshold, pixelLo, pixelHi);
}

/** A domain that shows `lo` to `hi` with air: 5 % at each end, and something sensible for one value. */
export function padDomain(lo: number, hi: number, logarithmic: boolean): [number, number] {
  if (!(lo <= hi)) return logarithmic ? [0.1, 10] : [0, 1];
  if (logarithmic && lo > 0) {
    const air = 10 ** (0.05 * (Math.log10(hi) - Math.log10(lo)) || 0.3);
    return [Math.max(lo / air, Number.MIN_VALUE), Math.min(hi * air, Number.MAX_VALUE)];
  }
  if (lo === hi) {
    const air = Math.abs(lo) * 0.5 || 1;
    return [Math.max(lo - air, -Number.MAX_VALUE), Math.min(hi + air, Number.MAX_VALUE)];
  }
  const air = hi * 0.05 - lo * 0.05;
  return [Math.max(lo - air, -Number.MAX_VALUE), Math.min(hi + air, Number.MAX_VALUE)];
}

/**
 * Colours for numbers, from violet over teal to yellow. Lightness rises evenly (OKLCH), so that the
 * order reads without the hues; each end keeps 3:1 against the panel of its theme (ramp.test.ts).
 */

const LIGHT = "#450f79 #2b2f92 #024e83 #016178 #037172 #048265 #2e9234 #809204 #b29000".split(" ");
const DARK = "#8459c3 #6677e0 #2795ec #09afd7 #09c4c6 #06daac #84e484 #d0e761 #ffe79d".split(" ");

/** Steps of the ramp: neighbours differ by less than eyes tell, and equal values share an object. */
export const RAMP_STEPS = 128;

export interface RampColor {
  readonly light: string;
  readonly dark: string;
  readonly dash: readonly number[];
}

const made: RampColor[] = [];

/** The colour at `share` of the ramp, 0 to 1; the same object for the same step. */
export function rampColor(share: number): RampColor {
  const step = Math.round(Math.min(1, Math.max(0, share)) * RAMP_STEPS);
  made[step] ??= {
    light: between(LIGHT, step / RAMP_STEPS),
    dark: between(DARK, step / RAMP_STEPS),
    dash: [],
  };
  return made[step];
}

/** The stops of a theme as a CSS gradient from left to right. */
export function rampGradient(theme: "light" | "dark"): string {
  return `linear-gradient(to right, ${(theme === "dark" ? DARK : LIGHT).join(", ")})`;
}

function between(stops: readonly string[], share: number): string {
  const at = share * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  const part = (index: number) => {
    const [a, b] = [stops[low]!, stops[low + 1]!].map((hex) =>
      Number.parseInt(hex.slice(index, index + 2), 16),
    ) as [number, number];
    return Math.round(a + (b - a) * (at - low))
      .toString(16)
      .padStart(2, "0");
  };
  return `#${part(1)}${part(3)}${part(5)}`;
}

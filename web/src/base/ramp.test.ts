import { describe, expect, it } from "vitest";
import { RAMP_STEPS, rampColor } from "./ramp.ts";

/** Relative luminance (WCAG 2). */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe("the ramp", () => {
  const colors = Array.from({ length: RAMP_STEPS + 1 }, (_, i) => rampColor(i / RAMP_STEPS));

  it("becomes lighter with every step, in both themes", () => {
    for (const theme of ["light", "dark"] as const) {
      for (let i = 1; i < colors.length; i++) {
        const [before, after] = [luminance(colors[i - 1]![theme]), luminance(colors[i]![theme])];
        expect(after, `${theme} ${i}`).toBeGreaterThan(before - 0.002);
      }
      expect(luminance(colors.at(-1)![theme])).toBeGreaterThan(2 * luminance(colors[0]![theme]));
    }
  });

  it("keeps 3:1 against the panels", () => {
    for (const color of colors) {
      expect(1.05 / (luminance(color.light) + 0.05)).toBeGreaterThanOrEqual(3);
      const panel = luminance("#15181e");
      expect((luminance(color.dark) + 0.05) / (panel + 0.05)).toBeGreaterThanOrEqual(3);
    }
  });

  it("gives one object for one step, and the ends for what lies beyond", () => {
    expect(rampColor(0.5)).toBe(rampColor(0.5001));
    expect(rampColor(-3)).toBe(rampColor(0));
    expect(rampColor(7)).toBe(rampColor(1));
  });
});

import { describe, expect, it } from "vitest";
import { inkOn } from "./ink.ts";
import { SLOTS } from "./palette.ts";

function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe("text on colours", () => {
  it("can be read on every colour of the palette", () => {
    for (const color of SLOTS.flatMap(({ light, dark }) => [light, dark])) {
      const [one, other] = [luminance(color), luminance(inkOn(color))];
      const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      expect(contrast).toBeGreaterThanOrEqual(4.5);
    }
    expect(inkOn("red")).toBe("#000000");
  });
});

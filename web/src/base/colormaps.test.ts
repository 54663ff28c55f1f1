import { describe, expect, it } from "vitest";
import { COLORMAPS, colorTable, isColormap } from "./colormaps.ts";

/** What matplotlib 3.10 has at 0, 37, 128, 200 and 255. */
const MATPLOTLIB = {
  viridis: [68, 1, 84, 70, 51, 127, 33, 145, 140, 112, 207, 87, 253, 231, 37],
  magma: [0, 0, 4, 36, 18, 83, 183, 55, 121, 253, 152, 105, 252, 253, 191],
  turbo: [48, 18, 59, 71, 120, 240, 164, 252, 60, 244, 102, 23, 122, 4, 3],
} as const;

describe("colormaps", () => {
  it("are matplotlib's within 2 of 255", () => {
    for (const [name, wanted] of Object.entries(MATPLOTLIB)) {
      const table = colorTable(name as keyof typeof MATPLOTLIB);
      const found = [0, 37, 128, 200, 255].flatMap((i) => [...table.subarray(3 * i, 3 * i + 3)]);
      found.forEach((value, i) => {
        expect(Math.abs(value - wanted[i]!), `${name} ${i}`).toBeLessThanOrEqual(2);
      });
    }
  });

  it("leave grey levels as they are", () => {
    expect([...colorTable("gray")]).toEqual(
      Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)),
    );
    expect(COLORMAPS[0]).toBe("gray");
    expect([isColormap("magma"), isColormap("toString"), isColormap(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

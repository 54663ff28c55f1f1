import { describe, expect, it } from "vitest";
import { linearScale, logarithmicScale } from "../base/scale.ts";
import { layXAxis, layYAxis } from "./axes.ts";

/** As wide as the widest digits of a 10.5 px system font. */
const measure = (text: string) => text.length * 7;

describe("labels", () => {
  it("of the x axis neither touch nor leave the canvas, on any axis and at any width", () => {
    for (const width of [40, 90, 180, 330, 700, 1400]) {
      for (const kind of ["whole", "number", "duration", "wall"] as const) {
        for (const [lo, hi] of [
          [0, 1],
          [0, 40000],
          [1795000000, 1795090000],
          [-3e-9, 7e-9],
          [1e9, 1e9 + 3],
        ] as const) {
          const frame = { left: 40, width, canvas: width + 50, ratio: 2 };
          const scale = linearScale(lo, hi, 0, width * 2);
          const { labels } = layXAxis(scale, kind, frame, measure);
          let free = 0;
          for (const { text, at } of labels) {
            expect(at - measure(text) / 2).toBeGreaterThanOrEqual(free);
            free = at + measure(text) / 2;
          }
          expect(free).toBeLessThanOrEqual(width + 50);
        }
      }
    }
  });

  it("of the y axis keep their distance, and 0 stays", () => {
    const scale = logarithmicScale(-1e7, 1e7, 1, 400, 0);
    const { values } = layYAxis(scale, 200, 2);
    expect(values).toContain(0);
    const rows = values.map((value) => scale.toPixel(value) / 2).sort((a, b) => a - b);
    for (let i = 1; i < rows.length; i++)
      expect(rows[i]! - rows[i - 1]!).toBeGreaterThanOrEqual(14);
  });
});

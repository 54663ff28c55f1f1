import { describe, expect, it } from "vitest";
import { makeHistogram } from "./histogram.ts";
import {
  type HistogramMode,
  type HistogramRun,
  HistogramScene,
  roomFor,
} from "./histogram_scene.ts";

function of(edges: number[], counts: number[]) {
  return makeHistogram(Float64Array.from(edges), Float64Array.from(counts))!;
}

function run(name: string, shift: number, steps: number[]): HistogramRun {
  return {
    run: name,
    label: name,
    color: "#3958bf",
    values: steps.map((step) => ({
      ...{ x: step, step },
      histogram: of([shift, shift + 1, shift + 1.5, shift + 4], [2, 6, 3]),
    })),
  };
}

function scene(runs: HistogramRun[], mode: HistogramMode, isLog = false): HistogramScene {
  return new HistogramScene(runs, { mode, isLog, width: 400, height: 300 });
}

describe("HistogramScene", () => {
  it("gives every run a field, all on the scale of all values", () => {
    for (const mode of ["ridge", "overlay", "heat", "bands"] as const) {
      const both = scene([run("a", 0, [0, 10]), run("b", 6, [5])], mode);
      expect([both.values.lo, both.values.hi]).toEqual([0, 10]);
      expect([both.xs.lo, both.xs.hi]).toEqual([0, 10]);
      const [first, second] = both.fields;
      expect(
        first!.left + first!.width <= second!.left || first!.top + first!.height <= second!.top,
      ).toBe(true);
      for (const { left, top, width, height } of both.fields) {
        expect(left >= 0 && top >= 0 && left + width <= 400 && top + height <= 300).toBe(true);
      }
    }
  });

  it("draws ridges with true areas, later ones below", () => {
    const one = scene([run("a", 0, [0, 10, 20])], "ridge");
    const [field] = one.fields;
    const bases = field!.run.values.map((at) => one.baseOf(field!, at));
    expect(bases[2]).toBe(field!.top + field!.height);
    expect(bases[2]! - bases[1]!).toBeCloseTo(bases[1]! - bases[0]!, 6);
    const points = one.outlineOf(field!, field!.run.values[0]!);
    let area = 0;
    for (let i = 0; i + 3 < points.length; i += 2) {
      area += (points[i + 2]! - points[i]!) * (bases[0]! - (points[i + 1]! + points[i + 3]!) / 2);
    }
    const perCount = (field!.width / 4) * one.rise(field!, 1);
    expect(area / perCount).toBeCloseTo(11, 6);
    // The densest bucket, 6 in half a unit, is as high as can be.
    expect(Math.min(...points.filter((_, i) => i % 2 === 1))).toBeCloseTo(
      bases[0]! - 0.42 * field!.height,
      6,
    );
  });

  it("colours heat by the counts in each pixel, no column over another", () => {
    const one = scene([run("a", 0, [0, 1, 10])], "heat");
    const [field] = one.fields;
    const columns = one.heat(field!);
    expect(columns[0]!.left).toBe(field!.left);
    expect(columns[2]!.right).toBe(field!.left + field!.width);
    expect(columns[0]!.right).toBe(columns[1]!.left);
    // Up to halfway between the positions 1 and 10.
    expect(columns[1]!.right - field!.left).toBeCloseTo((field!.width * 5.5) / 10, 6);
    const strength = (value: number) =>
      columns[0]!.rows[field!.height - 1 - Math.floor(one.values.toPixel(value))]!;
    const ratio = (a: number, b: number) => (strength(a) - 0.07) / (strength(b) - 0.07);
    expect(ratio(0.5, 1.2)).toBeCloseTo(2 / 12, 3);
    expect(ratio(3, 1.2)).toBeCloseTo(1.2 / 12, 3);
    expect(Math.max(...columns[0]!.rows)).toBeCloseTo(1, 6);
  });

  it("tells the bucket under the pointer, as it was logged", () => {
    const runs = [run("a", 0, [0, 10]), run("b", 6, [5])];
    for (const mode of ["heat", "bands"] as const) {
      const both = scene(runs, mode);
      const [field] = both.fields;
      const top = field!.top + field!.height - both.values.toPixel(1.2);
      const hit = both.hitAt(field!.left + both.xs.toPixel(9), top)!;
      expect(hit.run.run).toBe("a");
      expect(hit.at.step).toBe(10);
      expect(hit.bucket).toEqual({ from: 1, to: 1.5, count: 6 });
      const above = both.hitAt(
        field!.left + 1,
        field!.top + field!.height - both.values.toPixel(8),
      )!;
      expect(above.bucket).toBeNull();
    }
    const ridges = scene(runs, "ridge");
    const [field] = ridges.fields;
    const at = field!.run.values[1]!;
    const inside = ridges.baseOf(field!, at) - ridges.rise(field!, 12) / 2;
    const hit = ridges.hitAt(field!.left + ridges.values.toPixel(1.2), inside)!;
    expect([hit.at.step, hit.bucket]).toEqual([10, { from: 1, to: 1.5, count: 6 }]);
    expect(ridges.hitAt(-5, 10)).toBeNull();
  });

  it("finds the histogram at or before a step", () => {
    const one = scene([run("a", 0, [0, 10, 20])], "ridge");
    const [field] = one.fields;
    const at = (step: number) => one.atStep(field!.run, step)?.step;
    expect([at(-1), at(0), at(19), at(99)]).toEqual([undefined, 0, 10, 20]);
  });

  it("takes logarithms of densities where asked", () => {
    const plain = scene([run("a", 0, [0])], "overlay");
    const logged = scene([run("a", 0, [0])], "overlay", true);
    const share = (of: HistogramScene) => {
      const [field] = of.fields;
      return of.rise(field!, 1.2) / of.rise(field!, 12);
    };
    expect(share(plain)).toBeCloseTo(0.1, 6);
    expect(share(logged)).toBeCloseTo(
      Math.log10(1 + 1.2 * (4 / 30)) / Math.log10(1 + 12 * (4 / 30)),
      6,
    );
  });

  it("has room for as many runs as can be read", () => {
    expect(roomFor(150, 104)).toBe(1);
    expect(roomFor(560, 440)).toBe(12);
    const runs = Array.from({ length: 12 }, (_, i) => run(String(i), 0, [0]));
    const full = new HistogramScene(runs, { mode: "heat", isLog: false, width: 560, height: 440 });
    for (const { width, height } of full.fields) {
      expect(width).toBeGreaterThan(80);
      expect(height).toBeGreaterThan(60);
    }
  });
});

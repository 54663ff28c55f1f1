import { describe, expect, it } from "vitest";
import { basisOf, FLAT, FRONT, moved, pressed, turned, zoomed } from "../base/orbit.ts";
import { cloudOf, look, paintCloud, pointAt } from "./cloud.ts";

const WHITE = [255, 255, 255] as const;

function picture(coordinates: number[], colors: number[], orbit = FLAT, size = 41) {
  const cloud = cloudOf(coordinates, 3, [0, 1, 2]);
  const seen = look(cloud, basisOf(orbit), orbit, size, size);
  const pixels = new Uint8ClampedArray(size * size * 4);
  const paint = { radius: 2, background: WHITE, isBright: null, fog: 0 };
  paintCloud(pixels, size, size, seen, { ...paint, colors: Uint8Array.from(colors) });
  const at = (x: number, y: number) => [
    ...pixels.slice(4 * (y * size + x), 4 * (y * size + x) + 3),
  ];
  return { seen, at };
}

const RED = [255, 0, 0];
const BLUE = [0, 0, 255];

describe("a cloud of points", () => {
  it("stands in the middle, on one scale", () => {
    const cloud = cloudOf([0, 10, 5, 4, 30, 7], 3, [0, 1, 2]);
    expect([...cloud.y]).toEqual([-1, 1]);
    expect([...cloud.x].map((v) => Math.round(v * 100) / 100)).toEqual([-0.2, 0.2]);
    expect([...cloudOf([1, 2, 3, 4], 2, [0, 1, null]).z]).toEqual([0, 0]);
    expect(cloudOf([], 3, [0, 1, 2]).count).toBe(0);
  });

  it("has up upwards and right to the right", () => {
    const { seen, at } = picture([1, 1, 0, -1, -1, 0], [...RED, ...BLUE]);
    expect(seen.x[0]).toBeGreaterThan(seen.x[1]!);
    expect(seen.y[0]).toBeLessThan(seen.y[1]!);
    expect(at(Math.round(seen.x[0]!), Math.round(seen.y[0]!))).toEqual(RED);
    expect(at(Math.round(seen.x[1]!), Math.round(seen.y[1]!))).toEqual(BLUE);
    expect(at(0, 0)).toEqual([...WHITE]);
  });

  it("hides what is behind, from wherever it is seen and in whatever order it comes", () => {
    const front = [0, 0, 1];
    const behind = [0, 0, -1];
    for (const [orbit, color] of [
      [FLAT, RED],
      [turned(FLAT, Math.PI, 0), BLUE],
    ] as const) {
      const one = picture([...front, ...behind], [...RED, ...BLUE], orbit);
      const other = picture([...behind, ...front], [...BLUE, ...RED], orbit);
      expect(one.at(20, 20).map((v) => Math.round(v / 8))).toEqual(
        color.map((v) => Math.round(v / 8)),
      );
      expect(other.at(20, 20)).toEqual(one.at(20, 20));
    }
  });

  it("finds the point under the pointer, the nearest to the eye first", () => {
    const { seen } = picture([0, 0, -1, 0, 0, 1, 1, 1, 0], [...RED, ...BLUE, ...RED]);
    expect(pointAt(seen, seen.x[0]! + 1, seen.y[0]!, 6)).toBe(1);
    expect(pointAt(seen, seen.x[2]!, seen.y[2]! + 3, 6)).toBe(2);
    expect(pointAt(seen, 38, 38, 6)).toBe(-1);
  });

  it("is as pale as it is not looked for", () => {
    const cloud = cloudOf([0, 0, 0, 1, 0, 0], 3, [0, 1, 2]);
    const seen = look(cloud, basisOf(FLAT), FLAT, 41, 41);
    const pixels = new Uint8ClampedArray(41 * 41 * 4);
    const colors = Uint8Array.from([...RED, ...RED]);
    const isBright = (point: number) => point === 0;
    paintCloud(pixels, 41, 41, seen, { colors, radius: 1, background: WHITE, isBright, fog: 0 });
    const green = (i: number) =>
      pixels[4 * (Math.round(seen.y[i]!) * 41 + Math.round(seen.x[i]!)) + 1];
    expect(green(0)).toBe(0);
    expect(green(1)).toBeGreaterThan(150);
  });
});

describe("an orbit", () => {
  it("keeps its directions upright to each other", () => {
    for (const orbit of [FLAT, FRONT, turned(FRONT, 2, -3)]) {
      const { right, up, back } = basisOf(orbit);
      const dot = (a: readonly number[], b: readonly number[]) =>
        a.reduce((sum, v, i) => sum + v * b[i]!, 0);
      for (const [a, b, expected] of [
        [right, right, 1],
        [up, up, 1],
        [back, back, 1],
        [right, up, 0],
        [right, back, 0],
        [up, back, 0],
      ] as const) {
        expect(dot(a, b)).toBeCloseTo(expected, 9);
      }
    }
    expect(turned(FRONT, 0, 9).elevation).toBeLessThan(Math.PI / 2);
  });

  it("zooms at the pointer: what is there stays", () => {
    const before = moved(FLAT, 0.2, -0.1);
    const after = zoomed(before, 2, 0.5, 0.3);
    // A point of the picture at p = pan + zoom * q, for the q that is at the pointer.
    const q = (0.5 - before.panX) / before.zoom;
    expect(after.panX + after.zoom * q).toBeCloseTo(0.5, 9);
  });

  it("follows the keys", () => {
    expect(pressed(FRONT, "ArrowRight", FRONT)!.azimuth).toBeGreaterThan(FRONT.azimuth);
    expect(pressed(FLAT, "ArrowRight", FLAT, true)!.panX).toBeLessThan(0);
    expect(pressed(turned(FRONT, 1, 0), "0", FRONT)).toBe(FRONT);
    expect(pressed(FRONT, "a", FRONT)).toBeNull();
  });
});

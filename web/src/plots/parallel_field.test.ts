import { describe, expect, it } from "vitest";
import { MOST_SMOOTH, ParallelField, SHARES } from "./parallel_field.ts";

function fieldOf(
  width: number,
  height: number,
  ys: readonly (readonly number[])[],
  shares: readonly number[] = ys[0]!.map(() => 0),
  thickness = 1,
): ParallelField {
  const axes = ys.map((y, i) => ({
    x: Math.round((i * width) / (ys.length - 1)),
    y: Float32Array.from(y),
  }));
  return new ParallelField(width, height, { axes, shares: Uint8Array.from(shares), thickness });
}

const all = (count: number) => new Uint8Array(count).fill(1);

/** Coverage of every pixel by a thick line, by looking at many heights of each column. */
function coverage(width: number, height: number, y0: number, y1: number, thickness: number) {
  const fine = 40;
  const slope = (y1 - y0) / width;
  const half = 0.5 * thickness * Math.hypot(1, slope);
  return (x: number, row: number) => {
    const middle = y0 + slope * (x + 0.5);
    let inside = 0;
    for (let k = 0; k < fine; k++) {
      if (Math.abs(row + (k + 0.5) / fine - middle) <= half) inside += 1;
    }
    return row < height ? inside / fine : 0;
  };
}

describe("ParallelField", () => {
  it("covers what a thick line covers, level and steep", () => {
    const [width, height] = [23, 40];
    for (const [y0, y1] of [
      [10, 10],
      [3.2, 35.7],
      [39, 1],
      [20.5, 21.5],
    ] as const) {
      const field = fieldOf(width, height, [[y0], [y1]], [3], 1.4);
      field.show(all(1));
      const expected = coverage(width, height, y0, y1, 1.4);
      for (let x = 0; x < width; x++) {
        for (let y = 0; y < height; y++) {
          const found = field.weightAt(x, y);
          expect(Math.abs(found - expected(x, y)), `${x},${y}`).toBeLessThan(0.12);
          if (found > 0) expect(field.shareAt(x, y)).toBe(3);
        }
      }
    }
  });

  it("adds every run once, tells the mean of their shares, and takes runs out again", () => {
    const level = [3.5, 3.5, 3.5, 3.5];
    const field = fieldOf(10, 8, [level, level], [0, 6, 15, 15]);
    field.show(Uint8Array.from([1, 0, 1, 1]));
    expect(field.weightAt(5, 3)).toBe(3);
    expect(field.shareAt(5, 3)).toBe(10);
    field.show(Uint8Array.from([0, 1, 1, 1]));
    expect(field.shareAt(5, 3)).toBe(12);
    expect(field.weightAt(5, 5)).toBe(0);
    expect(field.shareAt(5, 5)).toBeNaN();
    field.show(new Uint8Array(4));
    expect(field.weightAt(5, 3)).toBe(0);
  });

  it("has the same picture however it came to it", () => {
    for (const count of [200, MOST_SMOOTH + 500]) {
      const random = generator(count);
      const axes = [0, 1, 2].map(() => Array.from({ length: count }, () => random() * 50));
      const shares = Array.from({ length: count }, () => Math.floor(random() * (SHARES + 1)));
      const mask = Uint8Array.from({ length: count }, () => Number(random() < 0.4));
      const direct = fieldOf(60, 51, axes, shares);
      direct.show(mask);
      const changed = fieldOf(60, 51, axes, shares);
      for (let k = 0; k < 5; k++) {
        changed.show(Uint8Array.from({ length: count }, () => Number(random() < k / 4)));
      }
      changed.show(mask);
      for (let x = 0; x < 60; x++) {
        for (let y = 0; y < 51; y++) {
          expect(changed.weightAt(x, y)).toBe(direct.weightAt(x, y));
          expect(changed.shareAt(x, y)).toEqual(direct.shareAt(x, y));
        }
      }
    }
  });

  it("passes through every row of a column when there are thousands of lines", () => {
    const [width, height, count] = [40, 100, MOST_SMOOTH + 1];
    const random = generator(7);
    const ys = [0, 1].map(() => Array.from({ length: count }, () => random() * 99.9));
    const field = fieldOf(width, height, ys);
    field.show(all(count));
    const steps = width / 2;
    for (let step = 0; step < steps; step++) {
      let found = 0;
      for (let y = 0; y < height; y++) found += field.weightAt(2 * step, y);
      let expected = 0;
      for (let i = 0; i < count; i++) {
        const at = (k: number) => Math.floor(ys[0]![i]! + ((ys[1]![i]! - ys[0]![i]!) * k) / steps);
        expected += Math.max(1, Math.abs(at(step + 1) - at(step)));
      }
      expect(Math.abs(found - expected) / expected).toBeLessThan(0.002);
      expect(field.weightAt(2 * step + 1, 50)).toBe(field.weightAt(2 * step, 50));
    }
  });

  it("shows one line alone in a crowd, and mixes colours by what passes", () => {
    const count = 4000;
    const y = Array.from({ length: count }, (_, i) => (i === 0 ? 50.5 : 10.5));
    const shares = Array.from({ length: count }, (_, i) => (i === 0 ? SHARES : 0));
    const field = fieldOf(4, 60, [y, y], shares);
    field.show(all(count));
    const image = new Uint32Array(4 * 60).fill(0xffffffff);
    const colors = Uint32Array.from({ length: SHARES + 1 }, (_, i) => (i << 16) | (SHARES - i));
    field.paint(image, colors, 0.3);
    const red = (row: number) => image[row * 4 + 1]! & 255;
    const blue = (row: number) => (image[row * 4 + 1]! >>> 16) & 255;
    expect([red(10), blue(10)]).toEqual([SHARES, 0]);
    // Three tenths of the lone line's colour over white.
    expect(Math.abs(red(50) - 0.7 * 255)).toBeLessThan(3);
    expect(Math.abs(blue(50) - (0.7 * 255 + 0.3 * SHARES))).toBeLessThan(3);
    expect(image[30 * 4]).toBe(0xffffffff);
  });

  it("counts exactly when every line that there may be passes one pixel", () => {
    const count = 16383;
    const y = new Array(count).fill(2.5);
    const field = fieldOf(4, 5, [y, y], new Array(count).fill(SHARES));
    field.show(all(count));
    expect(field.weightAt(1, 2)).toBe(count);
    expect(field.shareAt(1, 2)).toBe(SHARES);
    expect(() =>
      fieldOf(4, 5, [
        [...y, 1],
        [...y, 1],
      ]),
    ).toThrow("16384 lines are more than 16383");
  });
});

/** Numbers from 0 to 1 that are the same in every run of the test. */
function generator(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

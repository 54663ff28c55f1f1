import { expect, test } from "vitest";
import { paintFromCheckpoint } from "./checkpoint.ts";
import type { Raster } from "./raster.ts";

/** A raster of a few pixels, each of which remembers in which order it was painted. */
class FakeRaster {
  pixels = new Int32Array(6);
  copies = 0;

  copy(into: Int32Array | null): Int32Array {
    this.copies += 1;
    if (into === null) return this.pixels.slice();
    into.set(this.pixels);
    return into;
  }

  restore(pixels: Int32Array): void {
    this.pixels.set(pixels);
  }

  /** What lies below shows through, so that every stroke and its place among the others count. */
  add(seed: number): void {
    for (let i = 0; i < this.pixels.length; i++) {
      if ((seed * (i + 3)) % 4 > 0) this.pixels[i] = Math.imul(this.pixels[i]!, 31) + seed;
    }
  }
}

function paint(raster: FakeRaster, ground: number, strokes: readonly number[]): number {
  let painted = 0;
  paintFromCheckpoint(
    raster as unknown as Raster,
    { looks: [ground], paint: () => raster.pixels.fill(ground) },
    strokes.map((seed) => ({
      looks: ["line", seed],
      paint: () => {
        painted += 1;
        raster.add(seed);
      },
    })),
  );
  return painted;
}

function whole(ground: number, strokes: readonly number[]): number[] {
  const raster = new FakeRaster();
  raster.pixels.fill(ground);
  for (const seed of strokes) raster.add(seed);
  return [...raster.pixels];
}

test("a picture made from what is remembered is the picture made anew", () => {
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  const raster = new FakeRaster();
  let strokes = Array.from({ length: 60 }, (_, i) => i + 1);
  let ground = 1;
  for (let turn = 0; turn < 400; turn++) {
    const at = random(strokes.length + 1);
    const what = random(12);
    if (what < 5) strokes = strokes.filter((_, i) => i !== at);
    else if (what < 10) strokes = [...strokes.slice(0, at), 100 + turn, ...strokes.slice(at)];
    else if (what === 10) strokes = strokes.map((seed, i) => (i === at ? 1000 + turn : seed));
    else ground = 1 + random(3);
    paint(raster, ground, strokes);
    expect([...raster.pixels]).toEqual(whole(ground, strokes));
  }
});

test("a line on top that comes and goes paints a few of many", () => {
  const raster = new FakeRaster();
  const all = Array.from({ length: 100 }, (_, i) => i + 1);
  const without = (seed: number) => all.filter((one) => one !== seed);
  expect(paint(raster, 1, all)).toBe(100);
  expect(paint(raster, 1, without(98))).toBe(99);
  expect(paint(raster, 1, all)).toBeLessThan(15);
  expect(paint(raster, 1, without(95))).toBeLessThan(15);
  expect(paint(raster, 1, all)).toBeLessThan(15);
  expect(paint(raster, 2, all)).toBe(100);
});

test("pictures that change altogether are not copied", () => {
  const raster = new FakeRaster();
  for (let turn = 0; turn < 5; turn++) {
    const strokes = Array.from({ length: 50 }, (_, i) => 100 * turn + i + 1);
    expect(paint(raster, 1, strokes)).toBe(50);
  }
  expect(raster.copies).toBe(0);
});

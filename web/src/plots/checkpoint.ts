/**
 * What a raster showed before the first stroke that has changed since, so that a line that comes or goes on
 * top of many does not paint them all again.
 */
import type { Raster } from "./raster.ts";

/** A stroke's looks, and what it lies on; equal ones paint the same pixels. */
export type Looks = readonly unknown[];

interface Checkpoint {
  /** Of the ground and of the strokes that were painted last, from the bottom to the top. */
  ground: Looks;
  strokes: readonly Looks[];
  /** The pixels after the ground and so many strokes; null: none are kept. */
  pixels: Int32Array | null;
  count: number;
}

/** Fewer strokes than this are not worth a copy of the image. */
const LEAST = 12;
/** The copy is taken so many strokes below the change: those that change next are often its neighbours. */
const BELOW = 10;

const checkpoints = new WeakMap<Raster, Checkpoint>();

/**
 * Paints `ground` and then the strokes from the bottom to the top with `paint`, or only those above what
 * the raster remembers.
 */
export function paintFromCheckpoint(
  raster: Raster,
  ground: { looks: Looks; paint: () => void },
  strokes: readonly { looks: Looks; paint: () => void }[],
): void {
  const before = checkpoints.get(raster);
  const looks = strokes.map((one) => one.looks);
  const isGround = before !== undefined && areSame(before.ground, ground.looks);
  let same = 0;
  while (isGround && same < looks.length && same < before.strokes.length) {
    if (!areSame(looks[same]!, before.strokes[same]!)) break;
    same += 1;
  }
  let pixels = isGround && before.pixels !== null && before.count <= same ? before.pixels : null;
  let count = pixels === null ? 0 : before!.count;
  if (pixels !== null) raster.restore(pixels);
  else ground.paint();
  // Where nothing is known of what was there before, nothing is known of what will change either.
  const wanted = isGround ? same - BELOW : 0;
  for (let i = count; i < strokes.length; i++) {
    if (i === wanted && wanted >= LEAST && wanted > count + BELOW) {
      pixels = raster.copy(before?.pixels ?? null);
      count = i;
    }
    strokes[i]!.paint();
  }
  checkpoints.set(raster, { ground: ground.looks, strokes: looks, pixels, count });
}

function areSame(a: Looks, b: Looks): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

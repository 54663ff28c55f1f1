/**
 * Points in space as discs in an image: a rasteriser with a depth buffer, so that nothing has to be sorted
 * and 100,000 points turn while the pointer is dragged. Knows no DOM.
 */
import type { Basis, Orbit } from "../base/orbit.ts";

/** Coordinates between -1 and 1, point by point. */
export interface Cloud {
  readonly count: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly z: Float32Array;
}

/** Takes the coordinates `axes` of points that have `width` of them, to the middle and to one scale. */
export function cloudOf(
  coordinates: ArrayLike<number>,
  width: number,
  axes: readonly [number, number, number | null],
): Cloud {
  const count = Math.floor(coordinates.length / width);
  const parts = axes.map((axis) => {
    const values = new Float32Array(count);
    if (axis === null || axis >= width) return { values, low: 0, high: 0 };
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < count; i++) {
      const value = coordinates[i * width + axis]!;
      values[i] = value;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return { values, low, high };
  });
  const span = Math.max(...parts.map(({ low, high }) => high - low)) / 2 || 1;
  for (const { values, low, high } of parts) {
    const middle = (low + high) / 2;
    for (let i = 0; i < count; i++) values[i] = (values[i]! - middle) / span;
  }
  const [x, y, z] = parts.map(({ values }) => values) as [Float32Array, Float32Array, Float32Array];
  return { count, x, y, z };
}

/** Where the points are in a picture, in its pixels; larger depth is nearer. */
export interface Seen {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly depth: Float32Array;
}

/** Half the smaller side less a margin shows what lies between -1 and 1. */
export function scaleOf(width: number, height: number, orbit: Orbit): number {
  return (Math.min(width, height) / 2) * 0.92 * orbit.zoom;
}

export function look(
  cloud: Cloud,
  basis: Basis,
  orbit: Orbit,
  width: number,
  height: number,
): Seen {
  const { count } = cloud;
  const [x, y, depth] = [0, 1, 2].map(() => new Float32Array(count)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const scale = scaleOf(width, height, orbit);
  const half = Math.min(width, height) / 2;
  const [middleX, middleY] = [width / 2 + orbit.panX * half, height / 2 - orbit.panY * half];
  const { right, up, back } = basis;
  for (let i = 0; i < count; i++) {
    const [a, b, c] = [cloud.x[i]!, cloud.y[i]!, cloud.z[i]!];
    x[i] = middleX + scale * (right[0] * a + right[1] * b + right[2] * c);
    y[i] = middleY - scale * (up[0] * a + up[1] * b + up[2] * c);
    depth[i] = back[0] * a + back[1] * b + back[2] * c;
  }
  return { x, y, depth };
}

export interface Paint {
  /** Red, green, blue of each point, 0 to 255. */
  readonly colors: Uint8Array;
  /** Radius in pixels. */
  readonly radius: number;
  readonly background: readonly [number, number, number];
  /** Points that are pale because others are looked for; null: none is. */
  readonly isBright: ((point: number) => boolean) | null;
  /** How much points fade towards the back, 0 to 1. */
  readonly fog: number;
}

/** Paints the points into RGBA pixels, on the background. Nearer points cover those behind them. */
export function paintCloud(
  pixels: Uint8ClampedArray,
  width: number,
  height: number,
  seen: Seen,
  paint: Paint,
): void {
  const { colors, background, isBright, fog } = paint;
  for (let i = 0; i < pixels.length; i += 4) {
    pixels[i] = background[0];
    pixels[i + 1] = background[1];
    pixels[i + 2] = background[2];
    pixels[i + 3] = 255;
  }
  const nearest = new Float32Array(width * height).fill(Number.NEGATIVE_INFINITY);
  const disc = discOf(paint.radius);
  const count = seen.x.length;
  // Pale points lie behind all others.
  const PALE = -10;
  for (let i = 0; i < count; i++) {
    const isPale = isBright !== null && !isBright(i);
    const depth = seen.depth[i]! + (isPale ? PALE : 0);
    const away = Math.min(1, Math.max(0, (1 - seen.depth[i]!) / 2)) * fog;
    const share = isPale ? 0.25 : 1 - 0.6 * away;
    const red = background[0] + (colors[3 * i]! - background[0]) * share;
    const green = background[1] + (colors[3 * i + 1]! - background[1]) * share;
    const blue = background[2] + (colors[3 * i + 2]! - background[2]) * share;
    const left = Math.round(seen.x[i]!);
    const top = Math.round(seen.y[i]!);
    for (const { dx, dy, cover } of disc) {
      const x = left + dx;
      const y = top + dy;
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      const at = y * width + x;
      if (depth < nearest[at]!) continue;
      // A rim that is covered in part blends with what is there, and does not hide what comes later.
      if (cover === 1) nearest[at] = depth;
      const rest = 1 - cover;
      pixels[4 * at] = pixels[4 * at]! * rest + red * cover;
      pixels[4 * at + 1] = pixels[4 * at + 1]! * rest + green * cover;
      pixels[4 * at + 2] = pixels[4 * at + 2]! * rest + blue * cover;
    }
  }
}

interface DiscPixel {
  readonly dx: number;
  readonly dy: number;
  /** How much of the pixel the disc covers, 0 to 1. */
  readonly cover: number;
}

function discOf(radius: number): DiscPixel[] {
  const reach = Math.ceil(radius);
  const found: DiscPixel[] = [];
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const cover = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(dx, dy)));
      if (cover > 0.05) found.push({ dx, dy, cover: cover > 0.95 ? 1 : cover });
    }
  }
  return found;
}

/** The point nearest to a place in the picture, of those equally near the one in front; -1 beyond `reach` pixels. */
export function pointAt(seen: Seen, x: number, y: number, reach: number): number {
  let best = -1;
  let least = reach * reach;
  for (let i = 0; i < seen.x.length; i++) {
    const [dx, dy] = [seen.x[i]! - x, seen.y[i]! - y];
    const distance = dx * dx + dy * dy;
    if (distance > least) continue;
    if (distance === least && best >= 0 && seen.depth[i]! <= seen.depth[best]!) continue;
    [best, least] = [i, distance];
  }
  return best;
}

/**
 * Draws lines into an image, column by column.
 *
 * Why not the canvas's own strokes: without a GPU they cost ten times as much for noisy lines, and what is
 * painted into a pixel is then not ours to promise. A line that goes one way along x covers, in each
 * pixel column, one stretch of rows. The sweep finds that stretch for every column, with soft ends where
 * the line runs on at a slope and hard ends at its points; then each column is painted once, so that a
 * translucent line is not darker where its pieces meet. The pixel of a point is always covered by half
 * or more.
 */

import { type Dots, type Entries, type Kernel, plotKernel, type Rows } from "./kernel.ts";

/** Red, green, blue in 0 to 255. */
export type Rgb = readonly [number, number, number];

export function pack([red, green, blue]: Rgb): number {
  return (255 << 24) | (blue << 16) | (green << 8) | red;
}

export interface Ink {
  readonly rgb: Rgb;
  /** 0 to 1. */
  readonly alpha: number;
  /**
   * Lengths in pixels, on and off in turn, along x. A gap is drawn paler and not left out: what was
   * logged in it must be seen.
   */
  readonly dash: readonly number[];
  /** Of the line, in pixels; at least 1. */
  readonly width: number;
}

/**
 * What one sweep covers, column by column from `left` on: four numbers for each, the rows and rates of the
 * stretch's two ends. Kept by whoever paints the same line again, in other ink.
 */
export interface Sweep {
  left: number;
  columns: number;
  /** May be longer than `columns` need. */
  readonly ends: Float32Array;
}

/** So many sweeps are made in one piece of memory. */
const SLAB = 32;

/** Of a dash's gaps. */
export const GAP_ALPHA = 0.42;

export class Raster {
  readonly image: ImageData;
  /** Of the image. */
  private readonly own: Int32Array;
  /** Those that are painted: the image's, or while all is painted anew those in the compiled code's memory. */
  private pixels: Int32Array;
  private kernel: Kernel | null = null;
  /** Row (not whole) at which the stretch of a column is half covered, and how fast its cover grows there. */
  private readonly top: Float64Array;
  private readonly topRate: Float64Array;
  private readonly bottom: Float64Array;
  private readonly bottomRate: Float64Array;
  /** Rows between which a column holds points, to widen it when lines are wide; NaN when not. */
  private readonly core: Float64Array;
  private left: number;
  private right = -1;
  private half = 0.5;
  private readonly scratch: Sweep;
  private recorded: Sweep[] | null = null;
  private most = 0;
  /** Sweeps that are kept no longer, whose memory may be used again. */
  private spare: Sweep[] = [];
  /** Memory that sweeps are made in. */
  private slab = new Float32Array(0);
  private ink: Ink = { rgb: [0, 0, 0], alpha: 1, dash: [], width: 1 };

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.image = new ImageData(width, height);
    this.own = new Int32Array(this.image.data.buffer);
    this.pixels = this.own;
    this.top = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
    this.bottom = new Float64Array(width).fill(Number.NEGATIVE_INFINITY);
    this.topRate = new Float64Array(width).fill(1);
    this.bottomRate = new Float64Array(width).fill(1);
    this.core = new Float64Array(2 * width).fill(Number.NaN);
    this.scratch = this.newSweep();
    this.left = width;
  }

  /** From here to `end` all of the image is painted anew, and no other raster is: by compiled code where there is some. */
  begin(): void {
    const kernel = plotKernel();
    const pixels = kernel?.begin(this.width, this.height) ?? null;
    if (kernel === null || pixels === null) return;
    this.kernel = kernel;
    this.pixels = pixels;
  }

  /** Shows what was painted. */
  end(): void {
    this.paint();
    if (this.kernel === null) return;
    this.own.set(this.pixels);
    this.pixels = this.own;
    this.kernel.end();
    this.kernel = null;
  }

  fill(rgb: Rgb): void {
    this.pixels.fill(pack(rgb));
  }

  /** Fills whole pixels, from `x`, `y` on; what lies outside is left out. */
  rectangle(x: number, y: number, width: number, height: number, rgb: Rgb): void {
    const color = pack(rgb);
    const from = Math.max(0, x);
    const to = Math.min(this.width, x + width);
    for (let row = Math.max(0, y); row < Math.min(this.height, y + height); row++) {
      this.pixels.fill(color, row * this.width + from, row * this.width + to);
    }
  }

  /** The pixels as they are, in the memory of `into` where that is of the same size. */
  copy(into: Int32Array | null): Int32Array {
    this.paint();
    if (into?.length !== this.pixels.length) return this.pixels.slice();
    into.set(this.pixels);
    return into;
  }

  /** Shows what `copy` answered. */
  restore(pixels: Int32Array): void {
    this.paint();
    this.pixels.set(pixels);
  }

  /** What is added from here on is painted with this. */
  setInk(ink: Ink): void {
    this.paint();
    this.ink = ink;
    this.half = ink.width / 2;
  }

  /**
   * Draws a trace on a linear axis, as `strokeTrace` does, by compiled code; null where there is none. Answers the
   * sweep where it is to be kept: none of a line that goes to and fro.
   */
  stroke(
    trace: Entries,
    rows: Rows,
    dots: Dots,
    isKept: boolean,
  ): { readonly sweeps: readonly Sweep[] | null } | null {
    const { kernel } = this;
    if (kernel === null) return null;
    this.paint();
    this.inkKernel(kernel);
    const count = kernel.stroke(trace, rows, dots);
    if (count === null) return null;
    if (!isKept || count !== 1) return { sweeps: null };
    const sweep = this.newSweep();
    kernel.takeSweep(sweep);
    return { sweeps: [sweep] };
  }

  private inkKernel(kernel: Kernel): void {
    const { rgb, alpha, dash, width } = this.ink;
    const [strong, weak] = opacities(alpha);
    const gaps = dash.length > 0 ? gapsOf(dash, this.width) : null;
    kernel.setInk(width, pack(rgb), strong, weak, gaps);
  }

  /** Adds the points of one pixel column: `ya <= yb` are their rows. Coordinates of any size. */
  point(x: number, ya: number, yb: number): void {
    const column = Math.floor(x);
    if (column < 0 || column >= this.width) return;
    this.cover(column, ya - this.half, 1, yb + this.half, 1);
    if (yb > ya) {
      // Written so that NaN, which no comparison holds for, gives way to the first.
      if (!(this.core[2 * column]! <= ya)) this.core[2 * column] = ya;
      if (!(this.core[2 * column + 1]! >= yb)) this.core[2 * column + 1] = yb;
    }
  }

  /** Adds a filled circle. */
  dot(x: number, y: number, radius: number): void {
    const to = Math.min(this.width - 1, Math.floor(x + radius));
    for (let column = Math.max(0, Math.floor(x - radius)); column <= to; column++) {
      const aside = column + 0.5 - x;
      const tall = Math.sqrt(Math.max(0, radius * radius - aside * aside));
      if (tall > 0.25) this.cover(column, y - tall, 1, y + tall, 1);
    }
  }

  /**
   * Adds the line between two points that were added as such, or are about to be. In one sweep lines
   * go one way: call `paint` before one turns back.
   */
  segment(xa: number, ya: number, xb: number, yb: number): void {
    if (xa > xb) {
      this.segment(xb, yb, xa, ya);
      return;
    }
    const from = Math.floor(xa);
    const to = Math.floor(xb);
    if (to < 0 || from >= this.width) return;
    if (from === to) {
      this.cover(from, Math.min(ya, yb) - this.half, 1, Math.max(ya, yb) + this.half, 1);
      return;
    }
    const { half } = this;
    const rise = (yb - ya) / (xb - xa);
    const slope = Math.abs(rise);
    // What a slanted line covers of a column is taller than the line is wide, and fades over the rise.
    const tall = half * Math.sqrt(1 + slope * slope);
    const fade = slope > 1 ? slope / 2 : 0.5;
    const highest = Math.min(ya, yb) - half;
    const lowest = Math.max(ya, yb) + half;
    const first = Math.max(0, from);
    const last = Math.min(this.width - 1, to);
    for (let column = first; column <= last; column++) {
      const middle = ya + (column + 0.5 - xa) * rise;
      // It ends at its own points: not above the higher nor below the lower one.
      const top = Math.max(middle - tall, highest);
      const bottom = Math.min(middle + tall, lowest);
      const topFade = Math.min(fade, Math.max(0.5, top - highest + 0.5));
      const bottomFade = Math.min(fade, Math.max(0.5, lowest - bottom + 0.5));
      if (column > from && column < to) {
        this.cover(column, top, 0.5 / topFade, bottom, 0.5 / bottomFade);
        continue;
      }
      // In the column of an end point the line only goes to one side of it; the point adds the rest.
      const goesDown = column === from ? rise > 0 : rise < 0;
      if (goesDown) this.cover(column, bottom, 1, bottom, 0.5 / bottomFade);
      else this.cover(column, top, 0.5 / topFade, top, 1);
    }
  }

  /** Joins a stretch of rows to that of a column; the ends that reach further count. */
  private cover(
    column: number,
    top: number,
    topRate: number,
    bottom: number,
    bottomRate: number,
  ): void {
    if (top < this.top[column]!) {
      this.top[column] = top;
      this.topRate[column] = topRate;
    }
    if (bottom > this.bottom[column]!) {
      this.bottom[column] = bottom;
      this.bottomRate[column] = bottomRate;
    }
    if (column < this.left) this.left = column;
    if (column > this.right) this.right = column;
  }

  /** From here on at most so many sweeps are kept as well, in the memory of `spare`, which is kept no longer. */
  record(most: number, spare: readonly Sweep[]): void {
    this.paint();
    this.recorded = [];
    this.most = most;
    this.spare = [...spare];
  }

  /** The sweeps painted since `record`; null when they were more. */
  recording(): readonly Sweep[] | null {
    this.paint();
    const sweeps = this.recorded;
    this.recorded = null;
    return sweeps;
  }

  /** Paints sweeps that were kept, as if their line was added anew. */
  replay(sweeps: readonly Sweep[]): void {
    this.paint();
    const { kernel } = this;
    if (kernel === null) {
      for (const sweep of sweeps) this.paintSweep(sweep);
      return;
    }
    this.inkKernel(kernel);
    for (const { left, columns, ends } of sweeps) kernel.paintSweep(left, columns, ends);
  }

  /** Paints what was added and begins a new sweep. */
  paint(): void {
    if (this.left > this.right) return;
    const { width } = this.ink;
    if (width >= 2) this.widen(Math.floor(width / 2));
    const { left, right } = this;
    if (this.recorded !== null && this.recorded.length >= this.most) this.recorded = null;
    const sweep = this.recorded === null ? this.scratch : (this.spare.pop() ?? this.newSweep());
    sweep.left = left;
    sweep.columns = right - left + 1;
    const { ends } = sweep;
    for (let column = left, at = 0; column <= right; column++, at += 4) {
      ends[at] = this.top[column]!;
      ends[at + 1] = this.topRate[column]!;
      ends[at + 2] = this.bottom[column]!;
      ends[at + 3] = this.bottomRate[column]!;
    }
    this.clear();
    this.paintSweep(sweep);
    this.recorded?.push(sweep);
  }

  private newSweep(): Sweep {
    const size = 4 * this.width;
    if (this.slab.length < size) this.slab = new Float32Array(SLAB * size);
    const ends = this.slab.subarray(0, size);
    this.slab = this.slab.subarray(size);
    return { left: 0, columns: 0, ends };
  }

  private paintSweep({ left, columns, ends }: Sweep): void {
    const { rgb, alpha, dash } = this.ink;
    const gaps = dash.length > 0 ? gapsOf(dash, this.width) : null;
    const color = pack(rgb);
    const [strong, weak] = opacities(alpha);
    for (let at = 0, column = left; column < left + columns; at += 4, column++) {
      if (ends[at]! > ends[at + 2]!) continue;
      this.paintColumn(
        column,
        ends,
        at,
        color,
        gaps !== null && gaps[column] === 1 ? weak : strong,
      );
    }
  }

  private clear(): void {
    const { left, right } = this;
    this.top.fill(Number.POSITIVE_INFINITY, left, right + 1);
    this.bottom.fill(Number.NEGATIVE_INFINITY, left, right + 1);
    this.core.fill(Number.NaN, 2 * left, 2 * right + 2);
    this.left = this.width;
    this.right = -1;
  }

  /**
   * Paints each column from row `top` to row `bottom` (of `width` columns; nothing where top is below) with an
   * alpha of its own, times that of `ink`.
   */
  shade(
    top: Float64Array,
    bottom: Float64Array,
    alpha: Float64Array,
    ink: { rgb: Rgb; alpha: number },
  ): void {
    this.paint();
    const color = pack(ink.rgb);
    const ends = Float32Array.of(0, 1, 0, 1);
    for (let column = 0; column < this.width; column++) {
      if (!(top[column]! <= bottom[column]!)) continue;
      // Where the edges meet there is still a line to see.
      ends[0] = top[column]! - 0.25;
      ends[2] = bottom[column]! + 0.25;
      this.paintColumn(column, ends, 0, color, Math.round(alpha[column]! * ink.alpha * 256));
    }
  }

  /** Gives columns that hold many points the width of the line, where that closes up with their neighbours. */
  private widen(by: number): void {
    const { core, half } = this;
    const [left, right] = [this.left, this.right];
    for (let column = left; column <= right; column++) {
      const top = core[2 * column]! - half;
      const bottom = core[2 * column + 1]! + half;
      if (Number.isNaN(top)) continue;
      const to = Math.min(this.width - 1, column + by);
      for (let c = Math.max(0, column - by); c <= to; c++) {
        const isFree = this.top[c]! > this.bottom[c]!;
        if (isFree || (top <= this.bottom[c]! && bottom >= this.top[c]!)) {
          this.cover(c, top, 1, bottom, 1);
        }
      }
    }
  }

  /** Paints the stretch of rows whose ends stand at `at` in `ends`. */
  private paintColumn(
    column: number,
    ends: Float32Array,
    at: number,
    color: number,
    opacity: number,
  ): void {
    const { width, height, pixels } = this;
    const top = ends[at]!;
    const topRate = ends[at + 1]!;
    const bottom = ends[at + 2]!;
    const bottomRate = ends[at + 3]!;
    const topFade = 0.5 / topRate + 0.5;
    const bottomFade = 0.5 / bottomRate + 0.5;
    // Cut to whole numbers at once: the loops below then count in integers.
    const from = Math.max(0, Math.ceil(top - topFade)) | 0;
    const to = Math.min(height - 1, Math.floor(bottom + bottomFade - 1)) | 0;
    const fullFrom = Math.max(from, Math.ceil(top + topFade - 1)) | 0;
    const fullTo = Math.min(to, Math.floor(bottom - bottomFade)) | 0;
    let target = from * width + column;
    if (fullFrom > fullTo) {
      for (let row = from; row <= to; row++, target += width) {
        const above = (row + 0.5 - top) * topRate;
        const below = (bottom - row - 0.5) * bottomRate;
        blend(pixels, target, color, 0.5 + (above < below ? above : below), opacity);
      }
      return;
    }
    for (let row = from; row < fullFrom; row++, target += width) {
      blend(pixels, target, color, 0.5 + (row + 0.5 - top) * topRate, opacity);
    }
    if (opacity >= 256) {
      for (let row = fullFrom; row <= fullTo; row++, target += width) pixels[target] = color;
    } else {
      const redBlue = Math.imul(color & 0xff00ff, opacity);
      const green = Math.imul(color & 0x00ff00, opacity);
      const rest = 256 - opacity;
      for (let row = fullFrom; row <= fullTo; row++, target += width) {
        const under = pixels[target]!;
        pixels[target] =
          0xff000000 |
          (((redBlue + Math.imul(under & 0xff00ff, rest)) >>> 8) & 0xff00ff) |
          (((green + Math.imul(under & 0x00ff00, rest)) >>> 8) & 0x00ff00);
      }
    }
    for (let row = fullTo + 1; row <= to; row++, target += width) {
      blend(pixels, target, color, 0.5 + (bottom - row - 0.5) * bottomRate, opacity);
    }
  }
}

/** Lays a colour onto a pixel; `inside` is cut off to 0 to 1, `opacity` goes to 256. */
function blend(
  pixels: Int32Array,
  target: number,
  color: number,
  inside: number,
  opacity: number,
): void {
  const cover = inside >= 1 ? opacity : (inside * opacity) | 0;
  if (cover <= 0) return;
  const under = pixels[target]!;
  const rest = 256 - cover;
  const redBlue = Math.imul(color & 0xff00ff, cover) + Math.imul(under & 0xff00ff, rest);
  const green = Math.imul(color & 0x00ff00, cover) + Math.imul(under & 0x00ff00, rest);
  pixels[target] = 0xff000000 | ((redBlue >>> 8) & 0xff00ff) | ((green >>> 8) & 0x00ff00);
}

/** Of a line and of the gaps of its dashes, to 256. */
function opacities(alpha: number): readonly [number, number] {
  return [Math.round(alpha * 256), Math.round(alpha * GAP_ALPHA * 256)];
}

/** The gaps of dashes by column, of the patterns used last. */
const patterns = new Map<string, Uint8Array>();
const MOST_PATTERNS = 64;

/** 1 for each column in a gap. */
function gapsOf(dash: readonly number[], width: number): Uint8Array {
  const name = `${width} ${dash.join()}`;
  let gaps = patterns.get(name);
  if (gaps === undefined) {
    gaps = Uint8Array.from({ length: width }, (_, column) => (isGap(column, dash) ? 1 : 0));
    if (patterns.size >= MOST_PATTERNS) patterns.clear();
    patterns.set(name, gaps);
  }
  return gaps;
}

function isGap(column: number, dash: readonly number[]): boolean {
  let period = 0;
  for (const part of dash) period += part;
  let phase = column % period;
  for (let i = 0; i < dash.length; i++) {
    if (phase < dash[i]!) return i % 2 === 1;
    phase -= dash[i]!;
  }
  return false;
}

/**
 * Lines between upright axes, painted pixel column by pixel column into numbers, not strokes: a canvas
 * without a GPU takes about ten times as long for ten thousand of them.
 *
 * A pixel sums up how much of it lines cover and where on the ramp they are, so the picture does not
 * depend on the order of the runs: it shows the mean colour of what passes, and more of it where more does.
 * And a line can be taken out again, so that a brush that moves a little costs a little.
 */

/** Steps of a line's share of the ramp. */
export const SHARES = 15;
/** A pixel is coverage in the upper bits and the sum of shares in the lower ones. */
const COVER_BIT = 18;
const SHARE_MASK = 2 ** COVER_BIT - 1;
/** Parts of coverage that there is room for; times SHARES they fill the lower bits. */
const MOST_PARTS = 2 ** (32 - COVER_BIT) - 1;
/** A pixel is covered in so many parts while lines have smooth edges. */
const SMOOTH_PARTS = 7;
/** Lines with smooth edges; more are lost among each other anyway, and have whole pixels two columns wide. */
export const MOST_SMOOTH = 1500;
/** Lines altogether: a pixel that all of them pass is still exact. */
export const MOST_LINES = MOST_PARTS;

export interface FieldAxis {
  /** Device pixels from the left edge, whole. */
  readonly x: number;
  /** Device pixels from the top of each run's point on the axis, from 0 to the height. */
  readonly y: Float32Array;
}

export interface FieldLines {
  readonly axes: readonly FieldAxis[];
  /** Where on the ramp each run is, 0 to SHARES. */
  readonly shares: Uint8Array;
  /** Device pixels across a line. */
  readonly thickness: number;
}

export class ParallelField {
  /** Column by column, each from the top: `x * height + y`. */
  private readonly sums: Uint32Array;
  private readonly parts: number;
  private readonly stride: number;
  /** 1 for each run whose line is in. */
  private readonly drawn: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
    private readonly lines: FieldLines,
  ) {
    const { length } = lines.shares;
    if (length > MOST_LINES) throw new RangeError(`${length} lines are more than ${MOST_LINES}.`);
    const isSmooth = length <= MOST_SMOOTH;
    this.parts = isSmooth ? SMOOTH_PARTS : 1;
    this.stride = isSmooth ? 1 : 2;
    this.sums = new Uint32Array(width * height);
    this.drawn = new Uint8Array(length);
  }

  /** Makes the field hold the lines of the runs of which `mask` is not 0, and no others. */
  show(mask: Uint8Array): void {
    const { drawn } = this;
    let changes = 0;
    let wanted = 0;
    for (let i = 0; i < drawn.length; i++) {
      const isOn = mask[i] === 0 ? 0 : 1;
      wanted += isOn;
      changes += isOn ^ drawn[i]!;
    }
    if (changes === 0) return;
    if (changes > wanted) {
      this.sums.fill(0);
      drawn.fill(0);
    }
    const coming: number[] = [];
    const going: number[] = [];
    for (let i = 0; i < drawn.length; i++) {
      const isOn = mask[i] === 0 ? 0 : 1;
      if (isOn === drawn[i]) continue;
      drawn[i] = isOn;
      (isOn === 1 ? coming : going).push(i);
    }
    this.draw(coming, 1);
    this.draw(going, -1);
  }

  private draw(runs: readonly number[], sign: 1 | -1): void {
    const { axes, shares, thickness } = this.lines;
    // Gap by gap, so that what is written to stays in the processor's cache.
    for (let a = 0; a + 1 < axes.length; a++) {
      const [from, to] = [axes[a]!, axes[a + 1]!];
      const width = to.x - from.x;
      if (width < 1) continue;
      for (const i of runs) {
        const amount = sign * (2 ** COVER_BIT + shares[i]!);
        if (this.parts === 1) this.drawWhole(from.x, width, from.y[i]!, to.y[i]!, amount);
        else this.drawSmooth(from.x, width, from.y[i]!, to.y[i]!, amount, thickness);
      }
    }
  }

  /** A line with smooth edges: of each pixel as many parts as it covers. */
  private drawSmooth(
    x: number,
    width: number,
    y0: number,
    y1: number,
    amount: number,
    thickness: number,
  ): void {
    const { height, sums, parts } = this;
    const slope = (y1 - y0) / width;
    const half = 0.5 * thickness * Math.sqrt(1 + slope * slope);
    let middle = y0 + slope / 2;
    let column = x * height;
    for (let i = 0; i < width; i++) {
      const top = middle - half < 0 ? 0 : middle - half;
      const bottom = middle + half > height ? height : middle + half;
      const first = top | 0;
      const last = Math.ceil(bottom) - 1;
      if (first >= last) {
        sums[column + first]! += amount * Math.round((bottom - top) * parts);
      } else {
        sums[column + first]! += amount * Math.round((first + 1 - top) * parts);
        for (let row = first + 1; row < last; row++) sums[column + row]! += amount * parts;
        sums[column + last]! += amount * Math.round((bottom - last) * parts);
      }
      middle += slope;
      column += height;
    }
  }

  /** A line of whole pixels: from the row in which it enters a column up to that in which it leaves. */
  private drawWhole(x: number, width: number, y0: number, y1: number, amount: number): void {
    const { height, sums, stride } = this;
    const steps = Math.ceil(width / stride);
    const most = height - 1;
    // Rows in sixteen bits and what lies between them in sixteen more: whole numbers only.
    let y = (Math.min(y0, most) * 65536) | 0;
    const by = ((((Math.min(y1, most) * 65536) | 0) - y) / steps) | 0;
    let column = x * height;
    for (let i = 0; i < steps; i++) {
      const before = y >> 16;
      y += by;
      const after = y >> 16;
      let row = before < after ? before : after;
      const end = before < after ? after : before;
      do {
        sums[column + row]! += amount;
        row += 1;
      } while (row < end);
      column += height * stride;
    }
  }

  /** How many lines cover a pixel. */
  weightAt(x: number, y: number): number {
    return (this.sumAt(x, y) >>> COVER_BIT) / this.parts;
  }

  /** Mean share of the lines that cover a pixel, 0 to SHARES; NaN for none. */
  shareAt(x: number, y: number): number {
    const sum = this.sumAt(x, y);
    return (sum & SHARE_MASK) / (sum >>> COVER_BIT);
  }

  private sumAt(x: number, y: number): number {
    return this.sums[this.columnOf(x) * this.height + y]!;
  }

  /** Where lines have columns two pixels wide, both show the left one, counted from the axis. */
  private columnOf(x: number): number {
    if (this.stride === 1) return x;
    const { axes } = this.lines;
    for (let a = axes.length - 2; a >= 0; a--) {
      const from = axes[a]!.x;
      if (x >= from) return from + ((x - from) & ~1);
    }
    return x;
  }

  /**
   * Paints the field over `image` (32-bit pixels as in ImageData, row by row, of the same size).
   * `colors` are SHARES + 1 colours as 0xBBGGRR; one line alone shows with a strength of `faintest`.
   */
  paint(image: Uint32Array, colors: Uint32Array, faintest: number): void {
    const { width, height, sums } = this;
    let most = 0;
    for (let i = 0; i < sums.length; i++) if (sums[i]! > most) most = sums[i]!;
    const strengths = strengthsUpTo(most >>> COVER_BIT, this.parts, faintest);
    for (let x = 0; x < width; x++) {
      const column = this.columnOf(x) * height;
      for (let y = 0; y < height; y++) {
        const sum = sums[column + y]!;
        if (sum === 0) continue;
        const weight = sum >>> COVER_BIT;
        const color = colors[((sum & SHARE_MASK) / weight + 0.5) | 0]!;
        const strength = strengths[weight]!;
        const at = y * width + x;
        const under = image[at]!;
        const rest = 256 - strength;
        const redBlue = ((under & 0xff00ff) * rest + (color & 0xff00ff) * strength) >>> 8;
        const green = ((under & 0x00ff00) * rest + (color & 0x00ff00) * strength) >>> 8;
        image[at] = 0xff000000 | (redBlue & 0xff00ff) | (green & 0x00ff00);
      }
    }
  }
}

/**
 * How strongly so much coverage shows, 0 to 256: one line alone at `faintest` (0 to 1), so that none is
 * lost, and from there by the logarithm up to the densest pixel.
 */
function strengthsUpTo(most: number, parts: number, faintest: number): Uint16Array {
  const lines = Math.log(Math.max(2, most / parts));
  return Uint16Array.from({ length: most + 1 }, (_, weight) => {
    const count = weight / parts;
    if (count <= 1) return Math.round(256 * faintest * count);
    return Math.round(256 * (faintest + (1 - faintest) * Math.min(1, Math.log(count) / lines)));
  });
}

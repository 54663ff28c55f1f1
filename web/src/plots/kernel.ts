/**
 * The compiled code that draws lines (`web/kernel/plot_kernel.ts`), and the memory in which it works.
 *
 * There is one such memory for the whole page: a raster has its pixels in it from `begin` to `end` only, and a
 * trace is made between. Where a browser has no WebAssembly, or the page's policy forbids it, all is
 * drawn by the scripts that say the same.
 */
import code from "virtual:plot-kernel";

/** What the code exports. Addresses are bytes. */
interface Compiled {
  readonly memory: WebAssembly.Memory;
  heap(): number;
  setRaster(width: number, height: number, image: number, columns: number, ends: number): void;
  setInk(width: number, rgb: number, full: number, faint: number, gaps: number): void;
  setRows(row: number, value: number, perValue: number): void;
  setEntries(at: number, room: number, width: number): void;
  getYMin(): number;
  getYMax(): number;
  getTiny(): number;
  stroke(entries: number, room: number, length: number, sparse: number, radius: number): number;
  getSweepLeft(): number;
  getSweepColumns(): number;
  paintSweep(left: number, columns: number): void;
  trace(
    isRule: number,
    xs: number,
    start: number,
    stride: number,
    ys: number,
    from: number,
    to: number,
    lowEdge: number,
    highEdge: number,
    base: number,
    span: number,
  ): number;
  traceBuckets(
    isRule0: number,
    x0: number,
    start0: number,
    stride0: number,
    isRule1: number,
    x1: number,
    start1: number,
    stride1: number,
    values: number,
    flags: number,
    from: number,
    to: number,
    base: number,
    span: number,
  ): number;
}

/** What a trace holds, and where: x, lo, hi, first and last, columns of a fifth of `block` each. */
export interface Entries {
  readonly block: Float64Array;
  /** Entries used of each column. */
  readonly length: number;
}

/** A linear axis: `value` lies at `row`. */
export interface Rows {
  readonly row: number;
  readonly value: number;
  readonly perValue: number;
}

/** Points that stand further apart than `sparse` have dots, of that radius; both in pixels. */
export interface Dots {
  readonly sparse: number;
  readonly radius: number;
}

/** What a trace is, beside its entries: how many, and the extremes of those in view. */
export interface TraceFacts {
  readonly length: number;
  readonly yMin: number;
  readonly yMax: number;
  readonly tiny: number;
}

/** Positions of points: numbers, or a rule (`xs` is null). */
export interface Positions {
  readonly xs: ArrayLike<number> | null;
  readonly start: number;
  readonly stride: number;
}

/** Positions beyond which nothing is drawn. */
export interface Edges {
  readonly lowEdge: number;
  readonly highEdge: number;
}

/** The axis that a trace is made for. */
export interface Window {
  readonly base: number;
  readonly span: number;
  /** In pixels. */
  readonly width: number;
}

const PAGE_BYTES = 65_536;
/** More is taken at once than is needed now: each growth makes all views anew. */
const SPARE_BYTES = 2 * 2 ** 20;
/** What a page is never to take for this: a raster of more than 100 million pixels is drawn by scripts. */
const MOST_BYTES = 512 * 2 ** 20;
/** Of what the code knows of a pixel column, and of the sweep that it paints there. */
const COLUMN_BYTES = 48;
const SWEEP_BYTES = 16;

export class Kernel {
  private readonly heap: number;
  private sweep = 0;
  private gaps = 0;
  private free = 0;
  /** Bytes that a trace lacked: the next raster makes room for them. */
  private lacking = 0;
  private isPainting = false;
  /** The memory. */
  private bytes = new Uint8Array(0);
  private words = new Int32Array(0);
  private floats = new Float32Array(0);
  private doubles = new Float64Array(0);

  constructor(private readonly compiled: Compiled) {
    this.heap = even(compiled.heap());
  }

  /** Makes room for the pixels of a raster; answers them. Null where there is no room. */
  begin(width: number, height: number): Int32Array | null {
    const columns = even(this.heap + 4 * width * height);
    this.sweep = columns + COLUMN_BYTES * width;
    this.gaps = this.sweep + SWEEP_BYTES * width;
    this.free = even(this.gaps + width);
    if (!this.reserve(this.free + 40 * (width + 64) + this.lacking)) return null;
    this.compiled.setRaster(width, height, this.heap, columns, this.sweep);
    this.isPainting = true;
    return this.words.subarray(this.heap / 4, this.heap / 4 + width * height);
  }

  /** Lets go of the pixels. */
  end(): void {
    this.isPainting = false;
  }

  /** `strong` and `weak` (of gaps) go to 256; `gaps`: for each column 1 in a gap, null where the line has none. */
  setInk(width: number, rgb: number, strong: number, weak: number, gaps: Uint8Array | null): void {
    if (gaps !== null) this.bytes.set(gaps, this.gaps);
    this.compiled.setInk(width, rgb, strong, weak, gaps === null ? 0 : this.gaps);
  }

  /** Draws a trace; answers in how many sweeps, null where it has no room. */
  stroke(
    { block, length }: Entries,
    { row, value, perValue }: Rows,
    { sparse, radius }: Dots,
  ): number | null {
    const { compiled, free } = this;
    if (free + block.byteLength > this.bytes.length) {
      this.lacking = Math.max(this.lacking, block.byteLength);
      return null;
    }
    this.doubles.set(block, free / 8);
    compiled.setRows(row, value, perValue);
    return compiled.stroke(free, block.length / 5, length, sparse, radius);
  }

  /** Copies the sweep that was painted last. */
  takeSweep(into: { left: number; columns: number; ends: Float32Array }): void {
    into.left = this.compiled.getSweepLeft();
    into.columns = this.compiled.getSweepColumns();
    const from = this.sweep / 4;
    into.ends.set(this.floats.subarray(from, from + 4 * into.columns));
  }

  /** Paints a sweep that was taken. */
  paintSweep(left: number, columns: number, ends: Float32Array): void {
    this.floats.set(ends.subarray(0, 4 * columns), this.sweep / 4);
    this.compiled.paintSweep(left, columns);
  }

  /**
   * Reduces points to entries in `out`; answers their number and extremes. `from`: the index of the first point, by
   * which a rule has its position. Null where a number is not finite, there is no room, or a raster is
   * being painted: then `out` is as it was.
   */
  trace(
    positions: Positions,
    values: ArrayLike<number>,
    from: number,
    { lowEdge, highEdge, base, span, width }: Window & Edges,
    out: Pick<Entries, "block">,
  ): TraceFacts | null {
    if (this.isPainting) return null;
    const { compiled } = this;
    const count = values.length;
    const { block } = out;
    const room = block.length / 5;
    const at = this.heap;
    const places = at + 8 * count;
    const entries = places + 8 * count;
    if (!this.reserve(entries + block.byteLength)) return null;
    this.doubles.set(values, at / 8);
    const { xs, start, stride } = positions;
    if (xs !== null) this.doubles.set(xs, places / 8);
    compiled.setEntries(entries, room, width);
    // Both columns begin with point `from`: their addresses are those that point 0 would have.
    const length = compiled.trace(
      xs === null ? 1 : 0,
      places - 8 * from,
      start,
      stride,
      at - 8 * from,
      from,
      from + count,
      lowEdge,
      highEdge,
      base,
      span,
    );
    return this.take(length, entries, block);
  }

  /**
   * The same for buckets: their smallest, largest, first and last values, and flags. `x0` and `x1`: positions of their
   * first and last points.
   */
  traceBuckets(
    x0: Positions,
    x1: Positions,
    values: readonly [ArrayLike<number>, ArrayLike<number>, ArrayLike<number>, ArrayLike<number>],
    flags: Uint8Array,
    from: number,
    { base, span, width }: Window,
    out: Pick<Entries, "block">,
  ): TraceFacts | null {
    if (this.isPainting) return null;
    const { compiled } = this;
    const count = flags.length;
    const { block } = out;
    const at = this.heap;
    const places = at + 32 * count;
    const entries = places + 16 * count;
    const flagsAt = entries + block.byteLength;
    if (!this.reserve(flagsAt + count)) return null;
    for (let i = 0; i < 4; i++) this.doubles.set(values[i]!, at / 8 + i * count);
    if (x0.xs !== null) this.doubles.set(x0.xs, places / 8);
    if (x1.xs !== null) this.doubles.set(x1.xs, places / 8 + count);
    this.bytes.set(flags, flagsAt);
    compiled.setEntries(entries, block.length / 5, width);
    const length = compiled.traceBuckets(
      x0.xs === null ? 1 : 0,
      places - 8 * from,
      x0.start,
      x0.stride,
      x1.xs === null ? 1 : 0,
      places + 8 * count - 8 * from,
      x1.start,
      x1.stride,
      at,
      flagsAt,
      from,
      from + count,
      base,
      span,
    );
    return this.take(length, entries, block);
  }

  private take(length: number, entries: number, block: Float64Array): TraceFacts | null {
    if (length < 0) return null;
    block.set(this.doubles.subarray(entries / 8, entries / 8 + block.length));
    const { compiled } = this;
    return {
      length,
      yMin: compiled.getYMin(),
      yMax: compiled.getYMax(),
      tiny: compiled.getTiny(),
    };
  }

  private reserve(bytes: number): boolean {
    const { memory } = this.compiled;
    const lacking = bytes - this.bytes.length;
    if (lacking <= 0) return true;
    if (bytes > MOST_BYTES) return false;
    try {
      memory.grow(Math.ceil((lacking + SPARE_BYTES) / PAGE_BYTES));
    } catch {
      return false;
    }
    this.look();
    return true;
  }

  /** Looks at the memory as it is: what looked at it before it grew sees nothing any more. */
  private look(): void {
    const { buffer } = this.compiled.memory;
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.floats = new Float32Array(buffer);
    this.doubles = new Float64Array(buffer);
  }
}

function even(address: number): number {
  return Math.ceil(address / 8) * 8;
}

let made: Kernel | null | undefined;

/** The compiled code; null where it cannot be had. */
export function plotKernel(): Kernel | null {
  if (made === undefined) made = make();
  return made;
}

function make(): Kernel | null {
  if (typeof WebAssembly !== "object") return null;
  try {
    const bytes = new Uint8Array(code.length);
    for (let i = 0; i < code.length; i++) bytes[i] = code.charCodeAt(i);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    return new Kernel(exports as unknown as Compiled);
  } catch {
    return null;
  }
}

/** Has everything drawn by scripts (null), or again by the compiled code; answers what it was. For tests. */
export function usePlotKernel(kernel: Kernel | null): Kernel | null {
  const before = plotKernel();
  made = kernel;
  return before;
}

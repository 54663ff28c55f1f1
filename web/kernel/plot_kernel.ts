/**
 * What is done for every point and every pixel column of a line, in AssemblyScript, for WebAssembly.
 *
 * The twin of `Raster` and of `Trace.makeFromPoints` in `src/plots/`, which say what is worked out and why; the two
 * agree to the last bit (`src/plots/kernel.test.ts`). A browser compiles this before it runs, while scripts
 * are interpreted until they have proved hot: the first chart of a page is drawn in a third of the time.
 *
 * All memory is the caller's (`src/plots/kernel.ts`): addresses are bytes from its beginning.
 */

/** Pixels beyond the plot's edges in which lines are still drawn (`MARGIN` in `src/plots/trace.ts`). */
const MARGIN: f64 = 4;
/** No row lies further away (`FAR` in `src/plots/stroke.ts`). */
const FAR: f64 = 268435456;

/** The first byte that is the caller's. */
export function heap(): usize {
  return __heap_base;
}

// The raster: its size, its pixels, and per column what the sweep covers so far (f64 each; core: two of them).

let width: i32 = 0;
let height: i32 = 0;
let pixels: usize = 0;
let top: usize = 0;
let topRate: usize = 0;
let bottom: usize = 0;
let bottomRate: usize = 0;
let core: usize = 0;
/** Four f32 for each column: the sweep that is painted, as `Sweep` has it; the last one of a line stays there. */
let sweep: usize = 0;
let sweepLeft: i32 = 0;
let sweepColumns: i32 = 0;
/** How many of the line have been painted. */
let sweeps: i32 = 0;
let left: i32 = 0;
let right: i32 = -1;

// The ink.

let lineWidth: f64 = 1;
let half: f64 = 0.5;
let color: i32 = 0;
/** What a line and a gap of its dashes add to a pixel, of 256. */
let strong: i32 = 256;
let weak: i32 = 0;
/** One u8 for each column, 1 in a gap; 0: no dashes. */
let gaps: usize = 0;

/** Begins with an image of `w` x `h` i32 at `image`; `columns` has room for 6 f64, `ends` for 4 f32 per column. */
export function setRaster(w: i32, h: i32, image: usize, columns: usize, ends: usize): void {
  width = w;
  height = h;
  pixels = image;
  sweep = ends;
  const size = (<usize>w) << 3;
  top = columns;
  topRate = top + size;
  bottom = topRate + size;
  bottomRate = bottom + size;
  core = bottomRate + size;
  for (let column: usize = 0; column < size; column += 8) {
    store<f64>(topRate + column, 1);
    store<f64>(bottomRate + column, 1);
    clear(column);
  }
  left = w;
  right = -1;
}

export function setInk(w: f64, rgb: i32, full: i32, faint: i32, gapsAt: usize): void {
  lineWidth = w;
  half = w / 2;
  color = rgb;
  strong = full;
  weak = faint;
  gaps = gapsAt;
}

function clear(column: usize): void {
  store<f64>(top + column, Infinity);
  store<f64>(bottom + column, -Infinity);
  store<f64>(core + (column << 1), NaN);
  store<f64>(core + (column << 1) + 8, NaN);
}

function cover(column: i32, t: f64, tRate: f64, b: f64, bRate: f64): void {
  const at = (<usize>column) << 3;
  if (t < load<f64>(top + at)) {
    store<f64>(top + at, t);
    store<f64>(topRate + at, tRate);
  }
  if (b > load<f64>(bottom + at)) {
    store<f64>(bottom + at, b);
    store<f64>(bottomRate + at, bRate);
  }
  if (column < left) left = column;
  if (column > right) right = column;
}

function point(x: f64, ya: f64, yb: f64): void {
  const column = Math.floor(x);
  if (column < 0 || column >= width) return;
  cover(<i32>column, ya - half, 1, yb + half, 1);
  if (yb > ya) {
    const at = core + ((<usize>column) << 4);
    if (!(load<f64>(at) <= ya)) store<f64>(at, ya);
    if (!(load<f64>(at + 8) >= yb)) store<f64>(at + 8, yb);
  }
}

function dot(x: f64, y: f64, radius: f64): void {
  const to = <i32>Math.min(width - 1, Math.floor(x + radius));
  for (let column = <i32>Math.max(0, Math.floor(x - radius)); column <= to; column++) {
    const aside = <f64>column + 0.5 - x;
    const tall = Math.sqrt(Math.max(0, radius * radius - aside * aside));
    if (tall > 0.25) cover(column, y - tall, 1, y + tall, 1);
  }
}

function segment(xa: f64, ya: f64, xb: f64, yb: f64): void {
  if (xa > xb) {
    segment(xb, yb, xa, ya);
    return;
  }
  const from = Math.floor(xa);
  const to = Math.floor(xb);
  if (to < 0 || from >= width) return;
  if (from == to) {
    cover(<i32>from, Math.min(ya, yb) - half, 1, Math.max(ya, yb) + half, 1);
    return;
  }
  const rise = (yb - ya) / (xb - xa);
  const slope = Math.abs(rise);
  const tall = half * Math.sqrt(1 + slope * slope);
  const fade = slope > 1 ? slope / 2 : 0.5;
  const highest = Math.min(ya, yb) - half;
  const lowest = Math.max(ya, yb) + half;
  const last = <i32>Math.min(width - 1, to);
  for (let column = <i32>Math.max(0, from); column <= last; column++) {
    const middle = ya + (<f64>column + 0.5 - xa) * rise;
    const t = Math.max(middle - tall, highest);
    const b = Math.min(middle + tall, lowest);
    const tFade = Math.min(fade, Math.max(0.5, t - highest + 0.5));
    const bFade = Math.min(fade, Math.max(0.5, lowest - b + 0.5));
    if (<f64>column > from && <f64>column < to) {
      cover(column, t, 0.5 / tFade, b, 0.5 / bFade);
      continue;
    }
    const goesDown = <f64>column == from ? rise > 0 : rise < 0;
    if (goesDown) cover(column, b, 1, b, 0.5 / bFade);
    else cover(column, t, 0.5 / tFade, t, 1);
  }
}

function widen(by: i32): void {
  const l = left;
  const r = right;
  for (let column = l; column <= r; column++) {
    const t = load<f64>(core + ((<usize>column) << 4)) - half;
    const b = load<f64>(core + ((<usize>column) << 4) + 8) + half;
    if (isNaN(t)) continue;
    const to = min(width - 1, column + by);
    for (let c = max(0, column - by); c <= to; c++) {
      const itsTop = load<f64>(top + ((<usize>c) << 3));
      const itsBottom = load<f64>(bottom + ((<usize>c) << 3));
      if (itsTop > itsBottom || (t <= itsBottom && b >= itsTop)) cover(c, t, 1, b, 1);
    }
  }
}

function paint(): void {
  if (left > right) return;
  if (lineWidth >= 2) widen(<i32>Math.floor(lineWidth / 2));
  const l = left;
  const columns = right - left + 1;
  const end = (<usize>(l + columns)) << 3;
  let at = sweep;
  for (let column = (<usize>l) << 3; column < end; column += 8, at += 16) {
    store<f32>(at, <f32>load<f64>(top + column));
    store<f32>(at + 4, <f32>load<f64>(topRate + column));
    store<f32>(at + 8, <f32>load<f64>(bottom + column));
    store<f32>(at + 12, <f32>load<f64>(bottomRate + column));
    clear(column);
  }
  left = width;
  right = -1;
  sweepLeft = l;
  sweepColumns = columns;
  sweeps += 1;
  paintSweep(l, columns);
}

/** Paints what stands in the memory of the sweep, from column `l` on. */
export function paintSweep(l: i32, columns: i32): void {
  let at = sweep;
  for (let column = l; column < l + columns; column++, at += 16) {
    const t = <f64>load<f32>(at);
    const b = <f64>load<f32>(at + 8);
    if (t > b) continue;
    const isGap = gaps != 0 && load<u8>(gaps + <usize>column) == 1;
    const opacity = isGap ? weak : strong;
    paintColumn(column, t, <f64>load<f32>(at + 4), b, <f64>load<f32>(at + 12), opacity);
  }
}

function paintColumn(column: i32, t: f64, tRate: f64, b: f64, bRate: f64, opacity: i32): void {
  const tFade = 0.5 / tRate + 0.5;
  const bFade = 0.5 / bRate + 0.5;
  const from = <i32>Math.max(0, Math.ceil(t - tFade));
  const to = <i32>Math.min(height - 1, Math.floor(b + bFade - 1));
  const fullFrom = <i32>Math.max(from, Math.ceil(t + tFade - 1));
  const fullTo = <i32>Math.min(to, Math.floor(b - bFade));
  const down = (<usize>width) << 2;
  let target = pixels + ((<usize>from * <usize>width + <usize>column) << 2);
  if (fullFrom > fullTo) {
    for (let row = from; row <= to; row++, target += down) {
      const above = (<f64>row + 0.5 - t) * tRate;
      const below = (b - <f64>row - 0.5) * bRate;
      blend(target, 0.5 + (above < below ? above : below), opacity);
    }
    return;
  }
  for (let row = from; row < fullFrom; row++, target += down) {
    blend(target, 0.5 + (<f64>row + 0.5 - t) * tRate, opacity);
  }
  if (opacity >= 256) {
    for (let row = fullFrom; row <= fullTo; row++, target += down) store<i32>(target, color);
  } else {
    for (let row = fullFrom; row <= fullTo; row++, target += down) mix(target, opacity);
  }
  for (let row = fullTo + 1; row <= to; row++, target += down) {
    blend(target, 0.5 + (b - <f64>row - 0.5) * bRate, opacity);
  }
}

function blend(target: usize, inside: f64, opacity: i32): void {
  const amount = inside >= 1 ? opacity : <i32>(inside * <f64>opacity);
  if (amount > 0) mix(target, amount);
}

/** Lays the colour onto a pixel; `amount` goes from 0 to 256. */
function mix(target: usize, amount: i32): void {
  const under = load<i32>(target);
  const rest = 256 - amount;
  const redBlue = (color & 0xff00ff) * amount + (under & 0xff00ff) * rest;
  const green = (color & 0x00ff00) * amount + (under & 0x00ff00) * rest;
  store<i32>(
    target,
    0xff000000 | ((redBlue >>> 8) & 0xff00ff) | ((green >>> 8) & 0x00ff00),
  );
}

// Values to rows, for a linear axis.

let zeroRow: f64 = 0;
let zeroValue: f64 = 0;
let rowsPerValue: f64 = 1;

function rowOf(value: f64): f64 {
  const row = zeroRow + (value - zeroValue) * rowsPerValue;
  return row > FAR ? FAR : row < -FAR ? -FAR : row;
}

/** The axis on which `value` is at `row`. */
export function setRows(row: f64, value: f64, perValue: f64): void {
  zeroRow = row;
  zeroValue = value;
  rowsPerValue = perValue;
}

/**
 * Draws a trace: the twin of `strokeTrace`.
 *
 * `entries`: x, lo, hi, first and last, each a column of `room` f64 of which `length` are used. Points that stand
 * further apart than `sparse` have a dot. Returns in how many sweeps; `getSweepLeft` and `getSweepColumns` tell of the
 * last one.
 */
export function stroke(
  entries: usize,
  room: i32,
  length: i32,
  sparse: f64,
  radius: f64,
): i32 {
  const size = (<usize>length) << 3;
  sweeps = 0;
  const column = (<usize>room) << 3;
  const lo = entries + column;
  const hi = lo + column;
  const first = hi + column;
  const last = first + column;
  const isDotted = areSparse(entries, length, sparse);
  let isForward = true;
  let isJoined = false;
  for (let i: usize = 0; i < size; i += 8) {
    const x = load<f64>(entries + i);
    const here = x + MARGIN;
    const low = load<f64>(lo + i);
    const high = load<f64>(hi + i);
    const b = rowOf(low);
    const t = low == high ? b : rowOf(high);
    if (isJoined) {
      const before = load<f64>(entries + i - 8) + MARGIN;
      if (here >= before != isForward) {
        isForward = here >= before;
        paint();
        point(before, rowOf(load<f64>(hi + i - 8)), rowOf(load<f64>(lo + i - 8)));
      }
      if (!(here - before <= 1 && overlaps(lo + i, hi + i))) {
        segment(before, rowOf(load<f64>(last + i - 8)), here, rowOf(load<f64>(first + i)));
      }
    } else if (i > 0 && x < load<f64>(entries + i - 8) != !isForward) paint();
    point(here, t, b);
    const joins =
      i + 8 < size && !isNaN(load<f64>(last + i)) && !isNaN(load<f64>(first + i + 8));
    if (low == high && (isDotted || !(isJoined || joins))) dot(here, t, radius);
    isJoined = joins;
  }
  paint();
  return sweeps;
}

export function getSweepLeft(): i32 {
  return sweepLeft;
}

export function getSweepColumns(): i32 {
  return sweepColumns;
}

/** Whether there are points in view that stand so far apart: the twin of `isDotted`. */
function areSparse(xs: usize, length: i32, sparse: f64): bool {
  let inView: f64 = 0;
  for (let i = 0; i < length && inView * sparse <= width; i++) {
    const x = load<f64>(xs + ((<usize>i) << 3));
    if (x >= 0 && x <= width) inView += 1;
  }
  return inView > 0 && inView * sparse <= width;
}

function overlaps(lo: usize, hi: usize): bool {
  const before = load<f64>(lo - 8);
  const beforeHigh = load<f64>(hi - 8);
  const low = load<f64>(lo);
  const high = load<f64>(hi);
  return before < beforeHigh && low < high && low <= beforeHigh && before <= high;
}

// Traces.

let entriesAt: usize = 0;
let entriesSize: usize = 0;
let entriesMost: i32 = 0;
let entriesCount: i32 = 0;
/** The pixel column of the last entry, where another bucket in it is merged into it; else NaN. */
let open: f64 = NaN;
let plotWidth: f64 = 0;
let yMin: f64 = 0;
let yMax: f64 = 0;
let tiny: f64 = 0;

/** Says where entries go: x, lo, hi, first and last, room for `room` f64 each, of a plot so many pixels wide. */
export function setEntries(at: usize, room: i32, w: f64): void {
  entriesAt = at;
  entriesSize = (<usize>room) << 3;
  entriesMost = room;
  plotWidth = w;
}

export function getYMin(): f64 {
  return yMin;
}

export function getYMax(): f64 {
  return yMax;
}

export function getTiny(): f64 {
  return tiny;
}

/**
 * Reduces points `from` to `to` (excluded) to a plot's columns: the twin of `Trace.makeFromPoints` for positions
 * that never fall on a linear axis of `span`, without sessions.
 *
 * `xs`: positions as f64; where `isRule`, they are `start + stride * i` instead. `ys`: values as f64. `lowEdge`, `highEdge`: positions beyond
 * which nothing is drawn. Returns the number of entries; -1 where a value or position is not finite, or the
 * entries have no room: then nothing is said.
 */
export function trace(
  isRule: bool,
  xs: usize,
  start: f64,
  stride: f64,
  ys: usize,
  from: i32,
  to: i32,
  lowEdge: f64,
  highEdge: f64,
  base: f64,
  span: f64,
): i32 {
  entriesCount = 0;
  yMin = tiny = Infinity;
  yMax = -Infinity;
  const perPixel = span / plotWidth;
  let index = from;
  while (index < to) {
    const position = isRule ? start + stride * <f64>index : positionOf(xs, index);
    const pixel = (position - base) / perPixel;
    if (!isFinite(pixel) || entriesCount + 2 > entriesMost) return -1;
    const column = Math.floor(pixel);
    const isOffLeft = position < lowEdge;
    const isOffRight = position >= highEdge;
    const begins = isOffLeft ? -Infinity : isOffRight ? highEdge : base + column * perPixel;
    const ends = isOffRight ? Infinity : isOffLeft ? lowEdge : base + (column + 1) * perPixel;
    const first = load<f64>(ys + ((<usize>index) << 3));
    let lo = first;
    let hi = first;
    let last = first;
    let taint = first - first;
    let reached = position;
    let next = index + 1;
    for (; next < to; next++) {
      const ahead = isRule ? start + stride * <f64>next : positionOf(xs, next);
      if (!(ahead < ends && ahead >= begins)) break;
      const value = load<f64>(ys + ((<usize>next) << 3));
      if (value < lo) lo = value;
      if (value > hi) hi = value;
      taint += value - value;
      last = value;
      reached = ahead;
    }
    if (taint != 0) return -1;
    if (isOffLeft || isOffRight) {
      addEntry(pixel, first, first, first, first);
      if (next - index > 1) addEntry(pixelOf(reached, base, span), last, last, last, last);
    } else if (next - index == 1) addEntry(pixel, first, first, first, first);
    else addEntry(column == plotWidth ? column : column + 0.5, first, lo, hi, last);
    index = next;
  }
  return entriesCount;
}

/**
 * Reduces buckets `from` to `to` (excluded) to a plot's columns: the twin of `Trace.makeFromColumns` for positions that
 * never fall on a linear axis of `span`, without sessions.
 *
 * `x0`, `x1`: positions of their first and last points, each as those of `trace`. `values`: smallest, largest, first
 * and last values of those buckets, a column of f64 each; `flags`: one u8 each, 0 where all values are finite.
 * Returns the number of entries; -1 as `trace` does.
 */
export function traceBuckets(
  isRule0: bool,
  x0: usize,
  start0: f64,
  stride0: f64,
  isRule1: bool,
  x1: usize,
  start1: f64,
  stride1: f64,
  values: usize,
  flags: usize,
  from: i32,
  to: i32,
  base: f64,
  span: f64,
): i32 {
  entriesCount = 0;
  open = NaN;
  yMin = tiny = Infinity;
  yMax = -Infinity;
  const column = (<usize>(to - from)) << 3;
  for (let index = from; index < to; index++) {
    const left = isRule0 ? start0 + stride0 * <f64>index : positionOf(x0, index);
    const right = isRule1 ? start1 + stride1 * <f64>index : positionOf(x1, index);
    const a = pixelOf(left, base, span);
    const b = pixelOf(right, base, span);
    const at = values + ((<usize>(index - from)) << 3);
    const lo = load<f64>(at);
    const hi = load<f64>(at + column);
    const first = load<f64>(at + 2 * column);
    const last = load<f64>(at + 3 * column);
    if (load<u8>(flags + <usize>(index - from)) != 0) return -1;
    if (!isFinite(a + b) || !isFinite(first) || !isFinite(last) || isNaN(lo)) return -1;
    const begins = Math.max(-MARGIN - 1, Math.floor(a));
    const ends = Math.min(plotWidth + MARGIN + 1, Math.floor(b));
    if (<f64>entriesCount + Math.max(2, ends - begins + 1) > <f64>entriesMost) return -1;
    if (b < -MARGIN || a > plotWidth + MARGIN) {
      addEntry(a, first, lo, hi, b > a ? NaN : last);
      if (b > a) addEntry(b, NaN, lo, hi, last);
      open = NaN;
    } else if (a == b && lo == hi && open != begins) {
      addEntry(a, first, lo, hi, last);
      open = begins;
    } else {
      for (let c = begins; c <= ends; c++) {
        addToColumn(c, c == begins ? first : lo, lo, hi, c == ends ? last : lo);
      }
    }
  }
  return entriesCount;
}

function pixelOf(position: f64, base: f64, span: f64): f64 {
  return 0 + ((position - base) / (span || 1)) * plotWidth;
}

function addToColumn(column: f64, first: f64, lo: f64, hi: f64, last: f64): void {
  if (open != column) {
    addEntry(column + 0.5, first, lo, hi, last);
    open = column;
    return;
  }
  const at = entriesAt + ((<usize>(entriesCount - 1)) << 3);
  if (lo < load<f64>(at + entriesSize)) store<f64>(at + entriesSize, lo);
  if (hi > load<f64>(at + 2 * entriesSize)) store<f64>(at + 2 * entriesSize, hi);
  store<f64>(at + 4 * entriesSize, last);
  if (column >= 0 && column <= plotWidth) see(lo, hi);
}

function positionOf(xs: usize, index: i32): f64 {
  return load<f64>(xs + ((<usize>index) << 3));
}

function addEntry(x: f64, first: f64, lo: f64, hi: f64, last: f64): void {
  const at = entriesAt + ((<usize>entriesCount) << 3);
  store<f64>(at, x);
  store<f64>(at + entriesSize, lo);
  store<f64>(at + 2 * entriesSize, hi);
  store<f64>(at + 3 * entriesSize, first);
  store<f64>(at + 4 * entriesSize, last);
  entriesCount += 1;
  if (x >= 0 && x <= plotWidth) see(lo, hi);
}

function see(lo: f64, hi: f64): void {
  if (lo < yMin) yMin = lo;
  if (hi > yMax) yMax = hi;
  if (lo != 0 && Math.abs(lo) < tiny) tiny = Math.abs(lo);
  if (hi != 0 && Math.abs(hi) < tiny) tiny = Math.abs(hi);
}

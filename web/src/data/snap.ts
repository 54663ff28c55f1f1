/** Questions made round, so that small changes of a view share an answer. */

export type Range = readonly [number, number];

const WIDTHS = [128, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096];

/** Rounds a range outwards to a quarter of its power of two; with `log`, in powers of two (`lo` is positive). */
export function snapRange(range: Range, log = false): Range {
  if (log) {
    const [lo, hi] = roundOut([Math.log2(range[0]), Math.log2(range[1])]);
    const snapped: Range = [2 ** lo, 2 ** hi];
    return snapped[0] > 0 && Number.isFinite(snapped[1]) ? snapped : range;
  }
  return roundOut(range);
}

function roundOut([lo, hi]: Range): Range {
  const grain = 2 ** (Math.floor(Math.log2(hi - lo)) - 2);
  if (!(grain > 0) || !Number.isFinite(grain)) return [lo, hi];
  return [Math.floor(lo / grain) * grain, Math.ceil(hi / grain) * grain];
}

/** How much wider `outer` is than `range` on its axis. */
export function widening([lo, hi]: Range, outer: Range, log: boolean): number {
  if (log) return Math.log(outer[1] / outer[0]) / Math.log(hi / lo);
  return (outer[1] - outer[0]) / (hi - lo);
}

/** The next width of a short ladder, so that panels of nearly the same size share an answer. */
export function snapWidth(px: number): number {
  return WIDTHS.find((width) => width >= px) ?? WIDTHS.at(-1)!;
}

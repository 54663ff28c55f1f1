/** The axes that fit what is drawn. */
import { linearScale, logarithmicScale, logScale, padDomain, type Scale } from "../base/scale.ts";
import { quantilesOf } from "./outliers.ts";
import type { Outliers } from "./plot_types.ts";
import { type Series, xFacts } from "./series.ts";
import type { Trace } from "./trace.ts";
import type { View } from "./view_history.ts";

interface XSettings {
  readonly view: View | null;
  readonly xLog?: boolean;
  readonly xKind: string;
}

interface YSettings {
  readonly yRange: readonly [number, number] | null;
  readonly yLog: boolean;
  readonly outliers?: Outliers;
}

export interface FittedY {
  readonly scale: Scale;
  /** Whether it leaves out values that are in view. */
  readonly isClipped: boolean;
}

/** Height that the middle 90 % of the values must have, or the outer 1 % at an end may be left out. */
const LEAST_HEIGHT = 0.3;

/** The x axis of a view, or of all positions of the series without one. */
export function fitX(
  series: readonly Series[],
  { view, xLog, xKind }: XSettings,
  width: number,
): Scale {
  let [lo, hi, tiny] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ];
  for (const one of series) {
    const facts = xFacts(one);
    lo = Math.min(lo, facts.min);
    hi = Math.max(hi, facts.max);
    tiny = Math.min(tiny, facts.tiny);
  }
  if (view !== null) [lo, hi] = [view.x0, view.x1];
  else if (!(lo <= hi)) [lo, hi] = xKind === "wall" ? [0, 86400] : [0, 1];
  if (xLog) return fitLogX(lo, hi, tiny, width);
  if (!(lo < hi)) {
    const air = Math.max(0.5, Math.abs(lo) * 1e-9);
    [lo, hi] = [lo - air, hi + air];
  }
  return linearScale(lo, hi, 0, width);
}

/** What is not positive has no place on it; `tiny` is the smallest distance of a position from 0. */
function fitLogX(lo: number, hi: number, tiny: number, width: number): Scale {
  if (!(hi > 0)) return logScale(1, 10, 0, width);
  const least = lo > 0 ? lo : Math.min(tiny, hi);
  return least < hi ? logScale(least, hi, 0, width) : logScale(hi / 2, hi * 2, 0, width);
}

/**
 * The y axis of a range. Without one it fits the traces, or the lines that cross the view where no point is in it.
 *
 * `leading` are the traces that say whether "auto" leaves anything out: not the faint ones behind them.
 */
export function fitY(
  traces: readonly Trace[],
  { yRange, yLog, outliers = "all" }: YSettings,
  height: number,
  leading: readonly Trace[] = traces,
): FittedY {
  let [lo, hi, tiny] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ];
  for (const trace of traces) {
    lo = Math.min(lo, trace.yMin);
    hi = Math.max(hi, trace.yMax);
    tiny = Math.min(tiny, trace.tiny);
  }
  if (yRange === null && outliers !== "all" && lo < hi) {
    const kept = withoutOutliers(traces, leading, { lo, hi, tiny, yLog, outliers });
    if (kept !== null) {
      return { scale: scaleOf(kept[0], kept[1], tiny, yLog, height), isClipped: true };
    }
  }
  if (lo > hi) {
    for (const trace of traces) {
      for (let i = 0; i < trace.length; i++) {
        lo = Math.min(lo, trace.lo[i]!);
        hi = Math.max(hi, trace.hi[i]!);
      }
    }
  }
  if (yRange !== null) {
    const [from, to] = yRange[0] < yRange[1] ? yRange : padDomain(yRange[0], yRange[0], yLog);
    return { scale: bareScale(from, to, tiny, yLog, height), isClipped: false };
  }
  return { scale: scaleOf(lo, hi, tiny, yLog, height), isClipped: false };
}

/** A scale with air around the values. */
function scaleOf(lo: number, hi: number, tiny: number, yLog: boolean, height: number): Scale {
  let range: readonly [number, number];
  if (yLog && lo <= 0 && lo < hi) {
    // The air is added as the axis is bent: 5 % of the values would be decades around 0.
    const bare = logarithmicScale(lo, hi, tiny, 0, 1);
    range = [bare.toValue(-0.05), bare.toValue(1.05)];
  } else range = padDomain(lo, hi, yLog);
  if (!(range[0] < range[1])) range = padDomain(range[0], range[0], yLog);
  return bareScale(range[0], range[1], tiny, yLog, height);
}

function bareScale(lo: number, hi: number, tiny: number, yLog: boolean, height: number): Scale {
  return yLog ? logarithmicScale(lo, hi, tiny, height, 0) : linearScale(lo, hi, height, 0);
}

interface Spread {
  readonly lo: number;
  readonly hi: number;
  readonly tiny: number;
  readonly yLog: boolean;
  readonly outliers: Outliers;
}

/** The ends between which values are shown, or null when all of them are. */
function withoutOutliers(
  traces: readonly Trace[],
  leading: readonly Trace[],
  { lo, hi, tiny, yLog, outliers }: Spread,
): readonly [number, number] | null {
  const share = outliers === "p5" ? 0.05 : 0.01;
  const found = quantilesOf(traces, [share, 1 - share]);
  if (found === null) return null;
  let [from, to] = found as [number, number];
  if (outliers === "auto") {
    const cut = sidesToCut(leading, tiny, yLog);
    if (!cut.below) from = lo;
    if (!cut.above) to = hi;
  }
  return from < to && (from > lo || to < hi) ? [from, to] : null;
}

/** At which ends the outer 1 % take more of the height than all other values do, which they press together. */
function sidesToCut(traces: readonly Trace[], tiny: number, yLog: boolean) {
  const none = { below: false, above: false };
  const found = quantilesOf(traces, [0.01, 0.05, 0.95, 0.99]);
  if (found === null) return none;
  const lo = Math.min(...traces.map((trace) => trace.yMin));
  const hi = Math.max(...traces.map((trace) => trace.yMax));
  if (!(lo < hi)) return none;
  const bare = yLog ? logarithmicScale(lo, hi, tiny, 0, 1) : linearScale(lo, hi, 0, 1);
  const [first, low, high, last] = found.map((value) => bare.toPixel(value)) as [
    ...[number, number, number, number],
  ];
  if (high - low >= LEAST_HEIGHT) return none;
  return { below: first > last - first, above: 1 - last > last - first };
}

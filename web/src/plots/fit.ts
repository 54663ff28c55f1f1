/** The axes that fit what is drawn. */
import { linearScale, logarithmicScale, padDomain, type Scale } from "../base/scale.ts";
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
}

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
  if (!(lo < hi)) {
    const air = Math.max(0.5, Math.abs(lo) * 1e-9);
    [lo, hi] = [lo - air, hi + air];
  }
  return xLog ? logarithmicScale(lo, hi, tiny, 0, width) : linearScale(lo, hi, 0, width);
}

/** The y axis of a range. Without one it fits the traces, or the lines that cross the view where no point is in it. */
export function fitY(traces: readonly Trace[], { yRange, yLog }: YSettings, height: number): Scale {
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
  if (lo > hi) {
    for (const trace of traces) {
      for (let i = 0; i < trace.length; i++) {
        lo = Math.min(lo, trace.lo[i]!);
        hi = Math.max(hi, trace.hi[i]!);
      }
    }
  }
  let range: readonly [number, number];
  if (yRange !== null) range = yRange;
  else if (yLog && lo <= 0 && lo < hi) {
    // The air is added as the axis is bent: 5 % of the values would be decades around 0.
    const bare = logarithmicScale(lo, hi, tiny, 0, 1);
    range = [bare.toValue(-0.05), bare.toValue(1.05)];
  } else range = padDomain(lo, hi, yLog);
  if (!(range[0] < range[1])) range = padDomain(range[0], range[0], yLog);
  return yLog
    ? logarithmicScale(range[0], range[1], tiny, height, 0)
    : linearScale(range[0], range[1], height, 0);
}

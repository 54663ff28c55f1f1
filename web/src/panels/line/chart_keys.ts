/** Reading a chart by keyboard: from one logged position to the next, and marking it. */
import { formatValue } from "../../base/numbers.ts";
import type { LinePlot } from "../../plots/plot_types.ts";
import { axisName, formatX } from "./lines.ts";

/** Runs that are read out at a position; the tooltip shows more of them. */
const MOST_READ = 8;

/**
 * The logged position after (`by` 1) or before (-1) `x` among the lines of a plot, as its axis shows them;
 * from the end of the axis when `x` is null. Null: there is none in view.
 */
export function nextLogged(
  plot: LinePlot,
  isLog: boolean,
  x: number | null,
  by: 1 | -1,
): number | null {
  const { x: range, width } = plot.frame();
  const [lo, hi] = range;
  const columns = Math.max(1, Math.ceil(width));
  const position = (part: number) => (isLog ? lo * (hi / lo) ** part : lo + (hi - lo) * part);
  const partOf = (at: number) =>
    isLog ? Math.log(at / lo) / Math.log(hi / lo) : (at - lo) / (hi - lo);
  const start = x === null ? (by > 0 ? 0 : 1) : partOf(x);
  for (let i = 0; i <= columns; i++) {
    const part = start + (by * i) / columns;
    if (part < -1e-9 || part > 1 + 1e-9) return null;
    const near = position(part);
    const found = [...plot.hitsAt(near), ...plot.groupHitsAt(near)]
      .map((hit) => hit.x)
      .filter((at) => at >= lo && at <= hi && (x === null || (at - x) * by > 0));
    if (found.length > 0) return by > 0 ? Math.min(...found) : Math.max(...found);
  }
  return null;
}

/** What lies at a position, as a sentence: `step 120: run-1 0.53, run-2 0.61`. */
export function readOut(plot: LinePlot, axis: string, x: number): string {
  const hits = plot.hitsAt(x).map(({ label, y }) => `${label} ${formatValue(y)}`);
  const groups = plot.groupHitsAt(x).map(({ label, center }) => `${label} ${formatValue(center)}`);
  const all = [...groups, ...hits];
  const further = all.length - MOST_READ;
  const values = all.slice(0, MOST_READ).join(", ");
  return `${axisName(axis)} ${formatX(axis, x)}: ${values}${further > 0 ? ` and ${further} more` : ""}`;
}

export interface ChartReader {
  /** The position that is read; null: none. */
  at: () => number | null;
  move: (by: 1 | -1) => void;
  toEnd: (by: 1 | -1) => void;
  mark: () => void;
  leave: () => void;
}

/** Does what a key pressed in a chart means; answers whether it means anything there. */
export function readChartKey(key: string, reader: ChartReader): boolean {
  switch (key) {
    case "ArrowRight":
      reader.move(1);
      return true;
    case "ArrowLeft":
      reader.move(-1);
      return true;
    case "Home":
      reader.toEnd(1);
      return true;
    case "End":
      reader.toEnd(-1);
      return true;
    case "Enter":
      if (reader.at() === null) return false;
      reader.mark();
      return true;
    case "Escape":
      if (reader.at() === null) return false;
      reader.leave();
      return true;
    default:
      return false;
  }
}

/** What a point's other axis says: how long the run had been going at a step, or the step at a time. */
import { useEffect, useState } from "preact/hooks";
import type { Key } from "../../data/wire.ts";
import { at, type Series } from "../../plots/series.ts";
import type { Workspace } from "../../state/workspace.ts";
import { axisName, formatX, wantOf } from "./lines.ts";

/** The pointer rests this long before anything is asked. */
const REST_MS = 120;
const WIDTH = 1024;

export interface Point {
  readonly run: string;
  readonly x: number;
  readonly y: number;
}

/**
 * `4 m 12 s` for a point on a step axis, `step 1,200` on an axis of time; "" until that is known, and for series
 * that are too long to be answered point by point.
 */
export function useMoment(ws: Workspace, metric: Key, axis: string, point: Point | null): string {
  const [found, setFound] = useState({ id: "", text: "" });
  const other = axis === "relative" || axis === "wall" ? "step" : "relative";
  const id = point === null ? "" : JSON.stringify([metric.name, axis, point]);

  useEffect(() => {
    if (point === null) return;
    const { run } = point;
    const want = (x: string) => {
      return { ...wantOf(ws, metric, WIDTH, false), runs: [run], x, range: null };
    };
    let stop = () => {};
    const timer = setTimeout(() => {
      const look = () => {
        const moment = otherPosition(here.series()[0], there.series()[0], point);
        if (moment === null) return;
        const name = other === "step" ? `${axisName(other)} ` : "";
        setFound({ id, text: name + formatX(other, moment) });
      };
      const here = ws.loader.open(want(axis), look);
      const there = ws.loader.open(want(other), look);
      stop = () => {
        here.close();
        there.close();
      };
      look();
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      stop();
    };
    // The id says all that the point and the axis do.
  }, [ws, metric, other, id]);

  return found.id === id ? found.text : "";
}

/** Where `there` has the point that `here` has at a position: the same values in the same order, on another axis. */
export function otherPosition(
  here: Series | undefined,
  there: Series | undefined,
  { x, y }: Omit<Point, "run">,
): number | null {
  if (here?.mode !== "points" || there?.mode !== "points") return null;
  const n = here.y.length;
  if (n !== here.total || there.y.length !== n) return null;
  for (let i = n - 1; i >= 0; i--) {
    if (at(here.x, i) === x && Object.is(here.y[i], y)) return at(there.x, i);
  }
  return null;
}

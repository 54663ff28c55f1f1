/** The x axis that a key has by itself. */
import type { Key } from "../data/wire.ts";

/** Axes that the client of wandb names, and that every run has without logging them. */
const EVERY_RUNS: Readonly<Record<string, string>> = {
  _step: "step",
  _runtime: "relative",
  _timestamp: "wall",
};

/** The axis on which a key is drawn unless somebody asks otherwise, as the server names it. */
export function defaultAxis(key: Key): string {
  const metric = stepMetric(key);
  return metric === null ? (EVERY_RUNS[key.x ?? ""] ?? "step") : `metric:${metric}`;
}

/** An axis that a setting names, as the server does. */
export function axisNamed(x: string): string {
  if (x === "rel") return "relative";
  return x === "step" || x === "wall" ? x : `metric:${x}`;
}

/** The logged key that `define_metric` made the x axis of another; null without one. */
export function stepMetric(key: Key): string | null {
  return key.x === null || key.x in EVERY_RUNS ? null : key.x;
}

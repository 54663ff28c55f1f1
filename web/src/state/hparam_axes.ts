/** Which axes the hyperparameters page has: their spelling in the address, and those that suggest themselves. */

import type { Column } from "../data/wire.ts";
import type { AxisScale } from "../plots/parallel_axis.ts";
import { describeColumn, suggestTableColumns } from "./table_columns.ts";

export interface AxisSpec {
  /** A column of runs: `config.lr`, `summary.val/loss`, `min.val/loss`. */
  readonly column: string;
  /** null: the one that suits its values. */
  readonly scale: AxisScale | null;
  readonly isFlipped: boolean;
}

export const AXIS_SCALES: readonly AxisScale[] = ["linear", "log", "quantile", "category"];

/** `config.lr`, `config.lr~log`, `summary.loss~quantile~flip`. */
const SPELLING = /^(.*?)(?:~(auto|linear|log|quantile|category))?(~flip)?$/s;

export function readAxis(text: string): AxisSpec {
  const [, column = "", scale, flip] = SPELLING.exec(text)!;
  return {
    column,
    scale: AXIS_SCALES.find((one) => one === scale) ?? null,
    isFlipped: flip !== undefined,
  };
}

export function writeAxis({ column, scale, isFlipped }: AxisSpec): string {
  const flip = isFlipped ? "~flip" : "";
  const plain = `${column}${scale === null ? "" : `~${scale}`}${flip}`;
  // A name that itself ends like a spelling is told apart by a scale.
  return SPELLING.exec(plain)![1] === column ? plain : `${column}~${scale ?? "auto"}${flip}`;
}

export function isMetric(column: string): boolean {
  return describeColumn(column).group === "summary";
}

const MOST_CONFIG = 6;
const MOST_METRICS = 2;

/** Axes before anybody has chosen: settings in which runs differ, then how good the runs became. */
export function suggestAxes(
  columns: readonly Column[],
  differing: ReadonlySet<string>,
): AxisSpec[] {
  const names = suggestTableColumns(columns, differing);
  const numbers = new Set(columns.filter(({ type }) => type === "number").map(({ name }) => name));
  const config = lastly(
    names.filter((name) => name.startsWith("config.")),
    SEED,
  );
  const metrics = lastly(
    names.filter((name) => name.startsWith("summary.") && numbers.has(name)),
    TRAINING,
  );
  return [...config.slice(0, MOST_CONFIG), ...metrics.slice(0, MOST_METRICS)].map((column) => ({
    ...{ column, scale: null, isFlipped: false },
  }));
}

/** What differs in every run and explains nothing; what was measured on the data that was learned. */
const SEED = /(^|[._/])(seed|random_state|run_?id|name)$/i;
const TRAINING = /^summary\.train(ing)?[/_.]/i;

/** `names` with those that match at the end. */
function lastly(names: readonly string[], pattern: RegExp): string[] {
  const isLast = (name: string) => pattern.test(name);
  return [...names.filter((name) => !isLast(name)), ...names.filter(isLast)];
}

/** Whether a project has what the page is about: settings, and numbers that came of them. */
export function hasHparams(columns: readonly Column[]): boolean {
  return (
    columns.some(({ name, type }) => name.startsWith("config.") && type !== "object") &&
    columns.some(({ name, type }) => name.startsWith("summary.") && type === "number")
  );
}

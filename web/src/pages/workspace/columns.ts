/** The columns of runs: what they are called in short, and how their values read. */
import { formatNarrow, formatWritten } from "../../base/numbers.ts";
import { formatDuration } from "../../base/times.ts";
import type { Json, Run } from "../../data/wire.ts";
import { columnValue } from "../../state/run_values.ts";

/** `config.optimizer.lr` -> `optimizer.lr`; the kind is told by the column's title. */
export function shortName(column: string): string {
  return column.replace(/^(config|summary)\./, "");
}

/** Letters that a head of the run list has room for. */
const HEAD_ROOM = 8;

/**
 * What the columns of the run list are called above them, in their order. Of a path without room the end stands there,
 * where it tells the columns apart: `summary.train/loss` -> `loss`, `min.train/loss` -> `min loss`.
 */
export function headNames(columns: readonly string[]): readonly string[] {
  const whole = columns.map((column) => shortName(column).replace(/^last\./, ""));
  const ends = whole.map((name) => {
    const kind = /^(?:min|max|best)\./.exec(name)?.[0] ?? "";
    return kind.replace(".", " ") + name.slice(Math.max(kind.length, name.lastIndexOf("/") + 1));
  });
  return whole.map((name, i) =>
    name.length <= HEAD_ROOM || ends.indexOf(ends[i]!) !== ends.lastIndexOf(ends[i]!)
      ? name
      : ends[i]!,
  );
}

export function cellText(run: Run, column: string): string {
  if (column === "duration") return run.duration === null ? "" : formatDuration(run.duration);
  return spell(columnValue(run, column));
}

/** What stands in a column of the list with room for so many characters: a number cut off would be another number. */
export function narrowText(run: Run, column: string, room: number): string {
  const value = columnValue(run, column);
  const text = cellText(run, column);
  if (typeof value !== "number" || column === "duration" || text.length <= room) return text;
  return formatNarrow(value, room);
}

export function spell(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return formatWritten(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

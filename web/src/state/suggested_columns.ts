/** Which columns stand beside the names of the runs before anybody has chosen. */
import type { Column } from "../data/wire.ts";

/** What a reader wants to know first of a run: how fast it learns, and how good it became. */
const SETTINGS = [
  /(^|[._/])(lr|learning_rate)$/i,
  /(^|[._/])(batch_size|hidden|model|optimizer)$/i,
];
const RESULTS = [
  /^(val|valid|validation|eval|test)[/_.](.*[/_.])?loss$/i,
  /^(val|valid|validation|eval|test)[/_.](.*[/_.])?(acc|accuracy|f1|score)$/i,
  /^(.*[/_.])?(acc|accuracy|f1|score)$/i,
  /^(.*[/_.])?loss$/i,
];

/** At most one column of the config and one of the summary, in that order. */
export function suggestColumns(columns: readonly Column[]): readonly string[] {
  const setting = first(columns, "config.", SETTINGS);
  const result = first(columns, "summary.", RESULTS);
  return [setting, result].filter((name) => name !== undefined);
}

function first(
  columns: readonly Column[],
  prefix: string,
  patterns: readonly RegExp[],
): string | undefined {
  const own = columns.filter((column) => column.name.startsWith(prefix));
  for (const pattern of patterns) {
    const found = own.find((column) => pattern.test(column.name.slice(prefix.length)));
    if (found) return found.name;
  }
  return undefined;
}

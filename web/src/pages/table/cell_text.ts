/** What stands in a cell of the table, and numbers that line up at their decimal points. */
import { formatExact, formatValue } from "../../base/numbers.ts";
import { formatDuration, formatMoment } from "../../base/times.ts";
import type { Json, Run } from "../../data/wire.ts";
import { describeColumn } from "../../state/table_columns.ts";
import { spell } from "../workspace/columns.ts";

/** As wide as a digit, and as wide as a point, in tabular figures. */
const DIGIT_SPACE = "\u2007";
const POINT_SPACE = "\u2008";

/** What JSON spells as a word because it has no number for it. */
const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

const TIMES = new Set(["created", "updated", "finished"]);

/** The value of a column of a run: a fact of its own, or one of the columns asked for. */
export function columnValue(run: Run, name: string): Json | undefined {
  if (name.includes(".")) return run.columns?.[name];
  if (name === "tags") return run.tags.length > 0 ? run.tags.join(", ") : undefined;
  return (run as unknown as Record<string, Json | undefined>)[name] ?? run.columns?.[name];
}

/** A finite or non-finite number, or null when the value is none. */
export function numberOf(value: Json | undefined): number | null {
  if (typeof value === "number") return value;
  return typeof value === "string" ? (SPECIAL[value] ?? null) : null;
}

/** The text of a cell to read. */
export function cellText(name: string, value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") {
    if (TIMES.has(name)) return formatMoment(value);
    if (name === "duration") return formatDuration(value);
  }
  const number = numberOf(value);
  if (number === null) return spell(value).replace(/\s+/g, " ");
  // What a person has set reads as it was written, what came out is rounded.
  return describeColumn(name).group === "summary" ? formatValue(number) : spell(number);
}

/** The text of a cell to copy: exact, on one line, and nothing that a spreadsheet would run. */
export function exactText(name: string, value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  const number = numberOf(value);
  if (number !== null) {
    if (TIMES.has(name)) return new Date(number * 1000).toISOString();
    // As other tools read them; formatExact writes them for people.
    return Number.isFinite(number) ? formatExact(number) : String(number);
  }
  const text = (typeof value === "string" ? value : JSON.stringify(value)).replace(/\s+/g, " ");
  return /^[=+\-@]/.test(text) ? `'${text}` : text;
}

/** Whether the numbers of a column line up at their points: spans and moments have units of their own. */
export function isAligned(name: string): boolean {
  return name !== "duration" && !TIMES.has(name);
}

/** Characters of a number from its decimal point (or its power) on. */
export function tailOf(text: string): number {
  const at = text.search(/[.e]/);
  return at < 0 ? 0 : text.length - at;
}

/** `text` with room behind it, so that its point stands `tail` characters before the edge. */
export function aligned(text: string, tail: number): string {
  const own = tailOf(text);
  if (own >= tail) return text;
  return own === 0
    ? text + POINT_SPACE + DIGIT_SPACE.repeat(tail - 1)
    : text + DIGIT_SPACE.repeat(tail - own);
}

/** Text values (docs/reference/media.md), as far as they can be believed. */

export interface TextValue {
  /** Of a table: its rows, cells between " | ". */
  text: string;
  format: "markdown" | "plain" | "html" | "table";
  cells: readonly (readonly string[])[];
}

/** Characters of a text that are shown. */
export const MOST_CHARACTERS = 400_000;
const MOST_ROWS = 2000;

export function textIn(value: unknown): TextValue | null {
  if (typeof value !== "object" || value === null) return null;
  const { _type, text, format, cells } = value as Record<string, unknown>;
  if (_type !== "text") return null;
  if (Array.isArray(cells)) {
    const rows = cells.filter(Array.isArray).slice(0, MOST_ROWS) as unknown[][];
    const table = rows.map((row) => row.map(String));
    return { text: table.map((row) => row.join(" | ")).join("\n"), format: "table", cells: table };
  }
  if (typeof text !== "string") return null;
  const known = format === "plain" || format === "html" ? format : "markdown";
  return { text: text.slice(0, MOST_CHARACTERS), format: known, cells: [] };
}

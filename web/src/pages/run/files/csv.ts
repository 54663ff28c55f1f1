/** Tables in text files: RFC 4180 with any of `,` `;` tab between cells, and W&B's `*.table.json`. */

export interface TextTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Reads at most so many rows; the first one names the columns. */
export function readCsv(text: string, separator: string, most: number): TextTable {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < text.length && rows.length <= most) {
    let cell: string;
    if (text[at] === '"') [cell, at] = quotedCell(text, at);
    else {
      const end = endOfCell(text, at, separator);
      cell = text.slice(at, end);
      at = end;
    }
    row.push(cell);
    if (text[at] === separator) {
      at += 1;
      // A separator at the very end stands before an empty cell.
      if (at === text.length) row.push("");
      continue;
    }
    at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  const [columns = [], ...rest] = rows;
  return { columns, rows: rest.slice(0, most) };
}

function quotedCell(text: string, start: number): [string, number] {
  let cell = "";
  let at = start + 1;
  for (;;) {
    const end = text.indexOf('"', at);
    if (end < 0) return [cell + text.slice(at), text.length];
    cell += text.slice(at, end);
    if (text[end + 1] !== '"') return [cell, end + 1];
    cell += '"';
    at = end + 2;
  }
}

function endOfCell(text: string, start: number, separator: string): number {
  for (let at = start; at < text.length; at++) {
    const one = text[at];
    if (one === separator || one === "\n" || one === "\r") return at;
  }
  return text.length;
}

/** What stands between the cells of a first line. */
export function separatorOf(name: string, text: string): string {
  if (/\.tsv$/i.test(name)) return "\t";
  const line = text.slice(0, text.indexOf("\n") + 1 || undefined);
  const counted = [",", ";", "\t"].map((one) => [line.split(one).length, one] as const);
  return counted.reduce((best, one) => (one[0] > best[0] ? one : best))[1];
}

/** `{"columns": [...], "data": [[...], ...]}`; null for anything else. */
export function readTableJson(value: unknown, most: number): TextTable | null {
  const found = value as { columns?: unknown; data?: unknown } | null;
  if (!Array.isArray(found?.columns) || !Array.isArray(found.data)) return null;
  const rows = found.data.filter(Array.isArray).slice(0, most);
  return { columns: found.columns.map(spell), rows: rows.map((row: unknown[]) => row.map(spell)) };
}

function spell(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "" : JSON.stringify(value);
}

/** The places of rows in the order of a column: numbers by value before texts, empty cells last. */
export function sortedPlaces(table: TextTable, column: number, isDown: boolean): number[] {
  const places = table.rows.map((_, i) => i);
  const cells = table.rows.map((row) => row[column] ?? "");
  const numbers = cells.map((cell) => (cell.trim() === "" ? Number.NaN : Number(cell)));
  const sign = isDown ? -1 : 1;
  return places.sort((a, b) => {
    const [x, y] = [numbers[a]!, numbers[b]!];
    if ((cells[a] === "") !== (cells[b] === "")) return cells[a] === "" ? 1 : -1;
    if (!Number.isNaN(x) && !Number.isNaN(y)) return sign * (x - y);
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    return sign * (cells[a]! < cells[b]! ? -1 : cells[a]! > cells[b]! ? 1 : 0);
  });
}

/** Whether all cells of a column that are not empty are numbers: they are set to the right. */
export function isNumeric(table: TextTable, column: number): boolean {
  const cells = table.rows
    .slice(0, 200)
    .map((row) => row[column] ?? "")
    .filter((cell) => cell.trim() !== "");
  return cells.length > 0 && cells.every((cell) => !Number.isNaN(Number(cell)));
}

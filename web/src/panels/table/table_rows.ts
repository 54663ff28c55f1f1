/** What is done to tables before they are shown: several runs put together, filtered, sorted, grouped. */
import { formatExact, formatValue } from "../../base/numbers.ts";
import type { Cell, CellObject, ColumnKind, DataTable, TableColumn } from "../../data/tables.ts";

export interface RunTable {
  readonly run: string;
  readonly label: string;
  readonly table: DataTable;
}

/** A table as it is shown; `owner` is the run of each row, "" where a row is of several. */
export interface Sheet extends DataTable {
  readonly owners: readonly string[];
}

export interface Sorting {
  readonly column: string;
  readonly isDown: boolean;
}

const RUN_COLUMN: TableColumn = { name: "run", kind: "text" };

/** The rows of all runs below one another, with the run as the first column where there are several. */
export function stack(tables: readonly RunTable[]): Sheet {
  const first = tables[0];
  if (first === undefined) return { columns: [], rows: [], owners: [] };
  if (tables.length === 1) {
    return { ...first.table, owners: first.table.rows.map(() => first.run) };
  }
  const columns = unionOf(tables.map(({ table }) => table));
  const rows: Cell[][] = [];
  const owners: string[] = [];
  for (const { run, label, table } of tables) {
    const at = columns.map(({ name }) => table.columns.findIndex((one) => one.name === name));
    for (const row of table.rows) {
      rows.push([label, ...at.map((index) => row[index] ?? null)]);
      owners.push(run);
    }
  }
  return { columns: [RUN_COLUMN, ...columns], rows, owners };
}

function unionOf(tables: readonly DataTable[]): TableColumn[] {
  const found = new Map<string, ColumnKind>();
  for (const { columns } of tables) {
    for (const { name, kind } of columns) {
      const before = found.get(name);
      found.set(name, before === undefined || before === kind ? kind : "other");
    }
  }
  return [...found].map(([name, kind]) => ({ name, kind }));
}

/**
 * A row for each value of the column `by`, with the other columns of every run beside one another. Of rows
 * of a run with one value, the n-th goes with the n-th of the other runs.
 */
export function join(tables: readonly RunTable[], by: string): Sheet {
  const key = tables[0]?.table.columns.find(({ name }) => name === by);
  if (key === undefined) return stack(tables);
  const sides = tables.flatMap(({ label, table }) => {
    const at = table.columns.findIndex(({ name }) => name === by);
    if (at < 0) return [];
    const others = table.columns.flatMap((column, index) =>
      index === at ? [] : { column, index },
    );
    return { label, table, at, others };
  });
  const columns: TableColumn[] = [key];
  const offsets: number[] = [];
  for (const { label, others } of sides) {
    offsets.push(columns.length);
    for (const { column } of others) {
      columns.push({ name: `${column.name} · ${label}`, kind: column.kind });
    }
  }
  const rows = new Map<string, Cell[]>();
  sides.forEach(({ table, at, others }, side) => {
    const seen = new Map<string, number>();
    for (const row of table.rows) {
      const value = row[at] ?? null;
      const text = identity(value);
      const number = seen.get(text) ?? 0;
      seen.set(text, number + 1);
      const id = `${number} ${text}`;
      let joined = rows.get(id);
      if (joined === undefined) {
        joined = [value, ...Array.from({ length: columns.length - 1 }, () => null)];
        rows.set(id, joined);
      }
      others.forEach(({ index }, i) => {
        joined[offsets[side]! + i] = row[index] ?? null;
      });
    }
  });
  const all = [...rows.values()];
  return { columns, rows: all, owners: all.map(() => "") };
}

/** What makes two cells the same: a picture is its bytes. */
export function identity(cell: Cell): string {
  if (typeof cell === "object" && cell !== null && "sha256" in cell) return String(cell.sha256);
  return typeof cell === "string" ? cell : JSON.stringify(cell);
}

// ---- filters

/** What a column must hold: `> 3`, `<= 0.5`, `= text`, `!= text`, `/regex/`, or a part of the text. */
export function testOf(filter: string): ((cell: Cell) => boolean) | null {
  const text = filter.trim();
  if (text === "") return null;
  const compared = /^(<=|>=|!=|<|>|=)\s*(.*)$/.exec(text);
  if (compared !== null) return comparison(compared[1]!, compared[2]!);
  const regex = /^\/(.+)\/i?$/.exec(text);
  if (regex !== null) {
    try {
      const pattern = new RegExp(regex[1]!, "i");
      return (cell) => pattern.test(plainText(cell));
    } catch {
      return null;
    }
  }
  const part = text.toLowerCase();
  return (cell) => plainText(cell).toLowerCase().includes(part);
}

function comparison(sign: string, wanted: string): ((cell: Cell) => boolean) | null {
  const number = Number(wanted);
  const isNumber = wanted !== "" && !Number.isNaN(number);
  if (sign === "=" || sign === "!=") {
    const isSame = (cell: Cell) =>
      isNumber && typeof cell === "number" ? cell === number : plainText(cell) === wanted;
    return sign === "=" ? isSame : (cell) => !isSame(cell);
  }
  if (!isNumber) return null;
  return (cell) => {
    if (typeof cell !== "number") return false;
    if (sign === "<") return cell < number;
    if (sign === "<=") return cell <= number;
    return sign === ">" ? cell > number : cell >= number;
  };
}

export interface Choice {
  /** Words that all have to stand somewhere in a row. */
  readonly words: string;
  /** By the name of a column. */
  readonly filters: Readonly<Record<string, string>>;
  readonly sort: Sorting | null;
}

/** The numbers of the rows that are left, in the order in which they are shown. */
export function choose(sheet: DataTable, { words, filters, sort }: Choice): number[] {
  const tests = sheet.columns.flatMap(({ name }, index) => {
    const test = testOf(filters[name] ?? "");
    return test === null ? [] : { index, test };
  });
  const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
  const kept: number[] = [];
  sheet.rows.forEach((row, i) => {
    if (!tests.every(({ index, test }) => test(row[index] ?? null))) return;
    if (parts.length > 0) {
      const text = row.map(plainText).join("\n").toLowerCase();
      if (!parts.every((part) => text.includes(part))) return;
    }
    kept.push(i);
  });
  const at = sort === null ? -1 : sheet.columns.findIndex(({ name }) => name === sort.column);
  if (sort !== null && at >= 0) {
    const sign = sort.isDown ? -1 : 1;
    kept.sort((a, b) => {
      const [one, other] = [sheet.rows[a]![at] ?? null, sheet.rows[b]![at] ?? null];
      // What is missing is last in either direction.
      if (isMissing(one) || isMissing(other))
        return Number(isMissing(one)) - Number(isMissing(other));
      return sign * compare(one, other);
    });
  }
  return kept;
}

function isMissing(cell: Cell): boolean {
  return cell === null || (typeof cell === "number" && Number.isNaN(cell));
}

const collator = new Intl.Collator(undefined, { numeric: true });

function compare(one: Cell, other: Cell): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (typeof one === "boolean" && typeof other === "boolean") return Number(one) - Number(other);
  return collator.compare(plainText(one), plainText(other));
}

// ---- groups

/** A row for each value of a column: how many rows have it, and the mean of each column of numbers. */
export function group(sheet: DataTable, rows: readonly number[], by: string): Sheet {
  const at = sheet.columns.findIndex(({ name }) => name === by);
  const numbers = sheet.columns.flatMap(({ name, kind }, index) =>
    kind === "number" && index !== at ? { name, index } : [],
  );
  const groups = new Map<string, { value: Cell; members: number[] }>();
  for (const row of rows) {
    const value = sheet.rows[row]![at] ?? null;
    const id = identity(value);
    const found = groups.get(id);
    if (found === undefined) groups.set(id, { value, members: [row] });
    else found.members.push(row);
  }
  const sorted = [...groups.values()].sort((a, b) => b.members.length - a.members.length);
  const grouped = sorted.map(({ value, members }) => {
    const means = numbers.map(({ index }) => meanOf(members.map((row) => sheet.rows[row]![index])));
    return [value, members.length, ...means];
  });
  const columns: TableColumn[] = [
    sheet.columns[at] ?? { name: by, kind: "text" },
    { name: "rows", kind: "number" },
    ...numbers.map(({ name }): TableColumn => ({ name: `mean ${name}`, kind: "number" })),
  ];
  return { columns, rows: grouped, owners: grouped.map(() => "") };
}

function meanOf(cells: readonly (Cell | undefined)[]): number | null {
  let [sum, count] = [0, 0];
  for (const cell of cells) {
    if (typeof cell !== "number" || !Number.isFinite(cell)) continue;
    sum += cell;
    count += 1;
  }
  return count === 0 ? null : sum / count;
}

// ---- texts

/** A cell as a text that is searched and exported: numbers exact, media by their path. */
export function plainText(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "string") return cell;
  if (typeof cell === "number") return formatExact(cell);
  if (typeof cell === "boolean") return cell ? "true" : "false";
  const { path } = cell as CellObject;
  return typeof path === "string" ? path : JSON.stringify(cell);
}

/** A cell as it is read in a narrow column. */
export function shownText(cell: Cell): string {
  if (typeof cell === "number") return formatValue(cell);
  return plainText(cell);
}

/** The rows as CSV. A text that a spreadsheet would take for a formula has a quote before it. */
export function csvOf(sheet: DataTable, rows: readonly number[]): string {
  const cell = (value: Cell): string => {
    const text = plainText(value);
    const safe = typeof value !== "number" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = rows.map((row) => sheet.columns.map((_, i) => cell(sheet.rows[row]![i] ?? null)));
  return [sheet.columns.map(({ name }) => cell(name)), ...lines]
    .map((line) => `${line.join(",")}\r\n`)
    .join("");
}

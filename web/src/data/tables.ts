/** Tables as the wandb client writes them: JSON of `columns` and `data`, a list of rows (docs/reference/media.md). */
import { address, getBytes, RequestError } from "./client.ts";
import { mediaUrl } from "./objects.ts";

/** NaN and infinities are numbers; a media cell is the object that the client makes of it. */
export type Cell = string | number | boolean | null | CellObject | readonly Cell[];
export interface CellObject {
  readonly _type?: string;
  readonly [member: string]: unknown;
}

export type ColumnKind = "number" | "text" | "yes" | "media" | "other";

export interface TableColumn {
  readonly name: string;
  readonly kind: ColumnKind;
}

export interface DataTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Where a table's bytes are: a media value, and the same table in an artifact, where cells have their media. */
export interface TableValue {
  readonly url: string;
  readonly size: number;
  /** `wandb-client-artifact://<client id>/<path>`, or "". */
  readonly artifact: string;
}

/** Bytes of a table that a page reads. */
export const MOST_BYTES = 100_000_000;
/** Tables that are kept; a step slider comes back to them. */
const MOST_HELD = 40;

export function tableIn(value: unknown): TableValue | null {
  if (typeof value !== "object" || value === null) return null;
  const { _type, items, url, size, artifact } = value as Record<string, unknown>;
  if (_type === "tables" && Array.isArray(items)) return tableIn(items[0]);
  if (_type !== "table" || typeof url !== "string") return null;
  return {
    url,
    size: typeof size === "number" ? size : 0,
    artifact: typeof artifact === "string" ? artifact : "",
  };
}

const held = new Map<string, Promise<DataTable>>();

/** The table of a value. Raises RequestError, and Error with a sentence for what is no table. */
export function loadTable(value: TableValue): Promise<DataTable> {
  let found = held.get(value.url);
  if (found === undefined) {
    found = load(value);
    found.catch(() => held.delete(value.url));
  }
  held.delete(value.url);
  held.set(value.url, found);
  if (held.size > MOST_HELD) held.delete(held.keys().next().value!);
  return found;
}

async function load(value: TableValue): Promise<DataTable> {
  if (value.size > MOST_BYTES) {
    const size = Math.round(value.size / 1e6);
    throw new Error(`This table has ${size} MB, which is too large to be shown in a browser.`);
  }
  const table = parseTable(await getBytes(mediaUrl(value)));
  const url = clientArtifactUrl(value.artifact);
  if (url === null || !table.columns.some((_, i) => isOfMediaWords(table, i))) return table;
  try {
    return parseTable(await getBytes(url));
  } catch (error) {
    // The artifact comes after the row, and may have been deleted; the words are there.
    if (error instanceof RequestError) return table;
    throw error;
  }
}

/** The address of a file that an artifact or a row names by the id of another artifact; null for other references. */
export function clientArtifactUrl(reference: string): string | null {
  const found = /^wandb-(?:client-)?artifact:\/\/([\w-]{1,256})\/(.+)$/.exec(reference);
  if (found === null) return null;
  const path = found[2]!.split("/").map(encodeURIComponent).join("/");
  return address(`api/v1/client-artifacts/${found[1]}/files/${path}`);
}

const MEDIA_WORDS = new Set(
  "Image Audio Video Html Object3D Molecule Plotly Bokeh Histogram JoinedTable Table".split(" "),
);

/** Whether every cell of a column is the name of a class: what stands for media in the run's own file. */
function isOfMediaWords({ rows }: DataTable, column: number): boolean {
  let count = 0;
  for (const row of rows) {
    const cell = row[column];
    if (cell === null || cell === undefined) continue;
    if (typeof cell !== "string" || !MEDIA_WORDS.has(cell)) return false;
    count += 1;
  }
  return count > 0;
}

export function parseTable(bytes: ArrayBuffer): DataTable {
  const found = parseLenient(new TextDecoder().decode(bytes)) as Record<string, unknown> | null;
  const { columns, data } = found ?? {};
  if (!Array.isArray(columns) || !Array.isArray(data)) {
    throw new Error("This file is no table: it has no `columns` and `data`.");
  }
  const rows = data.filter(Array.isArray) as Cell[][];
  const named = columns.map((name, i) => {
    const kind = kindOf(rows, i);
    if (kind === "number") for (const row of rows) row[i] = numberOf(row[i]);
    return { name: String(name), kind };
  });
  return { columns: named, rows };
}

/** JSON in which numbers may be NaN and infinite; these become texts. */
function parseLenient(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (part) =>
      part.startsWith('"') ? part : `"${part}"`,
    );
    try {
      return JSON.parse(quoted);
    } catch (error) {
      throw new Error(`This file is no table: ${(error as Error).message}.`);
    }
  }
}

const SPECIAL = new Set(["NaN", "Infinity", "-Infinity"]);

function kindOf(rows: readonly (readonly Cell[])[], column: number): ColumnKind {
  let kind: ColumnKind | null = null;
  for (const row of rows) {
    const cell = row[column];
    if (cell === null || cell === undefined) continue;
    const one = kindOfCell(cell);
    // A text that stands for no number: it is one of a column of numbers.
    if (one === "number" && typeof cell === "string" && kind !== "number") continue;
    if (kind === null) kind = one;
    else if (kind !== one) {
      if (!(kind === "number" && typeof cell === "string" && SPECIAL.has(cell))) return "other";
    }
  }
  return kind ?? "text";
}

function kindOfCell(cell: Cell): ColumnKind {
  if (typeof cell === "number") return "number";
  if (typeof cell === "string") return SPECIAL.has(cell) ? "number" : "text";
  if (typeof cell === "boolean") return "yes";
  return typeof cell === "object" && cell !== null && "_type" in cell ? "media" : "other";
}

function numberOf(cell: Cell | undefined): Cell {
  return typeof cell === "string" ? Number(cell) : (cell ?? null);
}

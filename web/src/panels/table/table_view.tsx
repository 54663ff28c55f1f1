/** Tables of one or several runs: searched, filtered, sorted, grouped, put together, saved as CSV. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { SheetGrid } from "./sheet_grid.tsx";
import {
  choose,
  csvOf,
  group,
  identity,
  join,
  plainText,
  type RunTable,
  type Sheet,
  type Sorting,
  stack,
} from "./table_rows.ts";
import "../../styles/data_table.css";

/** How a table is shown, as it stands in the address; what is missing is as by default. */
export type TableOptions = Readonly<Record<string, string>>;

interface TableViewProps {
  tables: readonly RunTable[];
  label: string;
  /** Of the file that is saved, without its ending. */
  name: string;
  options: TableOptions;
  /** Sets some options; null: as by default. */
  onSet: (options: Readonly<Record<string, string | null>>) => void;
  colorOf: (run: string) => string;
  isFull: boolean;
}

const MEDIA_HEIGHT = { small: 52, large: 104 };
const NOTHING: Sheet = { columns: [], rows: [], owners: [] };

export function TableView(props: TableViewProps): JSX.Element {
  const { tables, label, name, options, onSet, colorOf, isFull } = props;
  const { runs: mode = "stack", by = "", group: grouping = "", q = "" } = options;
  const filters = useMemo(() => filtersIn(options.f), [options.f]);
  const sort = useMemo(() => sortingIn(options.sort), [options.sort]);
  const isBeside = mode === "beside" && tables.length > 1;
  const columns = useMemo(() => stack(tables).columns, [tables]);
  const key = columns.some((one) => one.name === by) ? by : (firstText(tables) ?? "");
  const sheet = useMemo(() => {
    if (isBeside) return NOTHING;
    return mode === "join" && tables.length > 1 ? join(tables, key) : stack(tables);
  }, [tables, mode, key, isBeside]);
  const shared = { filters, sort, words: q, grouping, isFull, colorOf, onSet, options };
  const one = useSheet(sheet, shared);
  return (
    <div class="table-view">
      <div class="table-tools">
        <input
          type="search"
          class="table-search"
          aria-label={`Search ${label}`}
          placeholder="Search rows"
          spellcheck={false}
          value={q}
          onInput={(event) => onSet({ q: event.currentTarget.value || null })}
        />
        <button
          type="button"
          class="icon-button word"
          aria-pressed={options.fields === "1"}
          title="A filter for each column"
          onClick={() => onSet({ fields: options.fields === "1" ? null : "1" })}
        >
          filters{Object.keys(filters).length > 0 ? ` ${Object.keys(filters).length}` : ""}
        </button>
        <select
          aria-label="Group rows by"
          value={grouping}
          onChange={(event) => onSet({ group: event.currentTarget.value || null, sort: null })}
        >
          <option value="">no groups</option>
          {columns
            .filter(({ kind }) => kind !== "media")
            .map((column) => (
              <option key={column.name} value={column.name}>
                by {column.name}
              </option>
            ))}
        </select>
        {tables.length > 1 && (
          <select
            aria-label="How the runs' tables stand"
            value={mode}
            onChange={(event) => {
              const { value } = event.currentTarget;
              onSet({ runs: value === "stack" ? null : value, sort: null });
            }}
          >
            <option value="stack">runs in one table</option>
            <option value="join">runs joined</option>
            <option value="beside">side by side</option>
          </select>
        )}
        {mode === "join" && tables.length > 1 && (
          <select
            aria-label="Column by which runs are joined"
            value={key}
            onChange={(event) => onSet({ by: event.currentTarget.value })}
          >
            {tables[0]!.table.columns.map((column) => (
              <option key={column.name} value={column.name}>
                on {column.name}
              </option>
            ))}
          </select>
        )}
        <span class="spread" />
        {!isBeside && (
          <>
            <span class="quiet" role="status">
              {countText(one.rows.length, one.sheet.rows.length, grouping !== "")}
            </span>
            <button
              type="button"
              class="icon-button word"
              title="Save these rows as CSV"
              aria-label={`Save ${label} as CSV`}
              onClick={() => saveCsv(name, csvOf(one.sheet, one.rows))}
            >
              CSV
            </button>
          </>
        )}
      </div>
      {isBeside ? (
        <div class="table-beside">
          {tables.map((table) => (
            <OneTable key={table.run} table={table} label={label} shared={shared} />
          ))}
        </div>
      ) : (
        <Grid {...one} label={label} shared={shared} />
      )}
    </div>
  );
}

interface Shared {
  filters: Readonly<Record<string, string>>;
  sort: Sorting | null;
  words: string;
  grouping: string;
  isFull: boolean;
  colorOf: (run: string) => string;
  onSet: TableViewProps["onSet"];
  options: TableOptions;
}

/** A sheet with the rows that are left of it; where they are grouped, the sheet of the groups. */
function useSheet(
  sheet: Sheet,
  { filters, sort, words, grouping }: Shared,
): { sheet: Sheet; rows: readonly number[] } {
  return useMemo(() => {
    if (!sheet.columns.some(({ name }) => name === grouping)) {
      return { sheet, rows: choose(sheet, { words, filters, sort }) };
    }
    const left = choose(sheet, { words, filters, sort: null });
    const grouped = group(sheet, left, grouping);
    return { sheet: grouped, rows: choose(grouped, { words: "", filters: {}, sort }) };
  }, [sheet, filters, sort, words, grouping]);
}

function OneTable(props: { table: RunTable; label: string; shared: Shared }): JSX.Element {
  const { table, label, shared } = props;
  const sheet = useMemo(() => stack([table]), [table]);
  const one = useSheet(sheet, shared);
  return (
    <section class="table-one" aria-label={`${label} of ${table.label}`}>
      <p class="table-of">
        <span class="swatch" style={{ backgroundColor: shared.colorOf(table.run) }} />
        <b>{table.label}</b>
        <span class="quiet">
          {countText(one.rows.length, one.sheet.rows.length, shared.grouping !== "")}
        </span>
      </p>
      <Grid {...one} label={`${label} of ${table.label}`} shared={shared} />
    </section>
  );
}

interface GridProps {
  sheet: Sheet;
  rows: readonly number[];
  label: string;
  shared: Shared;
}

function Grid({ sheet, rows, label, shared }: GridProps): JSX.Element {
  const { filters, sort, grouping, isFull, onSet, options } = shared;
  const isGrouped = grouping !== "" && sheet.columns[1]?.name === "rows";
  // The rows of a group: those that the column says so of.
  const openGroup = (row: number) => {
    const value = sheet.rows[row]![0] ?? null;
    const next = { ...filters, [grouping]: `= ${plainText(value) || identity(value)}` };
    onSet({ group: null, fields: "1", sort: null, f: JSON.stringify(next) });
  };
  return (
    <SheetGrid
      sheet={sheet}
      rows={rows}
      label={label}
      sort={sort}
      onSort={(next) => onSet({ sort: next === null ? null : sortingText(next) })}
      filters={options.fields === "1" && !isGrouped ? filters : null}
      onFilter={(column, filter) => {
        const { [column]: _, ...others } = filters;
        const next = filter === "" ? others : { ...others, [column]: filter };
        onSet({ f: Object.keys(next).length > 0 ? JSON.stringify(next) : null });
      }}
      colorOf={shared.colorOf}
      onRow={isGrouped ? openGroup : null}
      mediaHeight={isFull ? MEDIA_HEIGHT.large : MEDIA_HEIGHT.small}
    />
  );
}

function countText(left: number, all: number, isGrouped: boolean): string {
  const noun = isGrouped ? (all === 1 ? "group" : "groups") : all === 1 ? "row" : "rows";
  return left === all
    ? `${groupDigits(all)} ${noun}`
    : `${groupDigits(left)} of ${groupDigits(all)} ${noun}`;
}

/** Runs are joined by the first column of texts, which mostly names what the rows are about. */
function firstText(tables: readonly RunTable[]): string | null {
  const columns = tables[0]?.table.columns ?? [];
  return (columns.find(({ kind }) => kind === "text") ?? columns[0])?.name ?? null;
}

function filtersIn(text: string | undefined): Readonly<Record<string, string>> {
  try {
    const found: unknown = JSON.parse(text ?? "{}");
    if (typeof found !== "object" || found === null || Array.isArray(found)) return {};
    const texts = Object.entries(found).filter(([, value]) => typeof value === "string");
    return Object.fromEntries(texts) as Record<string, string>;
  } catch {
    return {};
  }
}

/** "-" before the name of a column: from the greatest down. */
function sortingIn(text: string | undefined): Sorting | null {
  if (!text) return null;
  return text.startsWith("-")
    ? { column: text.slice(1), isDown: true }
    : { column: text.replace(/^\+/, ""), isDown: false };
}

function sortingText({ column, isDown }: Sorting): string {
  return `${isDown ? "-" : "+"}${column}`;
}

function saveCsv(name: string, text: string): void {
  const plain = name.replace(/[^\p{L}\p{N}._]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = `${plain || "table"}.csv`;
  link.click();
  // The browser has begun to read it by then; keeping it would keep its memory.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

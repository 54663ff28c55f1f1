/** A file of cells as a table: only the rows in sight are in the document, a press on a head sorts. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { groupDigits } from "../../../base/numbers.ts";
import { TextLines } from "../text/text_lines.tsx";
import {
  isNumeric,
  readCsv,
  readTableJson,
  separatorOf,
  sortedPlaces,
  type TextTable,
} from "./csv.ts";
import { useBytes } from "./file_bytes.ts";
import { isText } from "./file_kinds.ts";
import type { PreviewProps } from "./file_view.tsx";
import { LeftOut, Waiting } from "./preview_state.tsx";

const MOST = 32 << 20;
const MOST_ROWS = 500_000;
const MOST_COLUMNS = 200;
const HEAD = 28;
const ROW = 24;
const MEASURED = 300;

interface Sorting {
  column: number;
  isDown: boolean;
}

export function TableView({ file }: PreviewProps): JSX.Element {
  const loaded = useBytes(file, MOST);
  const { bytes, left } = loaded;
  const table = useMemo(() => (bytes === null ? null : read(file.name, bytes)), [bytes, file.name]);
  if (bytes === null) return <Waiting loaded={loaded} />;
  if (table === null || table.columns.length === 0) {
    return <p class="file-hint">This cannot be read as a table; it can be downloaded.</p>;
  }
  return (
    <>
      <Cells table={table} name={file.name} />
      <LeftOut left={left} />
      <p class="file-note">
        {groupDigits(table.rows.length)} rows of {groupDigits(table.columns.length)} columns
        {table.columns.length > MOST_COLUMNS && `, of which the first ${MOST_COLUMNS} are shown`}
      </p>
    </>
  );
}

function read(name: string, bytes: Uint8Array): TextTable | null {
  if (!isText(bytes)) return null;
  const text = new TextDecoder().decode(bytes);
  if (!/\.json$/i.test(name)) return readCsv(text, separatorOf(name, text), MOST_ROWS);
  try {
    return readTableJson(JSON.parse(text), MOST_ROWS);
  } catch {
    return null;
  }
}

function Cells({ table, name }: { table: TextTable; name: string }): JSX.Element {
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const columns = table.columns.slice(0, MOST_COLUMNS);
  const places = useMemo(
    () => (sorting === null ? null : sortedPlaces(table, sorting.column, sorting.isDown)),
    [table, sorting],
  );
  const numeric = useMemo(() => columns.map((_, i) => isNumeric(table, i)), [table]);
  const widths = useMemo(() => columns.map((title, i) => widthOf(table, i, title)), [table]);
  const template = `52px ${widths.map((width) => `${width}px`).join(" ")}`;

  function turn(column: number): void {
    if (sorting?.column !== column) setSorting({ column, isDown: false });
    else setSorting(sorting.isDown ? null : { column, isDown: true });
  }

  return (
    <TextLines
      label={name}
      class="cells"
      count={table.rows.length}
      rowHeight={ROW}
      headHeight={HEAD}
      head={
        <div class="cells-head" style={{ gridTemplateColumns: template }}>
          <span />
          {columns.map((title, i) => (
            <button
              key={i}
              type="button"
              class={numeric[i] ? "number" : ""}
              title={title}
              aria-label={`${title}: sort${sortWord(sorting, i)}`}
              onClick={() => turn(i)}
            >
              {title}
              {sorting?.column === i && (sorting.isDown ? " ↓" : " ↑")}
            </button>
          ))}
        </div>
      }
      line={(n) => {
        const place = places?.[n] ?? n;
        const row = table.rows[place] ?? [];
        return (
          <div key={n} class="cells-row" style={{ gridTemplateColumns: template }}>
            <span class="quiet number">{place + 1}</span>
            {columns.map((_, i) => (
              <span key={i} class={numeric[i] ? "number" : ""} title={row[i]}>
                {row[i]}
              </span>
            ))}
          </div>
        );
      }}
    />
  );
}

function sortWord(sorting: Sorting | null, column: number): string {
  if (sorting?.column !== column) return "";
  return sorting.isDown ? ", now descending" : ", now ascending";
}

/** Pixels that the cells of a column need, within bounds. */
function widthOf(table: TextTable, column: number, title: string): number {
  let most = title.length + 2;
  for (const row of table.rows.slice(0, MEASURED)) most = Math.max(most, row[column]?.length ?? 0);
  return Math.round(Math.min(360, Math.max(64, most * 7 + 22)));
}

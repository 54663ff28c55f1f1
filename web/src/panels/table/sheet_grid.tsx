/** The rows and columns of a sheet, of which only those in sight are in the document. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Cell, TableColumn } from "../../data/tables.ts";
import { copyText } from "../../state/clipboard.ts";
import { Icon } from "../../widgets/icon.tsx";
import { CellContent } from "./cell_content.tsx";
import { plainText, type Sheet, type Sorting, shownText } from "./table_rows.ts";

interface SheetGridProps {
  sheet: Sheet;
  /** The numbers of the rows, in the order in which they stand. */
  rows: readonly number[];
  label: string;
  sort: Sorting | null;
  onSort: (sort: Sorting | null) => void;
  /** Null: the columns have no fields. */
  filters: Readonly<Record<string, string>> | null;
  onFilter: (column: string, filter: string) => void;
  /** Which colour stands before the first cell of a row; "" for none. */
  colorOf: (owner: string) => string;
  /** What a press on a row does; rows are plain without it. */
  onRow?: ((row: number) => void) | null;
  /** Of rows with media, in CSS pixels. */
  mediaHeight: number;
}

const LINE = 24;
const HEAD = 26;
const FIELDS = 26;
const BEYOND = 6;
const WIDTHS = { least: 60, most: 280, letter: 6.6, padding: 22 };
/** Rows that tell how wide a column has to be. */
const SAMPLE = 60;

interface Sight {
  top: number;
  left: number;
  width: number;
  height: number;
}

export function SheetGrid(props: SheetGridProps): JSX.Element {
  const { sheet, rows, label, sort, onSort, filters, onFilter, colorOf, onRow, mediaHeight } =
    props;
  const box = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState<Sight>({ top: 0, left: 0, width: 600, height: 400 });
  const [cursor, setCursor] = useState<{ row: number; column: number } | null>(null);
  const hasMedia = sheet.columns.some(({ kind }) => kind === "media");
  const rowHeight = hasMedia ? mediaHeight : LINE;
  const widths = useMemo(
    () => sheet.columns.map((column, i) => widthOf(sheet, column, i, mediaHeight)),
    [sheet, mediaHeight],
  );
  const lefts = useMemo(() => {
    let at = 0;
    return widths.map((width) => {
      at += width;
      return at - width;
    });
  }, [widths]);
  const wide = (lefts.at(-1) ?? 0) + (widths.at(-1) ?? 0);
  const headHeight = HEAD + (filters === null ? 0 : FIELDS);

  useLayoutEffect(() => {
    const element = box.current!;
    const look = () =>
      setSight({
        top: element.scrollTop,
        left: element.scrollLeft,
        width: element.clientWidth,
        height: element.clientHeight,
      });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    look();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  useEffect(() => {
    if (cursor === null) return;
    const element = box.current!;
    const top = cursor.row * rowHeight;
    const left = lefts[cursor.column] ?? 0;
    const room = { width: element.clientWidth, height: element.clientHeight - headHeight };
    element.scrollTop = between(element.scrollTop, top + rowHeight - room.height, top);
    const right = left + (widths[cursor.column] ?? 0);
    element.scrollLeft = between(element.scrollLeft, right - room.width, left);
  }, [cursor]);

  const first = Math.max(0, Math.floor(sight.top / rowHeight) - BEYOND);
  const last = Math.min(
    rows.length - 1,
    Math.ceil((sight.top + sight.height) / rowHeight) + BEYOND,
  );
  const shown = sheet.columns.flatMap((column, i) => {
    const isIn =
      lefts[i]! + widths[i]! > sight.left - 200 && lefts[i]! < sight.left + sight.width + 200;
    return isIn ? { column, index: i, left: lefts[i]!, width: widths[i]! } : [];
  });

  function onKey(event: KeyboardEvent): void {
    if (event.target !== event.currentTarget) return;
    const at = cursor ?? { row: first, column: 0 };
    if ((event.ctrlKey || event.metaKey) && event.key === "c") {
      if (cursor === null || String(getSelection()) !== "") return;
      event.preventDefault();
      void copyText(plainText(sheet.rows[rows[at.row]!]![at.column] ?? null));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && cursor !== null && onRow) {
      event.preventDefault();
      onRow(rows[at.row]!);
      return;
    }
    const page = Math.max(1, Math.floor(sight.height / rowHeight) - 1);
    const moves: Record<string, readonly [number, number]> = {
      ArrowDown: [1, 0],
      ArrowUp: [-1, 0],
      ArrowRight: [0, 1],
      ArrowLeft: [0, -1],
      PageDown: [page, 0],
      PageUp: [-page, 0],
      Home: [-rows.length, 0],
      End: [rows.length, 0],
    };
    const move = moves[event.key];
    if (move === undefined || rows.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = cursor === null ? at : { row: at.row + move[0], column: at.column + move[1] };
    setCursor({
      row: Math.max(0, Math.min(rows.length - 1, next.row)),
      column: Math.max(0, Math.min(sheet.columns.length - 1, next.column)),
    });
  }

  const idOf = (row: number, column: number) => `cell-${sheetId(sheet)}-${row}-${column}`;
  const lines: JSX.Element[] = [];
  for (let at = first; at <= last; at++) {
    const row = rows[at]!;
    const cells = sheet.rows[row]!;
    const color = colorOf(sheet.owners[row] ?? "");
    lines.push(
      // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus, and says which cell it is on
      // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on the grid does the same
      // biome-ignore lint/a11y/useSemanticElements: a table row cannot be placed
      <div
        key={at}
        class={`dt-row${onRow ? " pressable" : ""}`}
        role="row"
        aria-rowindex={at + 2}
        style={{ top: `${at * rowHeight}px`, height: `${rowHeight}px`, width: `${wide}px` }}
        onClick={onRow ? () => onRow(row) : undefined}
      >
        {shown.map(({ column, index, left, width }) => (
          // biome-ignore lint/a11y/useFocusableInteractive: as above
          // biome-ignore lint/a11y/useSemanticElements: as above
          <div
            key={index}
            id={idOf(at, index)}
            class={`dt-cell ${column.kind}${cursor?.row === at && cursor.column === index ? " at" : ""}`}
            role="gridcell"
            aria-colindex={index + 1}
            style={{ left: `${left}px`, width: `${width}px` }}
          >
            {index === 0 && color !== "" && (
              <span class="swatch" style={{ backgroundColor: color }} />
            )}
            <CellContent cell={cells[index] ?? null} height={rowHeight} />
          </div>
        ))}
      </div>,
    );
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot hold rows that are placed
    <div
      ref={box}
      class="data-sheet"
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={sheet.columns.length}
      aria-activedescendant={cursor === null ? undefined : idOf(cursor.row, cursor.column)}
      onKeyDown={onKey}
    >
      {/* biome-ignore lint/a11y/useFocusableInteractive: its buttons are */}
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div
        class="dt-head"
        role="row"
        aria-rowindex={1}
        style={{ width: `${wide}px`, height: `${headHeight}px` }}
      >
        {shown.map(({ column, index, left, width }) => (
          <Head
            key={index}
            {...{ column, left, width, sort, onSort, onFilter, index }}
            filter={filters === null ? null : (filters[column.name] ?? "")}
          />
        ))}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div
        class="dt-all"
        role="rowgroup"
        style={{ width: `${wide}px`, height: `${rows.length * rowHeight}px` }}
      >
        {lines}
      </div>
      {rows.length === 0 && <p class="dt-none quiet">No row is left.</p>}
    </div>
  );
}

function between(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

const ids = new WeakMap<Sheet, number>();
let count = 0;

function sheetId(sheet: Sheet): number {
  let id = ids.get(sheet);
  if (id === undefined) {
    count += 1;
    id = count;
    ids.set(sheet, id);
  }
  return id;
}

interface HeadProps {
  column: TableColumn;
  index: number;
  left: number;
  width: number;
  sort: Sorting | null;
  onSort: (sort: Sorting | null) => void;
  filter: string | null;
  onFilter: (column: string, filter: string) => void;
}

function Head(props: HeadProps): JSX.Element {
  const { column, index, left, width, sort, onSort, filter, onFilter } = props;
  const { name } = column;
  const own = sort?.column === name ? sort : null;
  const next =
    own === null ? { column: name, isDown: false } : own.isDown ? null : { ...own, isDown: true };
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: its button is
    // biome-ignore lint/a11y/useSemanticElements: a table head cannot be placed
    <div
      class={`dt-column ${column.kind}`}
      role="columnheader"
      aria-colindex={index + 1}
      aria-sort={own === null ? "none" : own.isDown ? "descending" : "ascending"}
      style={{ left: `${left}px`, width: `${width}px` }}
    >
      <button type="button" title={`Sort by ${name}`} onClick={() => onSort(next)}>
        <span>{name}</span>
        {own !== null && <Icon name={own.isDown ? "down" : "up"} />}
      </button>
      {filter !== null && (
        <input
          type="text"
          aria-label={`Filter ${name}`}
          title="> 3, = text, /regex/, or a part of the text"
          spellcheck={false}
          value={filter}
          onInput={(event) => onFilter(name, event.currentTarget.value)}
        />
      )}
    </div>
  );
}

function widthOf(sheet: Sheet, { name, kind }: TableColumn, at: number, media: number): number {
  const { least, most, letter, padding } = WIDTHS;
  let letters = Math.min(24, name.length + 2);
  if (kind === "media") return Math.max(media + 16, letters * letter + padding);
  const every = Math.max(1, Math.floor(sheet.rows.length / SAMPLE));
  for (let i = 0; i < sheet.rows.length; i += every) {
    letters = Math.max(letters, shownText((sheet.rows[i]![at] ?? null) as Cell).length);
  }
  const swatch = at === 0 ? 14 : 0;
  return Math.round(Math.max(least, Math.min(most, letters * letter + padding + swatch)));
}

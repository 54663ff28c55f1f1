/** What keys do in the table, as people know it from grids and spreadsheets. */
import { openSheet } from "../../state/sheet.ts";
import type { Cell, RunTable } from "../../state/table.ts";
import { clampWidth, pressSort } from "../../state/table_columns.ts";
import { copyCells } from "./copy.ts";
import { beginEdit } from "./grid.tsx";
import { type GridRows, headId } from "./grid_rows.ts";

const WIDTH_STEP = 12;

/** The cell that a key moves to, or null when it moves to none. */
export function cellAfter(
  key: string,
  from: Cell,
  isFar: boolean,
  last: Cell,
  pageRows: number,
): Cell | null {
  const { row, column } = from;
  switch (key) {
    case "ArrowUp":
      return { row: isFar ? 0 : row - 1, column };
    case "ArrowDown":
      return { row: isFar ? last.row : row + 1, column };
    case "ArrowLeft":
      return { row, column: isFar ? -1 : column - 1 };
    case "ArrowRight":
      return { row, column: isFar ? last.column : column + 1 };
    case "PageUp":
      return { row: Math.max(0, row - pageRows), column };
    case "PageDown":
      return { row: row + pageRows, column };
    case "Home":
      return { row: isFar ? 0 : row, column: -1 };
    case "End":
      return { row: isFar ? last.row : row, column: last.column };
    default:
      return null;
  }
}

export function onGridKey(event: KeyboardEvent, table: RunTable, grid: GridRows): void {
  // Menus and fields in the table have keys of their own.
  if (event.target !== event.currentTarget) return;
  const isDone = event.altKey ? onColumnKey(event, table, grid) : onKey(event, table, grid);
  if (!isDone) return;
  event.preventDefault();
  event.stopPropagation();
}

function onKey(event: KeyboardEvent, table: RunTable, grid: GridRows): boolean {
  const isMod = event.ctrlKey || event.metaKey;
  const cursor = table.cursor.peek();
  const last = { row: table.rows.matched.peek() - 1, column: table.columns.peek().length - 1 };
  const next = cellAfter(event.key, cursor, isMod, last, grid.pageRows);
  if (next) {
    table.moveTo(next, event.shiftKey);
    const now = table.cursor.peek();
    grid.reveal(now.row, now.column);
    return true;
  }
  if (isMod) {
    if (event.key.toLowerCase() === "c") void copyCells(table);
    else if (event.key.toLowerCase() === "a") selectAll(table, last);
    else return false;
    return true;
  }
  return cursor.row < 0 ? onHeadKey(event, table) : onCellKey(event, table, cursor);
}

function selectAll(table: RunTable, last: Cell): void {
  table.cursor.value = { row: 0, column: -1 };
  table.corner.value = last;
}

function onHeadKey(event: KeyboardEvent, table: RunTable): boolean {
  const { column } = table.cursor.peek();
  if (event.key === "Enter") {
    const { ws } = table;
    ws.set({ sort: pressSort(ws.view.peek().sort, table.nameAt(column), event.shiftKey) });
    return true;
  }
  if (event.key === " " || event.key === "F2") {
    document.querySelector<HTMLElement>(`#${headId(column)} [aria-haspopup]`)?.click();
    return true;
  }
  return false;
}

function onCellKey(event: KeyboardEvent, table: RunTable, cursor: Cell): boolean {
  const { ws } = table;
  const run = table.takeRun(cursor.row);
  if (!run) return false;
  switch (event.key) {
    case "Enter":
    case "F2":
      if (!beginEdit(table, cursor)) openSheet(run.uid);
      return true;
    case " ":
    case "v":
      ws.showRuns([run.id], !ws.shownUids.peek().has(run.uid));
      return true;
    case "s":
      ws.solo(run.id);
      return true;
    case "e":
      openSheet(run.uid);
      return true;
    case "Escape":
      if (table.corner.peek() === null) return false;
      table.corner.value = null;
      return true;
    default:
      return false;
  }
}

/** Alt with the arrows moves the column under the cursor; with Shift it makes it narrower or wider. */
function onColumnKey(event: KeyboardEvent, table: RunTable, grid: GridRows): boolean {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const { row, column } = table.cursor.peek();
  const one = table.columns.peek()[column];
  if (step === undefined || !one) return false;
  if (event.shiftKey) {
    table.changeColumn(one.name, { width: clampWidth(one.width + WIDTH_STEP * step) });
    return true;
  }
  const to = column + step;
  if (to < 0 || to >= table.columns.peek().length) return true;
  table.moveColumn(one.name, to);
  table.moveTo({ row, column: to }, false);
  grid.reveal(row, to);
  return true;
}

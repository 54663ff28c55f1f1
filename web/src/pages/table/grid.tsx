/** The table itself: what stands in the one scrolled box, and what the pointer and the keys do in it. */
import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Run } from "../../data/wire.ts";
import { isPlainClick, openedRun, openSheet } from "../../state/sheet.ts";
import type { Cell, RunTable } from "../../state/table.ts";
import { EDITABLE } from "../../state/table_columns.ts";
import { theme } from "../../state/theme.ts";
import { CellEditor } from "./cell_editor.tsx";
import { copyCells } from "./copy.ts";
import { onGridKey } from "./grid_keys.ts";
import { type ColumnSight, GridRows, HEAD_HEIGHT } from "./grid_rows.ts";
import { Heads } from "./heads.tsx";
import { RowMenu, useRowMenu } from "./row_menu.tsx";

export function Grid({ table }: { table: RunTable }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const rowsBox = useRef<HTMLDivElement>(null);
  const [grid, setGrid] = useState<GridRows | null>(null);
  const [sight, setSight] = useState<ColumnSight>({ first: 0, last: -1 });
  useEffect(() => {
    const made = new GridRows(box.current!, rowsBox.current!, table, setSight);
    setGrid(made);
    return () => made.destroy();
  }, [table]);
  useRedraw(table, grid);
  const menu = useRowMenu(table, grid);
  const pointer = useMemo(
    () => (grid ? pointerOf(table, grid, box.current!) : null),
    [table, grid],
  );

  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a <table> keeps every row in the document */}
      <div
        ref={box}
        class="grid"
        role="grid"
        tabIndex={0}
        aria-label="Runs"
        aria-multiselectable="true"
        aria-rowcount={table.rows.matched.value + 1}
        aria-colcount={table.columns.value.length + 1}
        onKeyDown={(event) => grid && onGridKey(event, table, grid)}
        onCopy={(event) => {
          if (table.editing.peek() !== null) return;
          event.preventDefault();
          void copyCells(table);
        }}
        onPointerDown={(event) => pointer?.down(event)}
        onPointerMove={(event) => pointer?.move(event)}
        onPointerLeave={() => pointer?.leave()}
        onClick={(event) => pointer?.click(event)}
        onDblClick={(event) => pointer?.double(event)}
        onContextMenu={menu.open}
      >
        <Heads table={table} grid={grid} sight={sight} />
        {/* biome-ignore lint/a11y/useSemanticElements: rows of 24 pixels that are placed one by one */}
        <div ref={rowsBox} class="grid-rows" role="rowgroup" />
        {grid && table.editing.value !== null && (
          <CellEditor
            key={`${table.editing.value.row}:${table.editing.value.column}`}
            table={table}
            cell={table.editing.value}
            place={grid.placeSeen(table.editing.value.column)}
            top={HEAD_HEIGHT}
            onDone={() => box.current?.focus({ preventScroll: true })}
          />
        )}
      </div>
      <RowMenu table={table} place={menu.place} onClose={menu.close} />
    </>
  );
}

/** Fills the cells anew when anything changes that they show. */
function useRedraw(table: RunTable, grid: GridRows | null): void {
  useSignalEffect(() => {
    const { ws } = table;
    table.rows.revision.value;
    table.extremes.revision.value;
    table.columns.value;
    table.frozen.value;
    table.range.value;
    ws.shownUids.value;
    ws.highlighted.value;
    ws.paint.value;
    ws.known.value;
    ws.picks.uids.value;
    theme.value;
    grid?.update();
  });
  useEffect(() => grid?.update(), [grid]);
}

/** Begins to write in a cell when it can be written in. */
export function beginEdit(table: RunTable, cell: Cell): boolean {
  if (cell.row < 0 || !EDITABLE.has(table.nameAt(cell.column))) return false;
  if (!table.takeRun(cell.row)) return false;
  table.editing.value = cell;
  return true;
}

/** The pointer in the table: one cell, a rectangle by dragging or with Shift, eyes, and the sheet of a run. */
function pointerOf(table: RunTable, grid: GridRows, box: HTMLElement) {
  const { ws } = table;
  let isDragging = false;
  let lastEye: number | null = null;

  function onEye(row: number, event: MouseEvent): void {
    const run = table.takeRun(row);
    if (!run) return;
    if (event.altKey) {
      ws.solo(run.id);
      return;
    }
    const from = event.shiftKey ? (lastEye ?? row) : row;
    const runs: Run[] = [];
    for (let at = Math.min(from, row); at <= Math.max(from, row); at++) {
      const one = table.rows.at(at);
      if (one) runs.push(one);
    }
    ws.learn(runs);
    ws.showRuns(
      runs.map((one) => one.id),
      !ws.shownUids.peek().has(run.uid),
    );
    lastEye = row;
  }

  return {
    down(event: PointerEvent): void {
      const hit = grid.hit(event.target);
      if (!hit || event.button !== 0 || hit.part === "eye" || event.pointerType === "touch") return;
      table.moveTo(hit, event.shiftKey);
      // Text is not selected by dragging: cells are.
      event.preventDefault();
      box.focus({ preventScroll: true });
      isDragging = true;
      addEventListener("pointerup", () => (isDragging = false), { once: true });
    },
    move(event: PointerEvent): void {
      const hit = grid.hit(event.target);
      ws.pointedRun.value = hit ? (table.runAt(hit.row)?.uid ?? null) : null;
      if (hit && isDragging && hit.part !== "eye") {
        const { row, column } = table.cursor.peek();
        if (row !== hit.row || column !== hit.column) table.moveTo(hit, true);
      }
    },
    leave(): void {
      ws.pointedRun.value = null;
    },
    click(event: MouseEvent): void {
      const hit = grid.hit(event.target);
      const run = hit && table.takeRun(hit.row);
      if (!hit || !run) return;
      if (hit.part === "eye") {
        onEye(hit.row, event);
        return;
      }
      if (event.ctrlKey || event.metaKey) {
        ws.picks.toggle(run.uid);
        event.preventDefault();
        return;
      }
      // A finger scrolls where it moves: it is a tap that moves the cursor.
      if ((event as PointerEvent).pointerType === "touch") table.moveTo(hit, false);
      const isLink = (event.target as Element).closest("a") !== null;
      if (!isPlainClick(event)) return;
      // A single cell is looked at; the sheet follows once it is open.
      const isOne = table.corner.peek() === null;
      if (isLink || (isOne && (hit.part === "name" || openedRun.peek() !== null))) {
        event.preventDefault();
        openSheet(run.uid);
      }
    },
    double(event: MouseEvent): void {
      const hit = grid.hit(event.target);
      if (hit && hit.part !== "eye") beginEdit(table, hit);
    },
  };
}

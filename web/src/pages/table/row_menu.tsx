/** The menu of a row, at the pointer or, from the keyboard, at the row's name. */
import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useCallback, useRef, useState } from "preact/hooks";
import { renamedRun } from "../../state/run_actions.ts";
import type { RunTable } from "../../state/table.ts";
import { ContextMenu } from "../../widgets/context_menu.tsx";
import { RunMenuItems } from "../workspace/run_menu.tsx";
import type { GridRows } from "./grid_rows.ts";

export interface MenuPlace {
  readonly row: number;
  readonly left: number;
  readonly top: number;
}

/** Which row's menu stands open, and the handler that opens one. */
export function useRowMenu(table: RunTable, grid: GridRows | null) {
  const [place, setPlace] = useState<MenuPlace | null>(null);
  const close = useCallback(() => setPlace(null), []);
  function open(event: MouseEvent): void {
    const hit = grid?.hit(event.target);
    const row = hit?.row ?? table.cursor.peek().row;
    if (!grid || row < 0 || !table.takeRun(row)) return;
    event.preventDefault();
    if (hit) setPlace({ row, left: event.clientX, top: event.clientY });
    else {
      const { left, bottom } = grid.boundsOf(row);
      setPlace({ row, left: left + 24, top: bottom });
    }
  }
  return { place, open, close };
}

interface RowMenuProps {
  table: RunTable;
  place: MenuPlace | null;
  onClose: () => void;
}

export function RowMenu({ table, place, onClose }: RowMenuProps): JSX.Element | null {
  const { ws } = table;
  const run = place === null ? undefined : table.runAt(place.row);
  // The menu is closed when what was picked in it happens.
  const last = useRef<number | null>(null);
  if (place !== null) last.current = place.row;
  // "Rename" of the menu makes a field of the name, here that of its cell.
  useSignalEffect(() => {
    const uid = renamedRun.value;
    if (uid === null) return;
    renamedRun.value = null;
    const row = last.current ?? table.cursor.peek().row;
    if (table.runAt(row)?.uid === uid) table.editing.value = { row, column: -1 };
  });
  if (place === null || !run) return null;
  return (
    <ContextMenu
      label={`Actions for ${run.name}`}
      left={place.left}
      top={place.top}
      onClose={onClose}
    >
      <RunMenuItems ws={ws} run={run} isInList close={onClose} />
    </ContextMenu>
  );
}

/** A field over a cell. Enter and leaving it save, Escape does not; notes have several lines. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Run } from "../../data/wire.ts";
import { editRuns } from "../../state/edits.ts";
import type { Cell, RunTable } from "../../state/table.ts";
import { describeColumn } from "../../state/table_columns.ts";
import { changesOf, editedText } from "./edit_text.ts";
import { ROW_HEIGHT } from "./grid_rows.ts";

interface CellEditorProps {
  table: RunTable;
  cell: Cell;
  place: { left: number; width: number };
  /** Where the first row begins. */
  top: number;
  onDone: () => void;
}

export function CellEditor({
  table,
  cell,
  place,
  top,
  onDone,
}: CellEditorProps): JSX.Element | null {
  const name = table.nameAt(cell.column);
  // The run as it was when the writing began: rows may move under the field.
  const run = useRef<Run | undefined>(table.runAt(cell.row)).current;
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const isOver = useRef(false);
  useLayoutEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.select();
  }, []);
  if (!run) return null;

  function end(isSaved: boolean): void {
    if (isOver.current) return;
    isOver.current = true;
    const text = field.current!.value;
    table.editing.value = null;
    onDone();
    const changes = isSaved ? changesOf(run!, name, text) : null;
    if (!changes) return;
    const what = describeColumn(name).label;
    const said = `The ${what} of “${run!.name}” ${what.endsWith("s") ? "are" : "is"} changed.`;
    void editRuns(table.ws, [run!], changes, said, `${what} of “${run!.name}”`);
  }

  const shared = {
    ref: field,
    class: "cell-editor",
    "aria-label": `${describeColumn(name).label} of ${run.name}`,
    placeholder: name === "tags" ? "one, another" : "",
    defaultValue: editedText(run, name),
    onBlur: () => end(true),
    onKeyDown: (event: KeyboardEvent) => {
      event.stopPropagation();
      if (event.key === "Escape") end(false);
      // With Shift a line of a note ends.
      if (event.key === "Enter" && !event.shiftKey) end(true);
    },
  };
  return (
    // Inside a grid there is nothing but rows and cells.
    // biome-ignore lint/a11y/useSemanticElements: see Grid
    // biome-ignore lint/a11y/useFocusableInteractive: the field in it has the focus
    <div role="row" class="editor-row">
      {/* biome-ignore lint/a11y/useSemanticElements: see Grid */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the field in it has the focus */}
      <div
        role="gridcell"
        class="editor-cell"
        style={{
          left: `${place.left}px`,
          top: `${top + cell.row * ROW_HEIGHT}px`,
          width: `${Math.max(140, place.width)}px`,
        }}
      >
        {name === "notes" ? <textarea rows={4} {...shared} /> : <input {...shared} />}
      </div>
    </div>
  );
}

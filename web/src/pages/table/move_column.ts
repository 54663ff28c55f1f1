/** Moves a column by dragging its heading; a line shows where it would come to stand. */
import type { RunTable } from "../../state/table.ts";
import type { GridRows } from "./grid_rows.ts";

/** Pixels before a press on a heading counts as dragging. */
const SLACK = 5;

export function startMove(
  event: PointerEvent,
  table: RunTable,
  grid: GridRows,
  name: string,
): void {
  if (event.button !== 0 || event.pointerType === "touch") return;
  const button = event.currentTarget as HTMLElement;
  const box = button.closest<HTMLElement>(".grid")!;
  const startX = event.clientX;
  let mark: HTMLElement | null = null;
  let to: number | null = null;

  function onMove(moved: PointerEvent): void {
    if (mark === null) {
      if (Math.abs(moved.clientX - startX) < SLACK) return;
      mark = document.createElement("div");
      mark.className = "move-mark";
      box.append(mark);
      box.classList.add("moving");
    }
    to = grid.columnUnder(moved.clientX);
    const from = table.columns.peek().findIndex((one) => one.name === name);
    const { left, width } = grid.placeSeen(to);
    mark.style.left = `${to > from ? left + width : left}px`;
    mark.hidden = to === from;
  }

  function end(isDropped: boolean): void {
    removeEventListener("pointermove", onMove);
    removeEventListener("pointerup", onUp);
    removeEventListener("pointercancel", onCancel);
    removeEventListener("keydown", onKey, true);
    if (mark === null) return;
    mark.remove();
    box.classList.remove("moving");
    // The click that ends a drag does not sort.
    addEventListener("click", stopOnce, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", stopOnce, true));
    if (isDropped && to !== null) table.moveColumn(name, to);
  }
  const stopOnce = (click: Event) => click.stopPropagation();
  const onUp = () => end(true);
  const onCancel = () => end(false);
  const onKey = (key: KeyboardEvent) => {
    if (key.key !== "Escape") return;
    key.stopPropagation();
    end(false);
  };
  addEventListener("pointermove", onMove);
  addEventListener("pointerup", onUp);
  addEventListener("pointercancel", onCancel);
  addEventListener("keydown", onKey, true);
}

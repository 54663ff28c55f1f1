/** Showing or hiding several runs with one drag of the mouse over their eyes. */
import type { Run } from "../../data/wire.ts";
import type { ListRows } from "../../state/list_rows.ts";
import type { Workspace } from "../../state/workspace.ts";

/** Dragging over eyes gives all of them what the first one gets. */
export class EyePainter {
  private from: string | null = null;
  private isOn: boolean | null = null;

  constructor(
    private readonly ws: Workspace,
    private readonly list: ListRows,
  ) {}

  onPointer(key: string, event: PointerEvent): void {
    if (event.pointerType !== "mouse" || event.buttons !== 1) return;
    if (event.type === "pointerdown") {
      this.from = event.altKey || event.shiftKey ? null : key;
      this.isOn = null;
      return;
    }
    if (this.from === null || key === this.from) return;
    // A press that stays on its eye is a click, which does its own.
    if (this.isOn === null) {
      const first = this.runOf(this.from);
      this.isOn = first !== null && !this.ws.shownUids.value.has(first.uid);
      this.paint(first);
    }
    this.paint(this.runOf(key));
  }

  private runOf(key: string): Run | null {
    const row = this.list.find(key);
    return row?.kind === "run" ? row.run : null;
  }

  private paint(run: Run | null): void {
    if (run !== null && this.ws.shownUids.value.has(run.uid) !== this.isOn) {
      this.ws.showRuns([run.id], this.isOn === true);
    }
  }
}

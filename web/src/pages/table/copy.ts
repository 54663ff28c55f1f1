/** Copies the chosen cells as lines of values with tabs between them, as spreadsheets take them. */
import { groupDigits } from "../../base/numbers.ts";
import type { Run } from "../../data/wire.ts";
import { copyText } from "../../state/clipboard.ts";
import type { RunTable } from "../../state/table.ts";
import { notify, notifyError } from "../../state/toasts.ts";
import { columnValue, exactText } from "./cell_text.ts";

const MOST_CELLS = 500_000;

/** The lines of some runs; a single cell is its value, several have a line of names above them. */
export function linesOf(runs: readonly Run[], columns: readonly string[]): string {
  const lines = runs.map((run) =>
    columns.map((name) => exactText(name, columnValue(run, name))).join("\t"),
  );
  const isOne = runs.length === 1 && columns.length === 1;
  return isOne ? lines[0]! : [columns.join("\t"), ...lines].join("\n");
}

export async function copyCells(table: RunTable): Promise<void> {
  const { top, bottom, left, right } = table.range.peek();
  const first = Math.max(0, top);
  const columns: string[] = [];
  for (let at = left; at <= right; at++) columns.push(table.nameAt(at));
  const count = (bottom - first + 1) * columns.length;
  if (count <= 0) return;
  if (count > MOST_CELLS) {
    notifyError(
      `${groupDigits(count)} cells are too many to copy; choose at most ${groupDigits(MOST_CELLS)}, or export the table.`,
    );
    return;
  }
  try {
    await table.rows.load(
      [first, bottom],
      columns.filter((name) => name.includes(".")),
    );
    const runs: Run[] = [];
    for (let row = first; row <= bottom; row++) {
      const run = table.runAt(row);
      if (run) runs.push(run);
    }
    if (!(await copyText(linesOf(runs, columns)))) {
      notifyError("The browser does not let this page copy.");
      return;
    }
    notify(count === 1 ? "Copied." : `${groupDigits(runs.length * columns.length)} cells copied.`);
  } catch (error) {
    notifyError(error);
  }
}

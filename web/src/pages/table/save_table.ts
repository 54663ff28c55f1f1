/** The runs table as a file of Markdown or LaTeX: the columns shown, all runs that match. */
import { groupDigits } from "../../base/numbers.ts";
import { getRuns } from "../../data/api.ts";
import type { Run } from "../../data/wire.ts";
import { fileName, save } from "../../panels/line/export.ts";
import type { RunTable } from "../../state/table.ts";
import { describeColumn } from "../../state/table_columns.ts";
import { WINDOW } from "../../state/table_rows.ts";
import { cellText, columnValue, numberOf } from "./cell_text.ts";
import { latexTable, markdownTable, type WrittenCell, type WrittenTable } from "./written_table.ts";

/** Of a text that somebody reads; more are what CSV and Parquet are for. */
const MOST_ROWS = 10_000;

const FILES = {
  md: { write: markdownTable, type: "text/markdown" },
  tex: { write: latexTable, type: "application/x-tex" },
} as const;

/** Reads the runs and saves the file. Raises what reading raises, and a sentence for a table that is too long. */
export async function saveTable(table: RunTable, kind: "md" | "tex"): Promise<void> {
  const columns = table.columns.peek().map(({ name }) => name);
  const { write, type } = FILES[kind];
  const text = write(writtenTable(await readRuns(table, columns), columns));
  save(new Blob([text], { type }), fileName(table.ws.project, kind));
}

async function readRuns(table: RunTable, columns: readonly string[]): Promise<Run[]> {
  const { entity, project, view } = table.ws;
  const { q, sort, list } = view.peek();
  const asked = columns.filter((name) => name.includes("."));
  const runs: Run[] = [];
  for (;;) {
    const page = { filter: q, sort, list, columns: asked, offset: runs.length, limit: WINDOW };
    const answer = await getRuns(entity, project, page);
    if (answer.matched > MOST_ROWS) {
      throw new Error(
        `${groupDigits(answer.matched)} runs are too many for a table of text (at most ${groupDigits(MOST_ROWS)}): filter them, or export CSV.`,
      );
    }
    runs.push(...answer.runs);
    if (answer.runs.length === 0 || runs.length >= answer.matched) return runs;
  }
}

/** Runs and columns as texts: the numbers as the table shows them. */
export function writtenTable(runs: readonly Run[], columns: readonly string[]): WrittenTable {
  return {
    heads: ["Run", ...headsOf(columns)],
    rows: runs.map((run) => [
      { text: run.name, isNumber: false },
      ...columns.map((name): WrittenCell => {
        const value = columnValue(run, name);
        const text = cellText(name, value);
        return { text, isNumber: numberOf(value) !== null };
      }),
    ]),
  };
}

/** What columns are called: in short, and in full where two would be called alike. */
function headsOf(columns: readonly string[]): string[] {
  const short = columns.map((name) => {
    const { label, aggregate } = describeColumn(name);
    return aggregate === null || aggregate === "last" ? label : `${aggregate} ${label}`;
  });
  return short.map((label, at) =>
    short.filter((other) => other === label).length > 1 ? columns[at]! : label,
  );
}

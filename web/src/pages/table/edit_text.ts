/** What is written in a cell, as text and as a change of the run. */
import type { RunChanges } from "../../data/run_routes.ts";
import type { Run } from "../../data/wire.ts";

export function editedText(run: Run, column: string): string {
  if (column === "tags") return run.tags.join(", ");
  if (column === "name") return run.name;
  return run[column as "notes" | "group" | "job_type"] ?? "";
}

/** The tags in a text with commas between them; each once. */
export function readTags(text: string): string[] {
  return [...new Set(text.split(",").map((one) => one.trim()))].filter(Boolean);
}

/** What a text changes in a column of a run, or null when nothing does. */
export function changesOf(run: Run, column: string, text: string): RunChanges | null {
  const wanted = column === "notes" ? text : text.trim();
  if (column === "tags") {
    const tags = readTags(wanted);
    return tags.join("\n") === run.tags.join("\n") ? null : { tags };
  }
  if (wanted === editedText(run, column)) return null;
  if (column === "name") return wanted === "" ? null : { name: wanted };
  return { [column]: wanted };
}

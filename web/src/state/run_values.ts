/** What a run has in a column, wherever its answer carries it. */
import type { Json, Run, RunDetail } from "../data/wire.ts";

const FIELDS: Readonly<Record<string, (run: Run) => Json>> = {
  state: (run) => run.state,
  group: (run) => run.group,
  job_type: (run) => run.job_type,
  host: (run) => run.host,
  name: (run) => run.name,
  id: (run) => run.id,
  notes: (run) => run.notes,
  tag: (run) => run.tags[0] ?? null,
  tags: (run) => run.tags,
  duration: (run) => run.duration,
  last_step: (run) => run.last_step,
  rows: (run) => run.rows,
  created: (run) => run.created,
  updated: (run) => run.updated,
  finished: (run) => run.finished,
};

/** The columns that every run has, as they are offered beside the names. */
export const RUN_COLUMN_NAMES = ["duration", "last_step", "rows", "group", "host", "job_type"];

/** A run's value in a column; null where it has none. */
export function columnValue(run: Run, column: string): Json {
  const field = FIELDS[column];
  if (field) return field(run);
  return run.columns?.[column] ?? documentValue(run, column);
}

/** A value of the config or summary of a run that was read whole. */
function documentValue(run: Run | RunDetail, column: string): Json {
  if (!("config" in run)) return null;
  const cut = column.indexOf(".");
  const document = { config: run.config, summary: run.summary }[column.slice(0, cut)];
  return document ? descend(document, column.slice(cut + 1)) : null;
}

/** What `name` means in a nested document, whose keys may hold dots themselves. */
function descend(value: { [name: string]: Json }, name: string): Json {
  if (name in value) return value[name]!;
  for (let cut = name.indexOf("."); cut > 0; cut = name.indexOf(".", cut + 1)) {
    const inner = value[name.slice(0, cut)];
    if (inner && typeof inner === "object" && !Array.isArray(inner)) {
      const found = descend(inner, name.slice(cut + 1));
      if (found !== null) return found;
    }
  }
  return null;
}

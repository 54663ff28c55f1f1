/** The routes behind the run list: values of a column, groups of runs, and changes to many runs at once. */
import { projectPath } from "./api.ts";
import { getJson, sendJson } from "./client.ts";
import type { Json } from "./wire.ts";

export interface ColumnValues {
  /** Most frequent first. */
  values: { value: Json; runs: number }[];
  distinct: number;
  /** Of the numbers among the values; null when there are none. */
  min: number | null;
  max: number | null;
}

/** The values of a run column among the runs that match `filter`, those that begin with `prefix`. */
export function getValues(
  path: { entity: string; project: string },
  query: { column: string; filter?: string; prefix?: string; limit: number },
  signal?: AbortSignal,
): Promise<ColumnValues> {
  return getJson(`${projectPath(path.entity, path.project)}/values`, query, signal);
}

/** What a column holds over the runs of a group, finite numbers only. */
export interface Spread {
  n: number;
  mean: number;
  std: number;
  min: number;
  max: number;
}

export interface GroupNode {
  /** The values of the grouping columns down to this node; null where runs have none. */
  path: Json[];
  depth: number;
  runs: number;
  /** On the deepest level: the newest 1000 runs. */
  uids?: string[];
  ids?: string[];
  /** The smallest ordinal of a run in the group. */
  ordinal: number;
  columns: Record<string, Spread>;
}

export interface GroupTree {
  /** Depth first: a parent stands before its children. */
  nodes: GroupNode[];
  total: number;
  matched: number;
  version: number;
}

export interface GroupQuery {
  filter: string;
  by: readonly string[];
  columns: readonly string[];
  sort: string;
  archived: boolean;
}

export function askGroups(entity: string, project: string, query: GroupQuery): Promise<GroupTree> {
  return sendJson("POST", `${projectPath(entity, project)}/groups`, query);
}

/** What an edit says about its runs; `color: null` gives back the colour of the ordinal. */
export interface RunChanges {
  name?: string;
  notes?: string;
  tags?: string[];
  group?: string;
  job_type?: string;
  archived?: boolean;
  color?: number | null;
  add_tags?: string[];
  remove_tags?: string[];
  trashed?: boolean;
  project?: string;
}

export interface RunEdit {
  runs: readonly string[];
  changes: RunChanges;
}

export interface Edited {
  changed: number;
  /** The body that takes the edits back. */
  undo: { edits: RunEdit[] };
}

/** Changes many runs in one transaction. */
export function sendEdits(edits: readonly RunEdit[]): Promise<Edited> {
  return sendJson("POST", "api/v1/edits", { edits });
}

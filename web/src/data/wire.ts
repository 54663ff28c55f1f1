/** The JSON shapes of docs/reference/http.md. Times are seconds since the epoch. */

export interface Project {
  entity: string;
  name: string;
  runs: number;
  running: number;
  updated: number;
  created: number;
  version: number;
  /** Only of a project that is asked for by itself. */
  artifacts?: boolean;
  sweeps?: boolean;
}

/** A directory of event files that the server watches; `problem` is why it cannot be listed now. */
export interface Logdir {
  project: string;
  root: string;
  files: number;
  runs: number;
  scanned: boolean;
  /** Whether sub-runs of `add_scalars` and `add_hparams` are part of the run that wrote them. */
  fold: boolean;
  problem: string | null;
  /** The projects whose runs write event files of the directory, most files first. */
  elsewhere: readonly { entity: string; project: string; files: number }[];
}

export type RunState = "running" | "finished" | "failed" | "crashed" | "killed" | (string & {});

/** A number, or one of the strings "NaN", "Infinity", "-Infinity" that stand for what JSON lacks. */
export type Scalar = number | string | boolean | null;
export type Json = Scalar | Json[] | { [key: string]: Json };

export interface Run {
  uid: string;
  entity: string;
  project: string;
  /** The mutable name that stands in addresses; unique among the project's undeleted runs. */
  id: string;
  name: string;
  state: RunState;
  ordinal: number;
  /** Palette slot chosen by a person, or null for the one that the ordinal gives. */
  color: number | null;
  created: number;
  updated: number;
  finished: number | null;
  duration: number | null;
  group: string | null;
  job_type: string | null;
  tags: string[];
  notes: string | null;
  archived: boolean;
  trashed: boolean | number | null;
  rows: number;
  last_step: number | null;
  host: string | null;
  version: number;
  columns?: Record<string, Json>;
}

export interface Writer {
  uid: string;
  ordinal: number;
  label: string | null;
  rank: number | null;
  host: string | null;
  pid: number | null;
  state: RunState;
  started: number;
  ended: number | null;
  rows: number;
  parent: string | null;
  damage: Json;
  dropped: Json;
}

export interface RunDetail extends Run {
  config: Record<string, Json>;
  summary: Record<string, Json>;
  metrics: Json;
  environment: Record<string, Json>;
  writers: Writer[];
}

/** Part of a filter that no run passes; `start` and `end` count characters. */
export interface Culprit {
  start: number;
  end: number;
  text: string;
}

export interface RunPage {
  runs: Run[];
  next: string | null;
  total: number;
  matched: number;
  version: number;
  /** Only when nothing matches, and one part of the filter alone is the cause. */
  culprit?: Culprit | null;
  /** Of config and summary; only when asked for. */
  differing?: string[];
}

export interface Key {
  name: string;
  kinds: string[];
  /** The `_type`s of its object values (docs/reference/media.md). */
  media: string[];
  runs: number;
  /** The step metric that define_metric gave it. */
  x: string | null;
  hidden: boolean;
  first: number;
  rows: number;
  /** How to call it, and what it is, in Markdown, where whoever logged it has said so. */
  display_name?: string | null;
  description?: string | null;
}

export interface Column {
  name: string;
  type: string;
  runs: number;
}

export interface Viewer {
  name: string;
  entity: string;
  version: string;
  /** The server's data directory; null when the database is elsewhere. */
  data: string | null;
}

export interface RunPatch {
  name?: string;
  notes?: string;
  tags?: string[];
  group?: string;
  archived?: boolean;
  color?: number | null;
}

/** One change notice of the event stream; `runs` is null when more than 100 changed. */
export interface ChangeNotice {
  project: string;
  version: number;
  runs: string[] | null;
}

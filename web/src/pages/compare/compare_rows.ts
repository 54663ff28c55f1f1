/** What runs have beside one another: one row a name, one value a run. */
import { formatValue } from "../../base/numbers.ts";
import { formatDuration, formatMoment } from "../../base/times.ts";
import type { Json, RunDetail } from "../../data/wire.ts";

export interface CompareRow {
  readonly name: string;
  /** In the order of the runs; undefined where a run has nothing of that name. */
  readonly values: readonly (Json | undefined)[];
  /** Whether the runs differ in it. */
  readonly differs: boolean;
}

type Document = Readonly<Record<string, Json>>;

/** The leaves of a document by their path: `{a: {b: 1}}` is `a.b`. Lists are leaves, so are empty objects. */
export function leavesOf(document: Document, above = ""): Map<string, Json> {
  const out = new Map<string, Json>();
  for (const [name, value] of Object.entries(document)) {
    const path = `${above}${name}`;
    const isBranch = value !== null && typeof value === "object" && !Array.isArray(value);
    if (isBranch && Object.keys(value).length > 0) {
      for (const [inner, leaf] of leavesOf(value, `${path}.`)) out.set(inner, leaf);
    } else out.set(path, value);
  }
  return out;
}

/** One row for every name in any of the documents, in the order in which they are met. */
export function compareRows(documents: readonly Document[]): CompareRow[] {
  const all = documents.map((one) => leavesOf(one));
  const names = new Set(all.flatMap((one) => [...one.keys()]));
  return [...names].map((name) => {
    const values = all.map((one) => one.get(name));
    return { name, values, differs: new Set(values.map(spellingOf)).size > 1 };
  });
}

/** Equal for values that are equal, whatever the order of names in them is. */
function spellingOf(value: Json | undefined): string {
  if (value === undefined) return "";
  return JSON.stringify(value, (_, inner: Json) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** What is known of a run itself, in the words of its own page; nothing of what it has not. */
export function factsOf(run: RunDetail): Document {
  const facts: Record<string, Json> = {
    state: run.state,
    started: formatMoment(run.created),
    duration: run.duration === null ? null : formatDuration(run.duration),
    rows: run.rows,
    "last step": run.last_step,
    host: run.host,
    group: run.group,
    "job type": run.job_type,
    tags: run.tags.join(", ") || null,
    notes: run.notes || null,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null));
}

/** Where and how a run ran; when, its facts say. */
export function surroundingsOf({ environment }: RunDetail): Document {
  const { started: _, ...rest } = environment;
  return rest;
}

/** `name==1.2` and `name @ address`, one a line, as a document of versions. */
export function packagesOf(text: string): Document {
  const out: Record<string, Json> = {};
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith("-")) continue;
    const cut = line.search(/==|\s*@\s/);
    const name = (cut < 0 ? line : line.slice(0, cut)).trim();
    out[name] = cut < 0 ? "" : line.slice(cut).replace(/^(==|\s*@\s*)/, "");
  }
  return Object.fromEntries(
    Object.entries(out).sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
  );
}

/** A value to read; of what was measured, numbers with few digits. */
export function spell(value: Json | undefined, isMeasured = false): string {
  if (value === undefined) return "–";
  if (typeof value === "number" && isMeasured) return formatValue(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A value with all that there is to it. */
export function spellWhole(value: Json | undefined): string {
  if (value === undefined) return "The run has nothing of this name.";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** How far a number lies from that of the baseline, with its sign; "" where one of them is none, or both are the same. */
export function deltaOf(value: Json | undefined, base: Json | undefined): string {
  if (typeof value !== "number" || typeof base !== "number" || value === base) return "";
  const by = value - base;
  return `${by > 0 ? "+" : "−"}${formatValue(Math.abs(by))}`;
}

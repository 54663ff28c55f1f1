/** The columns of the runs table: which there are, how wide and how shaded, and their spelling in the address. */
import type { Column } from "../data/wire.ts";

/** How the size of a number shows in its cell. */
export type Shade = "none" | "bar" | "heat";

export interface TableColumn {
  /** As the server names it: `created`, `config.lr`, `summary.val/loss`, `min.val/loss`. */
  readonly name: string;
  /** CSS pixels. */
  readonly width: number;
  readonly shade: Shade;
}

export type ColumnGroup = "run" | "config" | "summary";

/** The values of a key that a run can be listed by. `last` of a key is its summary as a rule. */
export const AGGREGATES = ["last", "min", "max", "best"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** Facts of the run itself, with the width that shows them. */
export const RUN_FIELDS: Readonly<Record<string, number>> = {
  state: 84,
  created: 178,
  duration: 92,
  tags: 150,
  notes: 180,
  group: 110,
  job_type: 100,
  host: 110,
  id: 110,
  rows: 84,
  last_step: 92,
  updated: 178,
  finished: 178,
};

/** What can be written into a cell of the table. */
export const EDITABLE: ReadonlySet<string> = new Set([
  "name",
  "tags",
  "notes",
  "group",
  "job_type",
]);

export const NAME_WIDTH = 236;
export const MIN_WIDTH = 48;
const MAX_WIDTH = 800;
const VALUE_WIDTH = 104;
/** Room of a letter in a heading, and around it. */
const LETTER = 6.6;
const AROUND = 38;

export function describeColumn(name: string): {
  group: ColumnGroup;
  /** `lr`, `val/loss`: what stands in the heading. */
  label: string;
  aggregate: Aggregate | null;
} {
  const cut = name.indexOf(".");
  const prefix = cut < 0 ? "" : name.slice(0, cut);
  const rest = name.slice(cut + 1);
  if (prefix === "config") return { group: "config", label: rest, aggregate: null };
  if (prefix === "summary") return { group: "summary", label: rest, aggregate: "last" };
  const aggregate = AGGREGATES.find((one) => one === prefix) ?? null;
  if (aggregate !== null) return { group: "summary", label: rest, aggregate };
  return { group: "run", label: name.replaceAll("_", " "), aggregate: null };
}

/** The width of a column that nobody has set: that of its heading, within limits. */
export function ownWidth(name: string): number {
  const field = RUN_FIELDS[name];
  if (field !== undefined) return field;
  const { label } = describeColumn(name);
  return Math.round(Math.min(200, Math.max(VALUE_WIDTH, AROUND + LETTER * label.length)));
}

export function clampWidth(width: number): number {
  return Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width)));
}

export function plainColumn(name: string): TableColumn {
  return { name, width: ownWidth(name), shade: "none" };
}

/** `config.lr`, `config.lr~w80`, `summary.loss~bar`: what differs from a plain column stands behind it. */
const SPELLING = /^(.*?)(?:~w(\d+))?(?:~(bar|heat))?$/s;

export function writeColumn(column: TableColumn): string {
  const { name, width, shade } = column;
  const tail = shade === "none" ? "" : `~${shade}`;
  const own = `${name}${tail}`;
  // A name that itself ends like a spelling is told apart by a width.
  if (width === ownWidth(name) && SPELLING.exec(own)![1] === name) return own;
  return `${name}~w${width}${tail}`;
}

export function readColumn(text: string): TableColumn {
  const [, name = "", width, shade] = SPELLING.exec(text)!;
  return {
    name,
    width: width === undefined ? ownWidth(name) : clampWidth(Number(width)),
    shade: shade === "bar" || shade === "heat" ? shade : "none",
  };
}

const MOST_SUGGESTED = 8;
const MOST_DIFFERING = 60;
/** What a reader wants to know first: how the run learns, and how good it became. */
const FIRST =
  /(^|[._/])(lr|learning_rate|batch_size|optimizer|opt|model|loss|acc|accuracy|f1|score)$/i;

/** The columns before anybody has chosen: what tells runs apart first, then how good they became. */
export function suggestTableColumns(
  columns: readonly Column[],
  differing: ReadonlySet<string> | null,
): string[] {
  const most = differing === null ? MOST_SUGGESTED : MOST_DIFFERING;
  const of = (prefix: string) =>
    columns.filter(
      ({ name, type }) =>
        name.startsWith(prefix) &&
        type !== "object" &&
        !name.startsWith(`${prefix}system`) &&
        (differing === null || differing.has(name)),
    );
  const config = ranked(of("config.")).slice(0, most);
  const summary = ranked(of("summary.")).slice(0, most);
  return ["created", "duration", "tags", ...config, ...summary];
}

/** Names of columns: what is looked for first, then those of the most runs; else in the order given. */
function ranked(columns: readonly Column[]): string[] {
  const rank = ({ name }: Column) => (FIRST.test(name) ? 0 : 1);
  return [...columns]
    .sort((a, b) => rank(a) - rank(b) || b.runs - a.runs)
    .map((column) => column.name);
}

// ---- sorting

export interface SortKey {
  readonly name: string;
  readonly isDown: boolean;
}

export function readSort(sort: string): SortKey[] {
  return sort
    .split(",")
    .filter(Boolean)
    .map((text) => ({ name: text.replace(/^-/, ""), isDown: text.startsWith("-") }));
}

/** Facts that are read from the top when the largest stands there. */
const DOWN_FIRST = new Set(["created", "updated", "finished", "duration", "rows", "last_step"]);

/**
 * The sorting after a press on a heading: ascending, descending, then as it was first. With `isFurther`
 * the column joins the others or turns among them, else it is the only one.
 */
export function pressSort(sort: string, name: string, isFurther: boolean): string {
  const keys = readSort(sort);
  const at = keys.findIndex((key) => key.name === name);
  const first = DOWN_FIRST.has(name);
  const turned = at < 0 ? { name, isDown: first } : { name, isDown: !keys[at]!.isDown };
  if (!isFurther) return writeSort([at >= 0 && keys.length > 1 ? keys[at]! : turned]);
  if (at < 0) return writeSort([...keys, turned]);
  // The third press takes the column out, as long as another one is left.
  if (turned.isDown === first && keys.length > 1) {
    return writeSort(keys.filter((_, index) => index !== at));
  }
  return writeSort(keys.map((key, index) => (index === at ? turned : key)));
}

export function writeSort(keys: readonly SortKey[]): string {
  return keys.map((key) => (key.isDown ? "-" : "") + key.name).join(",");
}

/** `columns` with the one at `from` standing at `to`. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const rest = items.filter((_, index) => index !== from);
  return [...rest.slice(0, to), items[from]!, ...rest.slice(to)];
}

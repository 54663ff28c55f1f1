/** What runs are coloured by: themselves, their group, the value of a column, or a part of their name. */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { BASELINE, slots } from "../base/palette.ts";
import { rampColor } from "../base/ramp.ts";
import { type ColumnValues, getValues } from "../data/run_routes.ts";
import type { Json, Run } from "../data/wire.ts";
import { takeSlots, valueLabel } from "./groups.ts";
import { PALETTE_SLOTS, type Paint, type PaintOf, paintBySlot } from "./paint.ts";
import { columnValue } from "./run_values.ts";
import type { View } from "./view.ts";
import type { Workspace } from "./workspace.ts";

export type Colouring =
  | { by: "run" }
  | { by: "group" }
  | { by: "column"; column: string }
  | { by: "pattern"; pattern: string };

/** What the colours say, for the legend. */
export type Legend =
  | { kind: "ramp"; title: string; min: number; max: number; isLog: boolean }
  | {
      kind: "classes";
      title: string;
      classes: readonly { label: string; paint: Paint }[];
      more: number;
    }
  | { kind: "fault"; title: string; message: string };

interface Colours {
  paint: PaintOf;
  /** The paint of a value of the column that colours. */
  paintValue?: (value: Json) => Paint;
  legend: Legend | null;
}

/** Of runs that have no value, or whose name does not match. */
export const NO_VALUE: Paint = { light: "#868a8f", dark: "#787d87", dash: [] };
/** Beyond this ratio a scale of positive numbers is logarithmic: learning rates are. */
const LOG_FROM = 50;
const CLASSES = PALETTE_SLOTS;
/** Longer names are cut before an expression sees them: a hostile one must not hold up the page. */
const MATCHED_LENGTH = 128;

/** What `View.color` means; runs that are drawn in groups are coloured by them unless it says otherwise. */
export function readColouring({ color, g }: Pick<View, "color" | "g">): Colouring {
  if (color.startsWith("by:")) return { by: "column", column: color.slice(3) };
  if (color.startsWith("re:")) return { by: "pattern", pattern: color.slice(3) };
  if (g.length > 0) return color === "run" ? { by: "run" } : { by: "group" };
  return color === "group" ? { by: "column", column: "group" } : { by: "run" };
}

export class RunColours {
  readonly paint: ReadonlySignal<PaintOf>;
  readonly legend: ReadonlySignal<Legend | null>;
  /** The column whose values must be asked for with every run; null: none. */
  readonly column: ReadonlySignal<string | null>;
  /** The paint of a value of that column; null until its values are known. */
  readonly paintValue: ReadonlySignal<((value: Json) => Paint) | null>;
  private readonly values = signal<{ column: string; found: ColumnValues } | null>(null);

  constructor(private readonly ws: Workspace) {
    const colouring = computed(() => readColouring(ws.view.value));
    this.column = computed(() => {
      const chosen = colouring.value;
      return chosen.by === "column" ? chosen.column : null;
    });
    const byColumn = computed(() => this.byColumn());
    this.paintValue = computed(() => byColumn.value.paintValue ?? null);
    const classes = computed(() => this.matchNames());
    let lastClasses: ReadonlyMap<string, Paint> = new Map();
    const byPattern = computed(() => {
      const found = classes.value;
      // Runs are answered again and again; their names say the same most of the time.
      if (found !== null && !areSameClasses(found, lastClasses)) lastClasses = found;
      return found === null ? null : lastClasses;
    });
    const patternColours = computed(() => coloursOfNames(this.pattern(), byPattern.value));
    const colours = computed((): Colours => {
      switch (colouring.value.by) {
        case "run":
          return bySlot();
        case "group":
          return { paint: this.byGroup(), legend: null };
        case "column":
          return byColumn.value;
        case "pattern":
          return patternColours.value;
      }
    });
    const base = computed(() => ws.view.value.base);
    this.paint = computed(() => withBaseline(colours.value.paint, base.value));
    this.legend = computed(() => colours.value.legend);
  }

  /** Reads the values of the column whenever another one is chosen; answers what ends that. */
  watch(): () => void {
    return effect(() => {
      const column = this.column.value;
      if (column !== null) void this.refresh();
    });
  }

  async refresh(): Promise<void> {
    const column = this.column.peek();
    if (column === null) return;
    try {
      // Of all runs, not of those that match: a colour does not change when one filters.
      const found = await getValues(this.ws, { column, limit: 200 });
      const last = this.values.peek();
      const isNew = last?.column !== column || JSON.stringify(last.found) !== JSON.stringify(found);
      if (isNew && this.column.peek() === column) this.values.value = { column, found };
    } catch {
      // The runs keep the colours that they have; the list says what is wrong with the server.
    }
  }

  private byGroup(): PaintOf {
    const paints = this.ws.grouping.runPaints.value;
    const own = paintBySlot.value;
    return (run) => paints.get(run.uid) ?? own(run);
  }

  private byColumn(): Colours {
    const column = this.column.value;
    const values = this.values.value;
    if (column === null || values?.column !== column) return bySlot();
    return coloursOfValues(column, values.found);
  }

  private pattern(): string {
    const chosen = readColouring(this.ws.view.value);
    return chosen.by === "pattern" ? chosen.pattern : "";
  }

  /** A paint for each text that the pattern captures; null when it cannot be read. */
  private matchNames(): ReadonlyMap<string, Paint> | null {
    const capture = captureOf(this.pattern());
    if (capture === null) return null;
    const oldest = new Map<string, number>();
    for (const run of this.ws.known.value.values()) {
      const text = capture(run.name);
      if (text !== null) oldest.set(text, Math.min(run.ordinal, oldest.get(text) ?? run.ordinal));
    }
    const taken = takeSlots([...oldest]);
    return new Map([...taken].map(([text, slot]) => [text, slots.value[slot]!]));
  }
}

/** The baseline is drawn in ink, whatever the colours of the others say; so are its swatches. */
function withBaseline(paint: PaintOf, base: string): PaintOf {
  return base === "" ? paint : (run) => (run.id === base ? BASELINE : paint(run));
}

function bySlot(): Colours {
  return { paint: paintBySlot.value, legend: null };
}

/** Colours for what a column holds: a ramp for numbers, else a slot for each value. */
export function coloursOfValues(column: string, found: ColumnValues): Colours {
  const values = found.values.map(({ value }) => value).filter((value) => value !== null);
  const isNumeric = values.length > 0 && values.every(isNumber);
  if (isNumeric && found.min !== null && found.max !== null) {
    return rampColours(column, found.min, found.max);
  }
  const labels = [...new Set(values.map(valueLabel))].sort((a, b) => a.localeCompare(b, "en"));
  const all = slots.value;
  const paints = new Map(labels.map((label, i) => [label, all[i % CLASSES]!]));
  const paintValue = (value: Json) =>
    value === null ? NO_VALUE : (paints.get(valueLabel(value)) ?? NO_VALUE);
  return {
    paint: (run) => paintValue(columnValue(run, column)),
    paintValue,
    legend: {
      kind: "classes",
      title: column,
      classes: [...paints].slice(0, CLASSES).map(([label, paint]) => ({ label, paint })),
      more: Math.max(0, found.distinct - CLASSES),
    },
  };
}

/** A number, or the name of one that JSON lacks. */
function isNumber(value: Json): boolean {
  return (
    typeof value === "number" || value === "NaN" || value === "Infinity" || value === "-Infinity"
  );
}

function rampColours(column: string, min: number, max: number): Colours {
  const isLog = min > 0 && max / min >= LOG_FROM;
  const place = isLog ? Math.log : (value: number) => value;
  const span = place(max) - place(min);
  const paintValue = (value: Json) => {
    if (typeof value !== "number") return NO_VALUE;
    return rampColor(span > 0 ? (place(value) - place(min)) / span : 0.5);
  };
  return {
    paint: (run) => paintValue(columnValue(run, column)),
    paintValue,
    legend: { kind: "ramp", title: column, min, max, isLog },
  };
}

/** What a pattern captures of a name (its first group, else the whole match); null: it cannot be read. */
export function captureOf(pattern: string): ((name: string) => string | null) | null {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, "u");
  } catch {
    return null;
  }
  const seen = new Map<string, string | null>();
  return (name) => {
    let found = seen.get(name);
    if (found === undefined) {
      const match = expression.exec(name.slice(0, MATCHED_LENGTH));
      found = match ? (match[1] ?? match[0]) : null;
      seen.set(name, found);
    }
    return found;
  };
}

function coloursOfNames(pattern: string, classes: ReadonlyMap<string, Paint> | null): Colours {
  const title = `/${pattern}/`;
  const capture = captureOf(pattern);
  if (classes === null || capture === null) {
    const message = "This regular expression cannot be read.";
    return { paint: paintBySlot.value, legend: { kind: "fault", title, message } };
  }
  return {
    paint: (run: Run) => classes.get(capture(run.name) ?? "") ?? NO_VALUE,
    legend: {
      kind: "classes",
      title,
      classes: [...classes].slice(0, CLASSES).map(([label, paint]) => ({ label, paint })),
      more: Math.max(0, classes.size - CLASSES),
    },
  };
}

function areSameClasses(a: ReadonlyMap<string, Paint>, b: ReadonlyMap<string, Paint>): boolean {
  return a.size === b.size && [...a].every(([text, paint]) => b.get(text) === paint);
}

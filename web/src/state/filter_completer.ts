/** The list of what may be typed next in a filter field, as it is typed. */
import { signal } from "@preact/signals";
import { getValues } from "../data/run_routes.ts";
import type { Json } from "../data/wire.ts";
import {
  type Choice,
  columnChoices,
  findColumn,
  type KnownColumn,
  LENGTHS,
  RUN_FIELDS,
  resolvedSpot,
  type Spot,
  signChoices,
  TIMES,
  withChoice,
} from "./filter_completion.ts";
import { quoted } from "./filter_tokens.ts";
import type { Workspace } from "./workspace.ts";

const MOST_CHOICES = 50;
/** Typing rests this long before values are looked up. */
const REST_MS = 120;
const AGGREGATES = ["last", "min", "max", "best"] as const;

export class FilterCompleter {
  readonly choices = signal<readonly Choice[]>([]);
  /** The choice that the keyboard is at; -1: none, so that Enter means the text as it is. */
  readonly active = signal(-1);
  readonly isOpen = signal(false);
  private spot: Spot | null = null;
  private text = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private abort = new AbortController();
  private unwatch = () => {};

  constructor(private readonly ws: Workspace) {}

  /** Works out the choices for a text and cursor; `isAsked`: somebody wants to see all columns. */
  update(text: string, cursor: number, isAsked = false): void {
    this.cancel();
    this.text = text;
    const columns = this.columns();
    const spot = resolvedSpot(text, cursor, columns);
    this.spot = spot;
    if (spot.kind === "value") {
      this.show(this.staticValues(spot));
      this.timer = setTimeout(() => void this.readValues(spot), REST_MS);
    } else if (spot.kind === "sign") {
      this.show(signChoices(spot.typed, findColumn(spot.column, columns)?.type ?? "text"));
    } else if (spot.kind === "column" && (spot.typed !== "" || isAsked)) {
      this.show(columnChoices(spot.typed, [...columns, ...this.aggregates(spot.typed)]));
    } else this.close();
    // Columns that are still on their way complete what is typed when they come.
    if (this.ws.columns.peek().length === 0) {
      this.unwatch = this.ws.columns.subscribe((found) => {
        if (found.length > 0) this.update(text, cursor, isAsked);
      });
    }
  }

  move(step: 1 | -1): void {
    const n = this.choices.value.length;
    if (n === 0) return;
    const from = this.active.value < 0 && step < 0 ? 0 : this.active.value;
    this.active.value = (from + step + n) % n;
  }

  /** The text and the cursor with a choice taken; null when there is none. */
  accept(index: number): [string, number] | null {
    const choice = this.choices.value[index];
    if (!this.isOpen.value || choice === undefined || this.spot === null) return null;
    return withChoice(this.text, this.spot, choice);
  }

  close(): void {
    this.cancel();
    this.isOpen.value = false;
    this.active.value = -1;
  }

  private show(choices: readonly Choice[]): void {
    this.choices.value = choices.slice(0, MOST_CHOICES);
    this.active.value = -1;
    this.isOpen.value = choices.length > 0;
  }

  private cancel(): void {
    clearTimeout(this.timer);
    this.unwatch();
    this.unwatch = () => {};
    this.abort.abort();
    this.abort = new AbortController();
  }

  private columns(): readonly KnownColumn[] {
    return [...this.ws.columns.peek(), ...RUN_FIELDS];
  }

  /** `min.val/loss` and the like, once one of these words is typed: there are four for every key. */
  private aggregates(typed: string): readonly KnownColumn[] {
    const kind = AGGREGATES.find((one) => typed.toLowerCase().startsWith(`${one}.`));
    if (kind === undefined) return [];
    return this.ws.keys
      .peek()
      .map(({ name, runs }) => ({ name: `${kind}.${name}`, type: "number", runs }));
  }

  private staticValues(spot: Spot): readonly Choice[] {
    const type = findColumn(spot.column, this.columns())?.type;
    const known = type === "time" ? TIMES : type === "length" ? LENGTHS : [];
    return known.filter((choice) => choice.label.startsWith(spot.typed));
  }

  private async readValues(spot: Spot): Promise<void> {
    const found = findColumn(spot.column, this.columns());
    if (found?.type === "time" || found?.type === "length") return;
    const column = spot.column.toLowerCase() === "tag" ? "tags" : (found?.name ?? spot.column);
    const { signal } = this.abort;
    try {
      const query = { column, prefix: spot.typed, limit: MOST_CHOICES };
      const { values } = await getValues(this.ws, query, signal);
      if (signal.aborted) return;
      this.show(values.filter(({ value }) => value !== null).map(valueChoice));
    } catch {
      // Without values one types them; the list itself says when the server does not answer.
    }
  }
}

function valueChoice({ value, runs }: { value: Json; runs: number }): Choice {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { label: text, insert: quoted(text), note: runs === 1 ? "1 run" : `${runs} runs` };
}

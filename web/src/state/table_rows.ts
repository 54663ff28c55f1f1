/**
 * The rows of a runs table, read from the server in windows as far as somebody looks.
 *
 * A window holds the runs at 200 places of the sorted list, with the columns that were in sight there.
 */
import { signal } from "@preact/signals";
import type { Run, RunPage } from "../data/wire.ts";

export const WINDOW = 200;
/** Windows kept; further ones push out those that were looked at longest ago. */
const MOST_WINDOWS = 60;
const MOST_ASKED_AT_ONCE = 2;

export interface RowsQuery {
  readonly filter: string;
  readonly sort: string;
  readonly list: "active" | "archived" | "trash";
}

/** Asks for the runs at places `offset` to `offset + limit` with some columns. */
export type AskRows = (
  query: RowsQuery & { offset: number; limit: number; columns: readonly string[] },
  signal: AbortSignal,
) => Promise<RunPage>;

interface Window {
  runs: readonly Run[];
  /** The columns that the runs were asked for with. */
  columns: Set<string>;
  isStale: boolean;
}

export interface Sight {
  /** First and last place of the rows that are looked at. */
  readonly rows: readonly [first: number, last: number];
  /** The columns to read in them. */
  readonly columns: readonly string[];
}

export class TableRows {
  readonly matched = signal(0);
  readonly total = signal(0);
  readonly isReady = signal(false);
  readonly error = signal<Error | null>(null);
  /** Grows with every answer. */
  readonly revision = signal(0);

  private windows = new Map<number, Window>();
  private query: RowsQuery | null = null;
  private isNewQuery = true;
  private sight: Sight = { rows: [0, WINDOW - 1], columns: [] };
  private abort = new AbortController();
  private readonly asked = new Set<number>();

  constructor(
    private readonly askRows: AskRows,
    private readonly onRuns: (runs: readonly Run[]) => void = () => {},
  ) {}

  /** The run at a place of the list; undefined while it has not been read. */
  at(index: number): Run | undefined {
    const window = this.windows.get(Math.floor(index / WINDOW));
    return window?.runs[index % WINDOW];
  }

  /** Asks for another list; the last good rows stay until the first answer. */
  ask(query: RowsQuery): void {
    this.query = query;
    this.isNewQuery = true;
    this.restart();
  }

  /** Reads again what is looked at, and everything else when it is looked at. */
  refresh(): void {
    for (const window of this.windows.values()) window.isStale = true;
    this.read();
  }

  look(sight: Sight): void {
    this.sight = sight;
    this.read();
  }

  /** Reads whole windows with some columns, for what needs them all (copying). */
  async load(
    rows: readonly [first: number, last: number],
    columns: readonly string[],
  ): Promise<void> {
    const { query, abort } = this;
    if (query === null) return;
    for (let at = Math.floor(rows[0] / WINDOW); at * WINDOW <= rows[1]; at++) {
      const missing = this.missingOf(at, columns);
      if (missing.length > 0) await this.readWindow(at, missing, query, abort);
    }
  }

  stop(): void {
    this.abort.abort();
  }

  private restart(): void {
    this.abort.abort();
    this.abort = new AbortController();
    this.asked.clear();
    this.read();
  }

  private missingOf(at: number, columns: readonly string[]): readonly string[] {
    const window = this.windows.get(at);
    if (this.isNewQuery || !window || window.isStale) return columns;
    return columns.filter((column) => !window.columns.has(column));
  }

  private read(): void {
    const { query, sight } = this;
    if (query === null) return;
    const last = this.isReady.peek() && !this.isNewQuery ? this.matched.peek() - 1 : sight.rows[1];
    const lastWindow = Math.floor(Math.max(0, Math.min(sight.rows[1], last)) / WINDOW);
    for (let at = Math.floor(sight.rows[0] / WINDOW); at <= lastWindow; at++) {
      if (this.asked.size >= MOST_ASKED_AT_ONCE) return;
      const window = this.windows.get(at);
      const columns = this.missingOf(at, sight.columns);
      const isNeeded = this.isNewQuery || !window || window.isStale || columns.length > 0;
      if (!isNeeded || this.asked.has(at)) continue;
      const { abort } = this;
      this.asked.add(at);
      void this.readWindow(at, columns, query, abort).then((isGood) => {
        if (abort.signal.aborted) return;
        this.asked.delete(at);
        // After an error the next look or change asks again.
        if (isGood) this.read();
      });
    }
  }

  private async readWindow(
    at: number,
    columns: readonly string[],
    query: RowsQuery,
    abort: AbortController,
  ): Promise<boolean> {
    try {
      const page = { offset: at * WINDOW, limit: WINDOW, columns };
      const answer = await this.askRows({ ...query, ...page }, abort.signal);
      if (abort.signal.aborted) return false;
      this.store(at, answer, columns);
      return true;
    } catch (error) {
      if (abort.signal.aborted) return false;
      this.error.value = error instanceof Error ? error : new Error(String(error));
      return false;
    }
  }

  private store(at: number, answer: RunPage, columns: readonly string[]): void {
    if (this.isNewQuery) this.windows.clear();
    this.isNewQuery = false;
    const old = this.windows.get(at);
    const isFresh = old === undefined || old.isStale;
    const runs = isFresh ? answer.runs : withColumnsOf(answer.runs, old.runs);
    // Set anew, the window is the last of the map: what was looked at longest ago is the first.
    this.windows.delete(at);
    this.windows.set(at, {
      runs,
      columns: new Set(isFresh ? columns : [...old.columns, ...columns]),
      isStale: false,
    });
    for (const first of this.windows.keys()) {
      if (this.windows.size <= MOST_WINDOWS) break;
      this.windows.delete(first);
    }
    this.onRuns(answer.runs);
    this.matched.value = answer.matched;
    this.total.value = answer.total;
    this.error.value = null;
    this.isReady.value = true;
    this.revision.value++;
  }
}

/** `runs` with the columns that `old` has of them beside their own. */
function withColumnsOf(runs: readonly Run[], old: readonly Run[]): Run[] {
  const before = new Map(old.map((run) => [run.uid, run.columns]));
  return runs.map((run) => ({ ...run, columns: { ...before.get(run.uid), ...run.columns } }));
}

/** The smallest and largest number of columns over all runs that match, for shading and marks. */
import { signal } from "@preact/signals";
import { getValues } from "../data/run_routes.ts";
import { paced } from "./pace.ts";

export interface Extremes {
  readonly min: number;
  readonly max: number;
}

const REST_MS = 3000;
const MOST_ASKED_AT_ONCE = 2;

export class TableExtremes {
  /** Grows with every answer. */
  readonly revision = signal(0);

  /** null: the column holds no numbers. */
  private readonly found = new Map<string, Extremes | null>();
  private readonly stale = new Set<string>();
  private readonly asked = new Set<string>();
  private filter = "";
  private wanted: readonly string[] = [];
  private abort = new AbortController();
  private readonly readStale;

  constructor(private readonly path: { entity: string; project: string }) {
    this.readStale = paced(async () => this.read(), REST_MS);
  }

  of(column: string): Extremes | null {
    return this.found.get(column) ?? null;
  }

  /** Begins anew for other runs. */
  ask(filter: string): void {
    this.abort.abort();
    this.abort = new AbortController();
    this.asked.clear();
    this.filter = filter;
    for (const column of this.found.keys()) this.stale.add(column);
    this.read();
  }

  refresh(): void {
    for (const column of this.found.keys()) this.stale.add(column);
    this.readStale();
  }

  /** Reads the columns that are looked at. */
  look(columns: readonly string[]): void {
    this.wanted = columns;
    this.read();
  }

  stop(): void {
    this.abort.abort();
    this.readStale.stop();
  }

  private read(): void {
    for (const column of this.wanted) {
      if (this.asked.size >= MOST_ASKED_AT_ONCE) return;
      if (this.asked.has(column)) continue;
      if (this.found.has(column) && !this.stale.has(column)) continue;
      this.asked.add(column);
      this.stale.delete(column);
      void this.readOne(column, this.abort);
    }
  }

  private async readOne(column: string, abort: AbortController): Promise<void> {
    let found: Extremes | null = null;
    try {
      const query = { column, filter: this.filter, limit: 1 };
      const { min, max } = await getValues(this.path, query, abort.signal);
      if (min !== null && max !== null) found = { min, max };
    } catch {
      // Shading and marks are an extra: without them the cells are as good.
    }
    if (abort.signal.aborted) return;
    this.found.set(column, found);
    this.asked.delete(column);
    this.revision.value++;
    this.read();
  }
}

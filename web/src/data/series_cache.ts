/** The series that were read, within a bound of memory: by run, key and axis (`base`), then by range, width and smoothing (`part`). */
import { type Asked, type Entry, isAnswer, isOvergrown, sizeOf } from "./series_entries.ts";

export class SeriesCache {
  private readonly entries = new Map<string, Map<string, Entry>>();
  private bytes = 0;
  /** Counts uses of series, to tell which was used longest ago. */
  private uses = 0;
  /** Counts changes of what is kept. */
  stamp = 0;
  /** Counts what may make a watch lack something that it did not. */
  changes = 0;

  constructor(private readonly limitBytes: number) {}

  /** How many runs, keys and axes something is known of. */
  get size(): number {
    return this.entries.size;
  }

  get(base: string, part: string): Entry | undefined {
    return this.entries.get(base)?.get(part);
  }

  /** The entry of an id: its base and its part. */
  at(id: string): Entry | undefined {
    const cut = id.lastIndexOf("\n");
    return this.entries.get(id.slice(0, cut))?.get(id.slice(cut + 1));
  }

  setDirty(id: string): void {
    const entry = this.at(id);
    if (entry) entry.dirty = true;
    this.changes += 1;
  }

  /** Says that runs have more rows (null: any run may). */
  markDirty(runs: ReadonlySet<string> | null): void {
    this.changes += 1;
    for (const [base, parts] of this.entries) {
      if (runs !== null && !runs.has(base.slice(0, base.indexOf("\n")))) continue;
      for (const entry of parts.values()) entry.dirty = true;
    }
  }

  /** Forgets every series of a run. */
  forget(run: string): void {
    this.changes += 1;
    this.stamp += 1;
    for (const [base, parts] of this.entries) {
      if (!base.startsWith(`${run}\n`)) continue;
      for (const entry of parts.values()) this.bytes -= entry.bytes;
      this.entries.delete(base);
    }
  }

  /** The entry that answers the watch for a run (by its base), exactly or (until that is there) coarsely. */
  best(watch: Asked, base: string): Entry | null {
    const parts = this.entries.get(base);
    if (!parts) return null;
    let coarse: Entry | null = null;
    for (const entry of parts.values()) {
      entry.used = ++this.uses;
      if (isAnswer(entry, watch)) return entry;
      if (coarse?.place === watch.place) continue;
      if (coarse === null || coarse.ranged || !entry.ranged || entry.place === watch.place) {
        coarse = entry;
      }
    }
    return coarse;
  }

  /** Keeps an entry, used just now. */
  put(entry: Entry): void {
    entry.used = ++this.uses;
    let parts = this.entries.get(entry.base);
    if (!parts) {
      parts = new Map();
      this.entries.set(entry.base, parts);
    }
    for (const old of [...parts.values()]) {
      // One smoothing is kept for a place: while a slider is dragged they would be many.
      if (old.place !== entry.place && !isOvergrown(old)) continue;
      this.changes += 1;
      this.bytes -= old.bytes;
      parts.delete(old.part);
    }
    parts.set(entry.part, entry);
    this.resize(entry);
  }

  /** Counts the bytes of an entry anew: its series is another one. */
  resize(entry: Entry): void {
    this.bytes -= entry.bytes;
    entry.bytes = sizeOf(entry.series);
    this.bytes += entry.bytes;
  }

  /** Drops the series used longest ago, none of those shown (by their bases), until the cache fits again. */
  fit(shown: ReadonlySet<string>): void {
    if (this.bytes <= this.limitBytes) return;
    this.changes += 1;
    this.stamp += 1;
    const oldest = [...this.entries].map(([base, parts]) => ({
      base,
      parts,
      used: lastUse(parts),
    }));
    oldest.sort((a, b) => a.used - b.used);
    for (const { base, parts } of oldest) {
      if (this.bytes <= this.limitBytes) return;
      if (shown.has(base)) continue;
      for (const entry of parts.values()) this.bytes -= entry.bytes;
      this.entries.delete(base);
    }
    // Shown series keep their newest range and the whole one; older zooms go.
    for (const base of shown) {
      if (this.bytes <= this.limitBytes) return;
      const parts = this.entries.get(base);
      if (!parts) continue;
      const old = [...parts.values()].filter((entry) => entry.ranged).slice(0, -1);
      for (const entry of old) {
        this.bytes -= entry.bytes;
        parts.delete(entry.part);
      }
    }
  }
}

function lastUse(parts: ReadonlyMap<string, Entry>): number {
  let last = 0;
  for (const { used } of parts.values()) last = Math.max(last, used);
  return last;
}

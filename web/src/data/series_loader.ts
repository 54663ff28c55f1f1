/**
 * The series that the page shows: asked for in batches, kept in a bounded cache, kept up to date.
 *
 * A panel opens a `Watch` (one key, many runs) and reads from it what is there. Soon after, the
 * loader gathers what the watches lack and asks for it in as few requests as possible: visible
 * panels first, at most three under way, and a request that no panel waits for any more is aborted.
 * What has changed since it was read is asked for by its mark ("rows since") and appended.
 */
import { append, type Series } from "../plots/series.ts";
import { type Smoothing, smoothingKey, smoothSeries } from "../plots/smooth.ts";
import { RequestError } from "./client.ts";
import { Retry } from "./retry.ts";
import {
  type Asked,
  type Entry,
  groupChanged,
  hasSessions,
  idOf,
  isAnswer,
  isOvergrown,
  looksAhead,
  partOf,
  placeOf,
  sizeOf,
} from "./series_entries.ts";
import { type Range, snapRange, snapWidth, widening } from "./snap.ts";

export type { Range };

export interface Want {
  key: string;
  runs: readonly string[];
  /** "step", "relative", "wall" or "metric:<key>". */
  x: string;
  range: Range | null;
  /** Width of the plot in device pixels. */
  px: number;
  /** Whether pixels are even in log10(x), and what is not positive has no place. */
  log?: boolean;
  smooth?: Smoothing | null;
  visible: boolean;
}

export interface SeriesQuestion {
  runs: string[];
  keys: string[];
  x: string;
  range: Range | null;
  px: number;
  mode: "auto";
  since?: Record<string, string>;
  log?: true;
  smooth?: Smoothing;
}

export interface SeriesAnswer {
  marks: Record<string, string>;
  series: Series[];
}

export type Ask = (question: SeriesQuestion, signal: AbortSignal) => Promise<SeriesAnswer>;

/** More would only share one server process between them, and the first answer would come later. */
const MAX_UNDER_WAY = 3;
/** Series in one request: small enough that the first charts of many do not wait for the last. */
const MAX_BATCH = 400;
const MAX_BATCH_IN_SIGHT = 200;
/** The very first question is smaller still, and goes alone: something to see comes before all of it. */
const FIRST_BATCH = 100;
const CACHE_BYTES = 192 * 2 ** 20;
/** How long a slider must rest before the server is asked to smooth anew: the page has a likeness until then. */
const REST_MS = 150;

interface Group {
  x: string;
  range: Range | null;
  px: number;
  log: boolean;
  smooth: Smoothing | null;
  since: Record<string, string> | null;
  runs: readonly string[];
  keys: Map<string, Set<Watch>>;
  visible: boolean;
}

interface Request {
  ids: Set<string>;
  watches: Set<Watch>;
  abort: AbortController;
  /** Runs that changed while the answer was under way: it may have the new rows or not. */
  changed: Set<string>;
}

export class Watch implements Asked {
  error: RequestError | null = null;
  /** What of the want the server is asked in; a range wider than the view, a width of the ladder. */
  range: Range | null = null;
  part = "";
  place = "";
  log = false;
  smooth: Smoothing | null = null;
  px = 0;
  /** Until when the server is not asked to smooth anew (milliseconds of the page's clock). */
  restsUntil = 0;
  /** The loader's count of changes when the watch was found to lack nothing; -1: it may lack something. */
  settled = -1;
  private bases: { runs: readonly string[]; list: readonly string[] } | null = null;
  private ids: { bases: readonly string[]; part: string; list: readonly string[] } | null = null;
  private found: {
    stamp: number;
    bases: readonly string[];
    part: string;
    list: readonly (Entry | null)[];
  } | null = null;

  constructor(
    private readonly loader: SeriesLoader,
    public want: Want,
    readonly onChange: () => void,
  ) {
    this.settle();
  }

  update(want: Want): void {
    if (want.key !== this.want.key || want.x !== this.want.x) this.bases = null;
    const isMoved = smoothingKey(want.smooth ?? null) !== smoothingKey(this.smooth);
    this.want = want;
    this.settle();
    if (isMoved) this.restsUntil = this.loader.rest();
    this.loader.refresh(this);
  }

  close(): void {
    this.loader.close(this);
  }

  /**
   * The best series known for each run, in the order of the want, smoothed as wanted; runs without the key
   * are left out.
   */
  series(): Series[] {
    const out: Series[] = [];
    for (const entry of this.entries()) {
      if (!entry?.series) continue;
      out.push(smoothSeries(entry.series, smoothingKey(entry.smooth), this.smooth));
    }
    return out;
  }

  /** Whether the first answer for some run is still to come. */
  isLoading(): boolean {
    return this.entries().includes(null);
  }

  retry(): void {
    this.error = null;
    this.loader.schedule();
  }

  /** What the series of each run are kept under, in the order of the want. */
  basesOfRuns(): readonly string[] {
    const { runs, key, x } = this.want;
    if (this.bases?.runs !== runs) {
      this.bases = { runs, list: runs.map((run) => `${run}\n${key}\n${x}`) };
    }
    return this.bases.list;
  }

  /** The id of the exact answer for each run, in the order of the want. */
  idsOfRuns(): readonly string[] {
    const bases = this.basesOfRuns();
    const { part } = this;
    if (this.ids?.bases !== bases || this.ids.part !== part) {
      this.ids = { bases, part, list: bases.map((base) => `${base}\n${part}`) };
    }
    return this.ids.list;
  }

  /** What answers the want for each run best, null where nothing is known; worked out when something has changed. */
  entries(): readonly (Entry | null)[] {
    const { loader, part } = this;
    const bases = this.basesOfRuns();
    const before = this.found;
    if (before?.stamp === loader.stamp && before.bases === bases && before.part === part) {
      return before.list;
    }
    const list = bases.map((base) => loader.best(this, base));
    this.found = { stamp: loader.stamp, bases, part, list };
    return list;
  }

  private settle(): void {
    this.settled = -1;
    const { range, px, log = false, smooth = null } = this.want;
    this.range = range === null ? null : snapRange(range, log);
    this.px = snapWidth(px * (range === null ? 1 : widening(range, this.range!, log)));
    this.log = log;
    this.smooth = smooth;
    this.place = placeOf(this.range, this.px, log);
    this.part = partOf(this.place, smooth);
  }
}

export class SeriesLoader {
  private readonly entries = new Map<string, Map<string, Entry>>();
  private readonly watches = new Set<Watch>();
  private readonly requests = new Set<Request>();
  private readonly pending = new Map<string, Request>();
  private bytes = 0;
  /** Counts changes of what is kept. */
  stamp = 0;
  /** Counts what may make a watch lack something that it did not. */
  private changes = 0;
  /** Counts uses of series, to tell which was used longest ago. */
  private uses = 0;
  private scheduled = false;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private readonly retry = new Retry(() => {
    for (const watch of this.watches) watch.error = null;
    this.schedule();
  });

  constructor(
    private readonly ask: Ask,
    /** Calls back once, soon, after what changes together has changed. */
    private readonly soon: (work: () => void) => void,
    private readonly limitBytes = CACHE_BYTES,
  ) {}

  open(want: Want, onChange: () => void): Watch {
    const watch = new Watch(this, want, onChange);
    this.watches.add(watch);
    this.schedule();
    return watch;
  }

  close(watch: Watch): void {
    this.watches.delete(watch);
    this.leave(watch, () => false);
  }

  /** The watch wants something else now. */
  refresh(watch: Watch): void {
    if (this.requests.size > 0) {
      const wanted = new Set(watch.idsOfRuns());
      this.leave(watch, (id) => wanted.has(id));
    }
    this.schedule();
  }

  /** A slider moved: answers until when the server is not asked for what it says. */
  rest(): number {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.schedule(), REST_MS + 1);
    return performance.now() + REST_MS;
  }

  /** Says that runs have more rows (null: any run may). */
  markChanged(runs: readonly string[] | null): void {
    this.changes += 1;
    const changed = runs === null ? null : new Set(runs);
    for (const [base, parts] of this.entries) {
      if (changed !== null && !changed.has(base.slice(0, base.indexOf("\n")))) continue;
      for (const entry of parts.values()) entry.dirty = true;
    }
    for (const request of this.requests) {
      for (const id of request.ids) {
        const run = id.slice(0, id.indexOf("\n"));
        if (changed === null || changed.has(run)) request.changed.add(run);
      }
    }
    if (runs === null) this.clearErrors();
    this.schedule();
  }

  /** Forgets every series of a run (it was deleted or restored). */
  forget(run: string): void {
    this.changes += 1;
    this.stamp += 1;
    for (const [base, parts] of this.entries) {
      if (!base.startsWith(`${run}\n`)) continue;
      for (const entry of parts.values()) this.bytes -= entry.bytes;
      this.entries.delete(base);
    }
  }

  clearErrors(): void {
    this.retry.reset();
    for (const watch of this.watches) {
      if (watch.error === null) continue;
      watch.error = null;
      watch.onChange();
    }
    this.schedule();
  }

  schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.soon(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  /** Asks at once, for who cannot wait. */
  askNow(): void {
    this.flush();
  }

  /** Whether nothing was asked for yet. */
  isFresh(): boolean {
    return this.entries.size + this.requests.size === 0;
  }

  /** The entry that answers the watch for a run (by its base), exactly or (until that is there) coarsely. */
  best(watch: Watch, base: string): Entry | null {
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

  private leave(watch: Watch, stillWants: (id: string) => boolean): void {
    for (const request of this.requests) {
      if (!request.watches.has(watch) || [...request.ids].some(stillWants)) continue;
      request.watches.delete(watch);
      if (request.watches.size === 0) request.abort.abort();
    }
  }

  private flush(): void {
    const groups = this.gather();
    // The first answer is waited for alone, so that it shares the server with no other.
    const most = this.entries.size === 0 ? 1 : MAX_UNDER_WAY;
    for (const group of groups) {
      if (this.requests.size >= most) return;
      // A server that works on what is below the page as well is late with what is on it.
      if (!group.visible && this.isSightAwaited()) return;
      this.send(group);
    }
  }

  /** Whether an answer for a panel in sight is under way. */
  isSightAwaited(): boolean {
    for (const { watches } of this.requests) {
      for (const watch of watches) if (watch.want.visible) return true;
    }
    return false;
  }

  /** What the watches lack, in as few questions as possible, visible panels first. */
  private gather(): Group[] {
    const groups = new Map<string, Group>();
    const ordered = [...this.watches].sort(
      (a, b) => Number(b.want.visible) - Number(a.want.visible),
    );
    const now = performance.now();
    for (const watch of ordered) {
      if (watch.error !== null || watch.settled === this.changes) continue;
      const isResting = watch.restsUntil > now;
      const missing: string[] = [];
      const changed = new Map<string, Entry>();
      let isAwaited = false;
      const ids = watch.idsOfRuns();
      const found = watch.entries();
      for (let i = 0; i < ids.length; i++) {
        const run = watch.want.runs[i]!;
        const best = found[i]!;
        const entry = best !== null && isAnswer(best, watch) ? best : null;
        const under = this.requestFor(watch, ids[i]!, entry);
        if (under) {
          under.watches.add(watch);
          isAwaited = true;
        } else if (entry === null || isOvergrown(entry)) missing.push(run);
        else if (entry.dirty && (hasSessions(entry.mark) || looksAhead(entry))) missing.push(run);
        else if (entry.dirty) changed.set(run, entry);
      }
      if (!isAwaited && missing.length + changed.size === 0) watch.settled = this.changes;
      const { key, x, visible } = watch.want;
      const { log, smooth } = watch;
      if (missing.length > 0 && !isResting) {
        const asked = { x, range: watch.range, px: watch.px, log, smooth, since: null, visible };
        // The list itself where it lacks all of it: that one has its name already.
        const isWhole = missing.length === ids.length;
        this.join(groups, watch, key, { ...asked, runs: isWhole ? watch.want.runs : missing });
      }
      for (const [signature, runs] of groupChanged(changed)) {
        const entry = changed.get(runs[0]!)!;
        const since = Object.fromEntries(runs.map((run) => [run, changed.get(run)!.mark]));
        const range = entry.ranged ? watch.range : null;
        const { px, log, smooth } = entry;
        this.join(
          groups,
          watch,
          key,
          { x, range, px, log, smooth, since, runs, visible },
          signature,
        );
      }
    }
    const inOrder = [...groups.values()].sort((a, b) => Number(b.visible) - Number(a.visible));
    const isFirst = this.isFresh();
    return inOrder.flatMap((group, i) => split(group, isFirst && i === 0 ? FIRST_BATCH : null));
  }

  /** The request under way that will answer a watch for a run, or bring more of what it has. */
  private requestFor(watch: Watch, id: string, entry: Entry | null): Request | undefined {
    if (this.pending.size === 0) return undefined;
    const own = this.pending.get(id);
    if (entry === null || entry.part === watch.part) return own;
    return this.pending.get(idOf(entry)) ?? own;
  }

  private join(
    groups: Map<string, Group>,
    watch: Watch,
    key: string,
    asked: Omit<Group, "keys">,
    signature = "",
  ): void {
    const { x, range, px, log, smooth, visible, runs } = asked;
    const part = partOf(placeOf(range, px, log), smooth);
    const id = [x, part, signature, visible, nameOf(runs)].join("|");
    let group = groups.get(id);
    if (!group) {
      group = { ...asked, keys: new Map() };
      groups.set(id, group);
    }
    const watches = group.keys.get(key) ?? new Set();
    watches.add(watch);
    group.keys.set(key, watches);
  }

  private send(group: Group): void {
    const keys = [...group.keys.keys()];
    const part = partOf(placeOf(group.range, group.px, group.log), group.smooth);
    const request: Request = {
      ids: new Set(
        keys.flatMap((key) => group.runs.map((run) => `${run}\n${key}\n${group.x}\n${part}`)),
      ),
      watches: new Set([...group.keys.values()].flatMap((watches) => [...watches])),
      abort: new AbortController(),
      changed: new Set(),
    };
    for (const id of request.ids) {
      this.pending.set(id, request);
      const entry = this.entries.size === 0 ? undefined : this.at(id);
      if (entry) entry.dirty = false;
    }
    this.requests.add(request);
    const question: SeriesQuestion = {
      runs: [...group.runs],
      keys,
      x: group.x,
      range: group.range,
      px: group.px,
      mode: "auto",
    };
    if (group.since) question.since = group.since;
    if (group.log) question.log = true;
    if (group.smooth) question.smooth = group.smooth;
    this.ask(question, request.abort.signal)
      .then((answer) => {
        this.retry.succeed();
        this.store(group, part, answer);
        for (const id of request.ids) {
          if (request.changed.has(id.slice(0, id.indexOf("\n")))) this.setDirty(id);
        }
        this.finish(request, null);
      })
      .catch((error: unknown) => {
        if (group.since) for (const id of request.ids) this.setDirty(id);
        this.finish(request, request.abort.signal.aborted ? null : toRequestError(error));
      });
  }

  private store(group: Group, part: string, answer: SeriesAnswer): void {
    this.stamp += 1;
    const found = new Map(answer.series.map((one) => [`${one.run}\n${one.key}`, one]));
    for (const key of group.keys.keys()) {
      for (const run of group.runs) {
        const base = `${run}\n${key}\n${group.x}`;
        const mark = answer.marks[run] ?? "";
        const series = found.get(`${run}\n${key}`) ?? null;
        const known = this.entries.get(base)?.get(part);
        if (group.since) {
          if (!known) continue;
          if (hasSessions(mark)) {
            known.mark = mark;
            known.dirty = true;
            this.changes += 1;
            continue;
          }
          if (series) known.series = known.series ? append(known.series, series) : series;
          if (mark) known.mark = mark;
          if (isOvergrown(known)) this.changes += 1;
          this.resize(known);
        } else {
          this.put({
            base,
            part,
            place: placeOf(group.range, group.px, group.log),
            ranged: group.range !== null,
            px: group.px,
            log: group.log,
            smooth: group.smooth,
            series,
            mark,
            dirty: false,
            bytes: 0,
            used: ++this.uses,
          });
        }
      }
    }
  }

  private put(entry: Entry): void {
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

  private resize(entry: Entry): void {
    this.bytes -= entry.bytes;
    entry.bytes = sizeOf(entry.series);
    this.bytes += entry.bytes;
  }

  private finish(request: Request, error: RequestError | null): void {
    this.requests.delete(request);
    for (const id of request.ids) {
      if (this.pending.get(id) === request) this.pending.delete(id);
    }
    for (const watch of request.watches) {
      if (!this.watches.has(watch)) continue;
      watch.error = error;
      watch.onChange();
    }
    if (error !== null) this.retry.after(error);
    this.evict();
    this.schedule();
  }

  /** Drops the series used longest ago that no panel shows, until the cache fits again. */
  private evict(): void {
    if (this.bytes <= this.limitBytes) return;
    this.changes += 1;
    this.stamp += 1;
    const shown = new Set<string>();
    for (const watch of this.watches) for (const base of watch.basesOfRuns()) shown.add(base);
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

  private at(id: string): Entry | undefined {
    const cut = id.lastIndexOf("\n");
    return this.entries.get(id.slice(0, cut))?.get(id.slice(cut + 1));
  }

  private setDirty(id: string): void {
    const entry = this.at(id);
    if (entry) entry.dirty = true;
    this.changes += 1;
  }
}

const joined = new WeakMap<readonly string[], string>();

/** Tells lists of runs apart by what is in them; worked out once for a list that many panels share. */
function nameOf(runs: readonly string[]): string {
  let name = joined.get(runs);
  if (name === undefined) {
    name = runs.join(",");
    joined.set(runs, name);
  }
  return name;
}

function lastUse(parts: ReadonlyMap<string, Entry>): number {
  let last = 0;
  for (const { used } of parts.values()) last = Math.max(last, used);
  return last;
}

/** Cuts a question of too many series into several, by keys first; `first`: so many in the first of them. */
function split(group: Group, first: number | null): Group[] {
  const out: Group[] = [];
  const most = group.visible ? MAX_BATCH_IN_SIGHT : MAX_BATCH;
  for (let at = 0; at < group.runs.length; at += MAX_BATCH) {
    const runs = group.runs.slice(at, at + MAX_BATCH);
    const keys = [...group.keys];
    for (let from = 0, count = 0; from < keys.length; from += count) {
      const room = out.length === 0 && first !== null ? first : most;
      count = Math.max(1, Math.floor(room / runs.length));
      out.push({ ...group, runs, keys: new Map(keys.slice(from, from + count)) });
    }
  }
  return out;
}

function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RequestError(0, "bad_answer", message);
}

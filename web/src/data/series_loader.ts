/**
 * The series that the page shows: asked for in batches, kept in a bounded cache, kept up to date.
 *
 * A panel opens a `Watch` (one key, many runs) and reads from it what is there. Soon after, the
 * loader gathers what the watches lack and asks for it in as few requests as possible: visible
 * panels first, at most three under way, and a request that no panel waits for any more is aborted.
 * What has changed since it was read is asked for by its mark ("rows since") and appended.
 */
import { append } from "../plots/series.ts";
import { RequestError } from "./client.ts";
import { Retry } from "./retry.ts";
import { SeriesCache } from "./series_cache.ts";
import {
  type Entry,
  groupChanged,
  hasSessions,
  idOf,
  isAnswer,
  isOvergrown,
  looksAhead,
  partOf,
  placeOf,
} from "./series_entries.ts";
import {
  FIRST_BATCH,
  type Group,
  join,
  questionOf,
  type SeriesAnswer,
  type SeriesQuestion,
  split,
} from "./series_questions.ts";
import { type Want, Watch } from "./series_watch.ts";
import type { Range } from "./snap.ts";

export type { Range, SeriesAnswer, SeriesQuestion, Want };
export { Watch };

export type Ask = (question: SeriesQuestion, signal: AbortSignal) => Promise<SeriesAnswer>;

/** More would only share one server process between them, and the first answer would come later. */
const MAX_UNDER_WAY = 3;
const CACHE_BYTES = 192 * 2 ** 20;
/** How long a slider must rest before the server is asked to smooth anew: the page has a likeness until then. */
const REST_MS = 150;

interface Request {
  group: Group;
  ids: Set<string>;
  watches: Set<Watch>;
  abort: AbortController;
  /** Runs that changed while the answer was under way: it may have the new rows or not. */
  changed: Set<string>;
}

export class SeriesLoader {
  private readonly cache: SeriesCache;
  private readonly watches = new Set<Watch>();
  private readonly requests = new Set<Request>();
  private readonly pending = new Map<string, Request>();
  private scheduled = false;
  /** The first chart is drawn before the server works on others: they would share the processors. */
  private isHeld = false;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private readonly retry = new Retry(() => {
    for (const watch of this.watches) watch.error = null;
    this.schedule();
  });

  constructor(
    private readonly ask: Ask,
    /** Calls back once, soon, after what changes together has changed. */
    private readonly soon: (work: () => void) => void,
    limitBytes = CACHE_BYTES,
    /** Calls back once what has changed is drawn. */
    private readonly onceDrawn: (work: () => void) => void = (work) => work(),
  ) {
    this.cache = new SeriesCache(limitBytes);
  }

  /** Counts changes of what is kept. */
  get stamp(): number {
    return this.cache.stamp;
  }

  /** The entry that answers the watch for a run (by its base), exactly or (until that is there) coarsely. */
  best(watch: Watch, base: string): Entry | null {
    return this.cache.best(watch, base);
  }

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
    const changed = runs === null ? null : new Set(runs);
    this.cache.markDirty(changed);
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
    this.cache.forget(run);
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
    return this.cache.size + this.requests.size === 0;
  }

  private shownBases(): Set<string> {
    const shown = new Set<string>();
    for (const watch of this.watches) for (const base of watch.basesOfRuns()) shown.add(base);
    return shown;
  }

  private leave(watch: Watch, stillWants: (id: string) => boolean): void {
    for (const request of this.requests) {
      if (!request.watches.has(watch) || [...request.ids].some(stillWants)) continue;
      request.watches.delete(watch);
      if (request.watches.size === 0) request.abort.abort();
    }
  }

  private flush(): void {
    if (this.isHeld) return;
    const groups = this.gather();
    // The first answer is waited for alone, so that it shares the server with no other.
    const most = this.cache.size === 0 ? 1 : MAX_UNDER_WAY;
    for (const group of groups) {
      if (this.requests.size >= most) return;
      // A server that works on what is below the page as well is late with what is on it.
      if (!group.visible && this.isSightAwaited()) return;
      this.send(group);
    }
  }

  /** Whether an answer for a panel in sight is under way. */
  isSightAwaited(): boolean {
    if (this.isHeld) return true;
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
      if (watch.error !== null || watch.settled === this.cache.changes) continue;
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
      if (!isAwaited && missing.length + changed.size === 0) watch.settled = this.cache.changes;
      const { key, x, visible } = watch.want;
      const { log, smooth } = watch;
      if (missing.length > 0 && !isResting) {
        const asked = { x, range: watch.range, px: watch.px, log, smooth, since: null, visible };
        // The list itself where it lacks all of it: that one has its name already.
        const isWhole = missing.length === ids.length;
        join(groups, watch, key, { ...asked, runs: isWhole ? watch.want.runs : missing });
      }
      for (const [signature, runs] of groupChanged(changed)) {
        const entry = changed.get(runs[0]!)!;
        const since = Object.fromEntries(runs.map((run) => [run, changed.get(run)!.mark]));
        const range = entry.ranged ? watch.range : null;
        const { px, log, smooth } = entry;
        join(groups, watch, key, { x, range, px, log, smooth, since, runs, visible }, signature);
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

  private send(group: Group): void {
    const keys = [...group.keys.keys()];
    const part = partOf(placeOf(group.range, group.px, group.log), group.smooth);
    const request: Request = {
      group,
      ids: new Set(
        keys.flatMap((key) => group.runs.map((run) => `${run}\n${key}\n${group.x}\n${part}`)),
      ),
      watches: new Set([...group.keys.values()].flatMap((watches) => [...watches])),
      abort: new AbortController(),
      changed: new Set(),
    };
    for (const id of request.ids) {
      this.pending.set(id, request);
      const entry = this.cache.size === 0 ? undefined : this.cache.at(id);
      if (entry) entry.dirty = false;
    }
    this.requests.add(request);
    this.ask(questionOf(group), request.abort.signal)
      .then((answer) => {
        const isFirst = this.cache.size === 0;
        this.retry.succeed();
        this.store(group, part, answer);
        for (const id of request.ids) {
          if (request.changed.has(id.slice(0, id.indexOf("\n")))) this.cache.setDirty(id);
        }
        this.isHeld = isFirst;
        this.finish(request, null);
        if (isFirst) this.onceDrawn(() => this.letGo());
      })
      .catch((error: unknown) => {
        this.isHeld = false;
        if (group.since) for (const id of request.ids) this.cache.setDirty(id);
        this.finish(request, request.abort.signal.aborted ? null : toRequestError(error));
      });
  }

  private letGo(): void {
    this.isHeld = false;
    this.schedule();
  }

  private store(group: Group, part: string, answer: SeriesAnswer): void {
    this.cache.stamp += 1;
    const found = new Map(answer.series.map((one) => [`${one.run}\n${one.key}`, one]));
    for (const key of group.keys.keys()) {
      for (const run of group.runs) {
        const base = `${run}\n${key}\n${group.x}`;
        const mark = answer.marks[run] ?? "";
        const series = found.get(`${run}\n${key}`) ?? null;
        const known = this.cache.get(base, part);
        if (group.since) {
          if (!known) continue;
          if (hasSessions(mark)) {
            known.mark = mark;
            known.dirty = true;
            this.cache.changes += 1;
            continue;
          }
          if (series) known.series = known.series ? append(known.series, series) : series;
          if (mark) known.mark = mark;
          if (isOvergrown(known)) this.cache.changes += 1;
          this.cache.resize(known);
        } else {
          this.cache.put({
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
            used: 0,
          });
        }
      }
    }
  }

  private finish(request: Request, error: RequestError | null): void {
    this.requests.delete(request);
    for (const id of request.ids) {
      if (this.pending.get(id) === request) this.pending.delete(id);
    }
    for (const watch of this.watches) {
      if (request.watches.has(watch)) watch.error = error;
      else if (error !== null || !shares(watch, request)) continue;
      watch.onChange();
    }
    if (error !== null) this.retry.after(error);
    this.cache.fit(this.shownBases());
    this.schedule();
  }
}

/** Whether a watch that did not wait for the answer shows what it brought: one out of sight, by the same part. */
function shares(watch: Watch, { group, ids }: Request): boolean {
  if (watch.want.x !== group.x || !group.keys.has(watch.want.key)) return false;
  return watch.entries().some((entry) => entry !== null && ids.has(idOf(entry)));
}

function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RequestError(0, "bad_answer", message);
}

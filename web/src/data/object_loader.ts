/**
 * The media that the page shows: asked for in batches, kept in a bounded cache, kept up to date.
 *
 * A panel opens an `ObjectWatch` (one key, many runs, one pick) and reads from it what is there. Once a
 * frame the loader gathers what the watches lack and asks for it in as few requests as possible: what is
 * in sight first, at most three under way, and a request that no panel waits for any more is aborted.
 * While what is wanted is on its way, a watch goes on answering with what it had.
 */
import { RequestError } from "./client.ts";
import type { ObjectEntry, ObjectPick, ObjectsAnswer } from "./objects.ts";
import { Retry } from "./retry.ts";

export interface ObjectWant {
  key: string;
  runs: readonly string[];
  pick: ObjectPick;
  /** Whether the places of all values are wanted too. */
  index: boolean;
  visible: boolean;
}

export type AskObjects = (
  runs: readonly string[],
  keys: readonly string[],
  pick: ObjectPick,
  index: boolean,
  signal: AbortSignal,
) => Promise<ObjectsAnswer>;

const MAX_UNDER_WAY = 3;
/** What the server takes at most. */
const MAX_RUNS = 1000;
const MAX_KEYS = 100;
/** Values that one request may ask for, so that the first panels do not wait for the last. */
const MAX_VALUES = 4000;
const CACHE_BYTES = 64 * 2 ** 20;

/** The answer for one run, key and question; `entry` null: the run has no such key. */
interface Kept {
  entry: ObjectEntry | null;
  isOld: boolean;
  bytes: number;
}

interface Request {
  ids: readonly string[];
  watches: Set<ObjectWatch>;
  abort: AbortController;
  /** Runs that changed while the answer was under way. */
  changed: Set<string>;
}

interface Group {
  pick: ObjectPick;
  index: boolean;
  runs: readonly string[];
  visible: boolean;
  keys: Map<string, Set<ObjectWatch>>;
}

export class ObjectWatch {
  error: RequestError | null = null;
  question: string;
  private last: ReadonlyMap<string, ObjectEntry | null> = new Map();

  constructor(
    private readonly loader: ObjectLoader,
    public want: ObjectWant,
    readonly onChange: () => void,
  ) {
    this.question = questionOf(want);
  }

  update(want: ObjectWant): void {
    // What was shown stays until there is something else for the key; another key begins empty.
    if (want.key === this.want.key) this.last = new Map(this.answers());
    else this.last = new Map();
    this.want = want;
    const question = questionOf(want);
    if (question !== this.question) this.error = null;
    this.question = question;
    this.loader.refresh(this);
  }

  close(): void {
    this.loader.close(this);
  }

  /** The entries of the runs that have the key, in the order of the want; the earlier ones of runs that are still waited for. */
  entries(): ObjectEntry[] {
    const answers = this.answers();
    return this.want.runs.flatMap((run) => answers.get(run) ?? []);
  }

  /** Whether the answer for some run is still to come. */
  isLoading(): boolean {
    return this.want.runs.some((run) => this.loader.kept(this.idOf(run)) === undefined);
  }

  retry(): void {
    this.error = null;
    this.loader.schedule();
  }

  idOf(run: string): string {
    return `${run}\n${this.want.key}\n${this.question}`;
  }

  private answers(): Map<string, ObjectEntry | null> {
    const found = new Map<string, ObjectEntry | null>();
    for (const run of this.want.runs) {
      const kept = this.loader.kept(this.idOf(run));
      const entry = kept === undefined ? this.last.get(run) : kept.entry;
      if (entry !== undefined) found.set(run, entry);
    }
    return found;
  }
}

function questionOf({ pick, index }: ObjectWant): string {
  return JSON.stringify([pick, index]);
}

export class ObjectLoader {
  /** In the order of their last use, the newest last. */
  private readonly cache = new Map<string, Kept>();
  private readonly watches = new Set<ObjectWatch>();
  private readonly requests = new Set<Request>();
  private readonly pending = new Map<string, Request>();
  private bytes = 0;
  private isScheduled = false;
  private readonly retry = new Retry(() => {
    for (const watch of this.watches) watch.error = null;
    this.schedule();
  });

  constructor(
    private readonly ask: AskObjects,
    private readonly onFrame: (work: () => void) => void,
    private readonly limitBytes = CACHE_BYTES,
  ) {}

  open(want: ObjectWant, onChange: () => void): ObjectWatch {
    const watch = new ObjectWatch(this, want, onChange);
    this.watches.add(watch);
    this.join(watch);
    this.schedule();
    return watch;
  }

  close(watch: ObjectWatch): void {
    this.watches.delete(watch);
    this.leave(watch, () => false);
  }

  /** The watch wants something else now. */
  refresh(watch: ObjectWatch): void {
    const wanted = new Set(watch.want.runs.map((run) => watch.idOf(run)));
    this.leave(watch, (id) => wanted.has(id));
    this.join(watch);
    this.schedule();
  }

  /** What is known of runs (null: of all) may be old. */
  markChanged(runs: readonly string[] | null): void {
    const changed = runs === null ? null : new Set(runs);
    for (const [id, kept] of this.cache) {
      if (changed === null || changed.has(runOf(id))) kept.isOld = true;
    }
    for (const request of this.requests) {
      for (const id of request.ids) {
        if (changed === null || changed.has(runOf(id))) request.changed.add(runOf(id));
      }
    }
    this.schedule();
  }

  kept(id: string): Kept | undefined {
    const kept = this.cache.get(id);
    if (kept !== undefined) {
      this.cache.delete(id);
      this.cache.set(id, kept);
    }
    return kept;
  }

  /** Whether anything that is in sight is still to come. */
  isBusy(): boolean {
    for (const watch of this.watches) {
      if (watch.want.visible && watch.error === null && watch.isLoading()) return true;
    }
    return false;
  }

  schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.onFrame(() => {
      this.isScheduled = false;
      this.pump();
    });
  }

  /** Has a watch told of answers under way that it waits for, too: they may come before the next frame. */
  private join(watch: ObjectWatch): void {
    for (const run of watch.want.runs) this.pending.get(watch.idOf(run))?.watches.add(watch);
  }

  /** Aborts requests that only this watch has waited for, unless it waits for one of them still. */
  private leave(watch: ObjectWatch, waits: (id: string) => boolean): void {
    for (const request of this.requests) {
      if (!request.watches.has(watch) || request.ids.some(waits)) continue;
      request.watches.delete(watch);
      if (request.watches.size > 0) continue;
      request.abort.abort();
      this.drop(request);
    }
  }

  private drop(request: Request): void {
    this.requests.delete(request);
    for (const id of request.ids) {
      if (this.pending.get(id) === request) this.pending.delete(id);
    }
  }

  private pump(): void {
    const groups = this.gather();
    groups.sort((a, b) => Number(b.visible) - Number(a.visible));
    for (const group of groups.flatMap(split)) {
      if (this.requests.size >= MAX_UNDER_WAY) return;
      this.send(group);
    }
  }

  private gather(): Group[] {
    const groups = new Map<string, Group>();
    for (const watch of this.watches) {
      if (watch.error !== null) continue;
      const { key, pick, index, visible } = watch.want;
      const runs: string[] = [];
      for (const run of watch.want.runs) {
        const id = watch.idOf(run);
        if (!this.pending.has(id) && this.cache.get(id)?.isOld !== false) runs.push(run);
      }
      if (runs.length === 0) continue;
      const id = [watch.question, visible, runs.join()].join("|");
      let group = groups.get(id);
      if (group === undefined) {
        group = { pick, index, runs, visible, keys: new Map() };
        groups.set(id, group);
      }
      group.keys.set(key, (group.keys.get(key) ?? new Set()).add(watch));
    }
    return [...groups.values()];
  }

  private send({ pick, index, runs, keys }: Group): void {
    const question = JSON.stringify([pick, index]);
    const names = [...keys.keys()];
    const request: Request = {
      ids: names.flatMap((key) => runs.map((run) => `${run}\n${key}\n${question}`)),
      watches: new Set([...keys.values()].flatMap((watches) => [...watches])),
      abort: new AbortController(),
      changed: new Set(),
    };
    this.requests.add(request);
    for (const id of request.ids) this.pending.set(id, request);
    this.ask(runs, names, pick, index, request.abort.signal).then(
      (answer) => {
        if (!this.requests.has(request)) return;
        this.retry.succeed();
        this.store(request, question, answer);
        this.finish(request, null);
      },
      (error: unknown) => {
        if (this.requests.has(request)) this.finish(request, toRequestError(error));
      },
    );
  }

  private store(request: Request, question: string, answer: ObjectsAnswer): void {
    const found = new Map(
      answer.objects.map((entry) => [`${entry.run}\n${entry.key}\n${question}`, entry]),
    );
    for (const id of request.ids) {
      const entry = found.get(id) ?? null;
      const kept = { entry, isOld: request.changed.has(runOf(id)), bytes: sizeOf(entry) };
      this.bytes += kept.bytes - (this.cache.get(id)?.bytes ?? 0);
      this.cache.delete(id);
      this.cache.set(id, kept);
    }
  }

  private finish(request: Request, error: RequestError | null): void {
    this.drop(request);
    for (const watch of request.watches) {
      if (!this.watches.has(watch)) continue;
      watch.error = error;
      watch.onChange();
    }
    if (error !== null) this.retry.after(error);
    this.evict();
    this.schedule();
  }

  /** Drops the answers used longest ago that nobody shows, until the cache fits again. */
  private evict(): void {
    if (this.bytes <= this.limitBytes) return;
    const shown = new Set<string>();
    for (const watch of this.watches) for (const run of watch.want.runs) shown.add(watch.idOf(run));
    for (const [id, kept] of this.cache) {
      if (this.bytes <= this.limitBytes) return;
      if (shown.has(id)) continue;
      this.bytes -= kept.bytes;
      this.cache.delete(id);
    }
  }
}

function runOf(id: string): string {
  return id.slice(0, id.indexOf("\n"));
}

/** Cuts a question that is too large into several. */
function split(group: Group): Group[] {
  const each = "every" in group.pick ? group.pick.every : 1;
  const perKey = Math.max(1, Math.min(MAX_RUNS, Math.floor(MAX_VALUES / each)));
  const out: Group[] = [];
  for (let at = 0; at < group.runs.length; at += perKey) {
    const runs = group.runs.slice(at, at + perKey);
    const perRequest = Math.max(1, Math.min(MAX_KEYS, Math.floor(perKey / runs.length)));
    const keys = [...group.keys];
    for (let from = 0; from < keys.length; from += perRequest) {
      out.push({ ...group, runs, keys: new Map(keys.slice(from, from + perRequest)) });
    }
  }
  return out;
}

/** Roughly the bytes that an entry takes; its texts are what counts. */
function sizeOf(entry: ObjectEntry | null): number {
  if (entry === null) return 100;
  const index = entry.index === undefined ? 0 : 32 * entry.index.steps.length;
  return 200 + index + entry.values.reduce((sum, { value }) => sum + 80 + weigh(value), 0);
}

function weigh(value: unknown): number {
  if (typeof value === "string") return 2 * value.length + 16;
  if (typeof value !== "object" || value === null) return 8;
  let sum = 16;
  for (const part of Object.values(value)) sum += 16 + weigh(part);
  return sum;
}

function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError(0, "bad_answer", error instanceof Error ? error.message : String(error));
}

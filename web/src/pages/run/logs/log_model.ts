/** The lines of a run's console: read in pages as they come into sight, filtered, searched, and followed. */
import { computed, effect, type Signal, signal } from "@preact/signals";
import type { RequestError } from "../../../data/client.ts";
import { Retry } from "../../../data/retry.ts";
import { getMatches, getOutput, type OutputLine } from "../../../data/run_files.ts";
import { paced } from "../../../state/pace.ts";
import { Ranges } from "./ranges.ts";

/** Lines that are read at once. */
const PAGE = 400;
/** Pages that are kept: 80,000 lines. */
const MOST_PAGES = 200;
const REST_MS = 500;
/** Searching looks at every line: it follows a run that goes on at a slower pace. */
const SEARCH_REST_MS = 2000;

interface Page {
  lines: readonly OutputLine[];
  /** The change of the run after which it was read. */
  turn: number;
}

export type LogLevel = "all" | "error";

export class LogModel {
  readonly total: Signal<number>;
  readonly level = signal<LogLevel>("all");
  readonly find = signal("");
  /** Whether only lines that match are shown. */
  readonly isNarrowed = signal(false);
  /** The lines that contain the text looked for; null while none is, or until they are found. */
  readonly matches = signal<Ranges | null>(null);
  readonly isSearching = signal(false);
  readonly error = signal<RequestError | null>(null);
  /** Grows with every page that is read. */
  readonly reads = signal(0);
  /** The line that is looked at, from 0; null for none. */
  readonly current = signal<number | null>(null);

  private readonly errors = signal<Ranges | null>(null);
  /** Which lines are shown; null for all. */
  private readonly shown = computed(() => {
    const errors = this.level.value === "error" ? this.errors.value : null;
    const matches = this.isNarrowed.value ? this.matches.value : null;
    if (errors === null) return matches;
    return matches === null ? errors : errors.and(matches);
  });
  readonly count = computed(() => this.shown.value?.count ?? this.total.value);
  /** The matches among the lines that the filter leaves. */
  readonly hits = computed(() => {
    const matches = this.matches.value;
    const errors = this.level.value === "error" ? this.errors.value : null;
    return matches === null || errors === null ? matches : matches.and(errors);
  });

  private readonly pages = new Map<number, Page>();
  private readonly asked = new Set<number>();
  private turn = 0;
  private sight = { first: 0, last: 0 };
  private abort = new AbortController();
  private searching = new AbortController();
  private readonly retry = new Retry(() => this.ask());
  private readonly refresh;
  private readonly search;

  constructor(
    readonly uid: string,
    total: number,
  ) {
    this.total = signal(total);
    this.refresh = paced(() => this.readAgain(), REST_MS);
    this.search = paced(() => this.look(), SEARCH_REST_MS);
  }

  /** Follows what is looked for until the returned function is called. */
  watch(): () => void {
    const stop = effect(() => {
      // Another question: the answer to the last one is of no use.
      this.searching.abort();
      this.searching = new AbortController();
      this.matches.value = null;
      if (this.find.value !== "" || this.level.value === "error") {
        this.isSearching.value = this.find.value !== "";
        void this.look();
      } else this.isSearching.value = false;
    });
    return () => {
      stop();
      this.refresh.stop();
      this.search.stop();
      this.retry.reset();
      this.abort.abort();
      this.searching.abort();
    };
  }

  /** The run has changed: lines were added, or written anew. */
  changed(): void {
    this.turn += 1;
    this.refresh();
    if (this.find.peek() !== "" || this.level.peek() === "error") this.search();
  }

  lineOfRow(row: number): number {
    return this.shown.value?.at(row) ?? row;
  }

  /** The row of a line, or of the next one that is shown. */
  rowOfLine(n: number): number {
    return this.shown.peek()?.placeOf(n) ?? n;
  }

  /** A line, null until it is read. */
  line(n: number): OutputLine | null {
    return this.pages.get(Math.floor(n / PAGE))?.lines[n % PAGE] ?? null;
  }

  /** Says which rows are in sight: they are read if they are not there. */
  see(first: number, last: number): void {
    this.sight = { first, last };
    this.ask();
  }

  private pagesInSight(): number[] {
    const found = new Set<number>();
    const most = Math.min(this.sight.last, this.count.peek() - 1);
    for (let row = this.sight.first; row <= most; row++) {
      found.add(Math.floor((this.shown.peek()?.at(row) ?? row) / PAGE));
    }
    return [...found];
  }

  private ask(): void {
    for (const page of this.pagesInSight()) {
      const known = this.pages.get(page);
      const isShort = known !== undefined && known.lines.length < this.expected(page);
      if ((known === undefined || isShort) && !this.asked.has(page)) void this.read(page);
    }
  }

  private expected(page: number): number {
    return Math.min(PAGE, this.total.peek() - page * PAGE);
  }

  private async read(page: number): Promise<void> {
    this.asked.add(page);
    const { turn } = this;
    try {
      const { signal } = this.abort;
      const { total, lines } = await getOutput(this.uid, page * PAGE, (page + 1) * PAGE, signal);
      this.pages.delete(page);
      this.pages.set(page, { lines, turn });
      this.forget();
      this.total.value = total;
      this.error.value = null;
      this.retry.succeed();
      this.reads.value += 1;
    } catch (error) {
      if (this.abort.signal.aborted) return;
      this.error.value = error as RequestError;
      this.retry.after(error as RequestError);
    } finally {
      this.asked.delete(page);
    }
  }

  /** The pages that were not looked at for longest go first. */
  private forget(): void {
    for (const page of this.pages.keys()) {
      if (this.pages.size <= MOST_PAGES) return;
      this.pages.delete(page);
    }
  }

  /** Reads what is in sight as it is now, and how many lines there are; all else is read when it comes into sight. */
  private async readAgain(): Promise<void> {
    const inSight = this.pagesInSight();
    for (const [page, { turn }] of this.pages) {
      if (turn !== this.turn && !inSight.includes(page)) this.pages.delete(page);
    }
    const last = Math.max(0, Math.floor((this.total.peek() - 1) / PAGE));
    await Promise.all([...new Set([...inSight.slice(-4), last])].map((page) => this.read(page)));
    this.ask();
  }

  private async look(): Promise<void> {
    const { signal } = this.searching;
    const find = this.find.peek().trim();
    try {
      const [matches, errors] = await Promise.all([
        find === "" ? null : getMatches(this.uid, { find }, signal),
        this.level.peek() === "error" ? getMatches(this.uid, { level: "error" }, signal) : null,
      ]);
      if (signal.aborted) return;
      if (errors) this.errors.value = new Ranges(errors.ranges);
      this.matches.value = matches && new Ranges(matches.ranges);
      this.isSearching.value = false;
      this.ask();
    } catch (error) {
      if (signal.aborted) return;
      this.isSearching.value = false;
      this.error.value = error as RequestError;
    }
  }

  /** The next match after the line that is looked at, or before it; null when nothing matches. */
  step(by: 1 | -1): number | null {
    const hits = this.hits.peek();
    if (hits === null || hits.count === 0) return null;
    const from = this.current.peek();
    let place = 0;
    if (from !== null) {
      place = hits.placeOf(from);
      if (by < 0) place -= 1;
      else if (hits.has(from)) place += 1;
    } else if (by < 0) place = hits.count - 1;
    const n = hits.at((place + hits.count) % hits.count);
    this.current.value = n;
    return n;
  }
}

/** The runs of a project in list order, loaded page by page as far as somebody has scrolled. */
import { batch, signal } from "@preact/signals";
import { getRuns, type RunQuery } from "../data/api.ts";
import type { Culprit, Run } from "../data/wire.ts";

const FIRST_PAGE = 100;
const NEXT_PAGE = 1000;
/** Room for new runs when a page is read again. */
const SLACK = 50;

interface Page {
  cursor: string | null;
  next: string | null;
  runs: Run[];
}

export type ListQuery = Pick<RunQuery, "filter" | "sort" | "columns" | "list">;

export class RunList {
  readonly runs = signal<readonly Run[]>([]);
  readonly matched = signal(0);
  readonly total = signal(0);
  /** Whether the first answer has come. */
  readonly isReady = signal(false);
  readonly error = signal<Error | null>(null);
  /** The query that the runs answer. */
  readonly answered = signal<ListQuery | null>(null);
  /** When nothing matches, the part of the filter that alone excludes everything. */
  readonly culprit = signal<Culprit | null>(null);

  private pages: Page[] = [];
  private query: ListQuery | null = null;
  private abort = new AbortController();
  private isFetching = false;
  /** The project's version of which the last answer is; null before the first. */
  version: number | null = null;

  constructor(
    private readonly entity: string,
    private readonly project: string,
    private readonly firstPage = FIRST_PAGE,
    private readonly onRuns: (runs: readonly Run[]) => void = () => {},
    /** Takes an answer in when the time has come for it. */
    private readonly arrive: (take: () => void) => void = (take) => take(),
  ) {}

  /** Asks anew; the last good list stays until the answer is there. */
  async ask(query: ListQuery): Promise<void> {
    this.abort.abort();
    this.abort = new AbortController();
    this.query = query;
    this.isFetching = false;
    await this.read(null, this.firstPage, (page) => {
      this.pages = [page];
    });
  }

  /** Loads further pages until the run at `index` is there or the list ends. */
  async ensure(index: number): Promise<void> {
    if (this.isFetching || this.error.value) return;
    const last = this.pages.at(-1);
    if (!last?.next || index < this.runs.value.length) return;
    this.isFetching = true;
    const ok = await this.read(last.next, NEXT_PAGE, (page) => {
      this.pages.push(page);
    });
    this.isFetching = false;
    if (ok) await this.ensure(index);
  }

  /**
   * Reads again the first page and those that hold one of `changed` (null: all of them); all, too, when there are fewer
   * runs than before: of one that was deleted or moved away no notice says the name.
   */
  async refresh(changed: ReadonlySet<string> | null): Promise<void> {
    // The first question had no answer: the project may have begun since.
    if (this.pages.length === 0 && this.error.peek() && this.query) await this.ask(this.query);
    const before = this.total.peek();
    for (let i = 0; i < this.pages.length; i++) {
      const page = this.pages[i]!;
      const isStale =
        changed === null ||
        this.total.peek() < before ||
        page.runs.some((run) => changed.has(run.uid));
      if (i > 0 && !isStale) continue;
      const limit = Math.min(1000, Math.max(this.firstPage, page.runs.length + SLACK));
      const ok = await this.read(page.cursor, limit, (answer) => {
        this.pages[i] = this.pages[i + 1] ? upTo(answer, this.pages[i + 1]!) : answer;
      });
      if (!ok) return;
    }
  }

  /** Changes loaded runs before the server has answered. */
  amend(uids: ReadonlySet<string>, change: (run: Run) => Run): void {
    const apply = (run: Run) => (uids.has(run.uid) ? change(run) : run);
    for (const page of this.pages) page.runs = page.runs.map(apply);
    this.runs.value = this.runs.value.map(apply);
  }

  private async read(
    cursor: string | null,
    limit: number,
    store: (page: Page) => void,
  ): Promise<boolean> {
    const { query, abort } = this;
    if (!query) return false;
    try {
      const answer = await getRuns(
        this.entity,
        this.project,
        { ...query, cursor, limit },
        abort.signal,
      );
      if (abort.signal.aborted) return false;
      this.arrive(() => {
        if (abort.signal.aborted) return;
        store({ cursor, next: answer.next, runs: answer.runs });
        this.version = answer.version;
        batch(() => {
          this.answered.value = query;
          this.culprit.value = answer.culprit ?? null;
          this.publish(answer.total, answer.matched);
        });
      });
      return true;
    } catch (error) {
      if (abort.signal.aborted) return false;
      this.arrive(() => {
        this.error.value = error instanceof Error ? error : new Error(String(error));
      });
      return false;
    }
  }

  private publish(total: number, matched: number): void {
    const seen = new Set<string>();
    const runs: Run[] = [];
    for (const page of this.pages) {
      for (const run of page.runs) {
        if (seen.has(run.uid)) continue;
        seen.add(run.uid);
        runs.push(run);
      }
    }
    this.onRuns(runs);
    this.runs.value = runs;
    this.total.value = total;
    this.matched.value = matched;
    this.error.value = null;
    this.isReady.value = true;
  }
}

/** The part of a page before the run with which the next loaded page begins. */
function upTo(page: Page, next: Page): Page {
  const cut = page.runs.findIndex((run) => run.uid === next.runs[0]?.uid);
  return cut < 0 ? page : { ...page, next: next.cursor, runs: page.runs.slice(0, cut) };
}

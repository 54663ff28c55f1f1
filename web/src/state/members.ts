/** The runs inside unfolded groups, read as far as somebody sees them. */
import { signal } from "@preact/signals";
import { getRuns } from "../data/api.ts";
import type { Run } from "../data/wire.ts";
import { inQuotes } from "./filter_tokens.ts";
import { notifyError } from "./toasts.ts";
import type { Workspace } from "./workspace.ts";

/** As many uids as fit into a filter of 4096 characters. */
const AT_ONCE = 100;

export class Members {
  readonly runs = signal<ReadonlyMap<string, Run>>(new Map());
  private readonly waiting = new Set<string>();
  private isBusy = false;
  /** What the runs were read with; with other columns they are read anew. */
  private columns = "";

  constructor(private readonly ws: Workspace) {}

  /** Makes sure that runs are read, some time soon. */
  want(uids: readonly string[]): void {
    const columns = this.ws.askedColumns.peek().join();
    if (columns !== this.columns) {
      this.columns = columns;
      this.runs.value = new Map();
    }
    const there = this.runs.peek();
    for (const uid of uids) if (!there.has(uid)) this.waiting.add(uid);
    if (this.waiting.size > 0 && !this.isBusy) void this.read();
  }

  /** Reads again those that have changed; null: all of them. */
  refresh(changed: ReadonlySet<string> | null): void {
    const stale = [...this.runs.peek().keys()].filter((uid) => changed?.has(uid) ?? true);
    for (const uid of stale) this.waiting.add(uid);
    if (this.waiting.size > 0 && !this.isBusy) void this.read();
  }

  amend(uids: ReadonlySet<string>, change: (run: Run) => Run): void {
    const runs = new Map(this.runs.peek());
    for (const uid of uids) {
      const run = runs.get(uid);
      if (run) runs.set(uid, change(run));
    }
    this.runs.value = runs;
  }

  private async read(): Promise<void> {
    this.isBusy = true;
    try {
      while (this.waiting.size > 0) {
        const uids = [...this.waiting].slice(0, AT_ONCE);
        for (const uid of uids) this.waiting.delete(uid);
        await this.readSome(uids);
      }
    } catch (error) {
      this.waiting.clear();
      notifyError(error);
    }
    this.isBusy = false;
  }

  private async readSome(uids: readonly string[]): Promise<void> {
    const { entity, project, askedColumns } = this.ws;
    const { list } = this.ws.view.peek();
    const answer = await getRuns(entity, project, {
      filter: `uid in (${uids.map(inQuotes).join(", ")})`,
      columns: askedColumns.peek(),
      list,
      limit: AT_ONCE,
    });
    this.ws.learn(answer.runs);
    this.runs.value = new Map([
      ...this.runs.peek(),
      ...answer.runs.map((run) => [run.uid, run] as const),
    ]);
  }
}

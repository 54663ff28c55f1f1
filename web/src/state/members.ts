/** The runs inside unfolded groups, read as far as somebody sees them; `Workspace.known` holds them. */
import { getRuns } from "../data/api.ts";
import { inQuotes } from "./filter_tokens.ts";
import { notifyError } from "./toasts.ts";
import type { Workspace } from "./workspace.ts";

/** As many uids as fit into a filter of 4096 characters. */
const AT_ONCE = 100;

export class Members {
  private read = new Set<string>();
  private readonly waiting = new Set<string>();
  private isBusy = false;
  /** What the runs were read with; with other columns they are read anew. */
  private columns = "";

  constructor(private readonly ws: Workspace) {}

  /** Makes sure that runs are read, some time soon. */
  want(uids: readonly string[]): void {
    const columns = this.ws.askedColumns.peek().join();
    if (columns !== this.columns) this.read.clear();
    this.columns = columns;
    for (const uid of uids) if (!this.read.has(uid)) this.waiting.add(uid);
    if (this.waiting.size > 0 && !this.isBusy) void this.readWaiting();
  }

  /** Reads again those that have changed; null: all of them. */
  refresh(changed: ReadonlySet<string> | null): void {
    const stale = [...this.read].filter((uid) => changed?.has(uid) ?? true);
    for (const uid of stale) this.read.delete(uid);
    this.want(stale);
  }

  private async readWaiting(): Promise<void> {
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
    for (const uid of uids) this.read.add(uid);
    const answer = await getRuns(entity, project, {
      filter: `uid in (${uids.map(inQuotes).join(", ")})`,
      columns: askedColumns.peek(),
      list: this.ws.view.peek().list,
      limit: AT_ONCE,
    });
    this.ws.learn(answer.runs);
  }
}

/** The rows of the run list: what leads it, then the list, or the tree of groups with their runs. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { GroupNode } from "../data/run_routes.ts";
import type { Run } from "../data/wire.ts";
import { groupId } from "./groups.ts";
import { Members } from "./members.ts";
import type { Workspace } from "./workspace.ts";

/** Where a run stands; below the last one that leads the list proper begins. */
export type Place = "list" | "leading" | "last-leading";

export type Row =
  | { kind: "run"; key: string; run: Run; depth: number; place: Place }
  | { kind: "group"; key: string; node: GroupNode; isOpen: boolean }
  /** A run that is not read yet. */
  | { kind: "waiting"; key: string; uid: string };

export class ListRows {
  /** The rows that are there; `count` may be larger while the list is read on as it is scrolled. */
  readonly rows: ReadonlySignal<readonly Row[]>;
  readonly count: ReadonlySignal<number>;
  /** New runs that wait until the pointer has left the rows. */
  readonly heldBack: ReadonlySignal<number>;
  readonly members: Members;
  /** Groups that are not as they come: those above the deepest level unfolded, the deepest folded. */
  private readonly turned = signal<ReadonlySet<string>>(new Set());
  /** The order of the list while the pointer is over it, so that nothing moves away under it. */
  private readonly frozen = signal<{ query: unknown; order: readonly string[] } | null>(null);
  private readonly leadingUids: ReadonlySignal<ReadonlySet<string>>;
  private readonly arranged: ReadonlySignal<{ runs: readonly Run[]; held: number }>;

  constructor(private readonly ws: Workspace) {
    this.members = new Members(ws);
    this.leadingUids = computed(() => new Set(ws.chosen.leading.value.map((run) => run.uid)));
    this.arranged = computed(() => {
      const frozen = this.frozen.value;
      const runs = ws.list.runs.value;
      return frozen !== null && frozen.query === ws.list.answered.value
        ? keepOrder(runs, frozen.order)
        : { runs, held: 0 };
    });
    this.heldBack = computed(() => (this.isGrouped() ? 0 : this.arranged.value.held));
    this.rows = computed(() => (this.isGrouped() ? this.treeRows() : this.flatRows()));
    this.count = computed(() => {
      if (this.isGrouped()) return this.rows.value.length;
      const unread = ws.list.matched.value - ws.list.runs.value.length;
      return this.rows.value.length + Math.max(0, unread);
    });
  }

  isGrouped(): boolean {
    return this.ws.view.value.g.length > 0;
  }

  /** The runs that stand in the list, in its order; of groups those that are unfolded. */
  runs(): readonly Run[] {
    return this.rows.value.flatMap((row) => (row.kind === "run" ? [row.run] : []));
  }

  find(key: string): Row | undefined {
    return this.rows.value.find((row) => row.key === key);
  }

  /** Keeps the order of the rows from now on; new ones that would push others down wait. */
  hold(): void {
    if (this.frozen.peek() !== null || this.ws.view.peek().g.length > 0) return;
    const order = this.ws.list.runs.peek().map((run) => run.uid);
    this.frozen.value = { query: this.ws.list.answered.peek(), order };
  }

  release(): void {
    this.frozen.value = null;
  }

  /** Reads the runs of unfolded groups that stand between two rows. */
  want(first: number, last: number): void {
    const rows = this.rows.peek().slice(first, last + 1);
    const uids = rows.flatMap((row) => (row.kind === "group" ? [] : [uidOf(row)]));
    if (uids.length > 0) this.members.want(uids);
  }

  /** Folds or unfolds a group. */
  readonly toggle = (node: GroupNode): void => {
    const turned = new Set(this.turned.value);
    const id = groupId(node);
    if (!turned.delete(id)) turned.add(id);
    this.turned.value = turned;
  };

  isOpen(node: GroupNode): boolean {
    return this.ws.grouping.isLeaf(node) === this.turned.value.has(groupId(node));
  }

  private leadingRows(): Row[] {
    return this.ws.chosen.leading.value.map((run, i, { length }) => ({
      ...runRow(run, 0),
      place: i === length - 1 ? ("last-leading" as const) : ("leading" as const),
    }));
  }

  private flatRows(): readonly Row[] {
    const { runs } = this.arranged.value;
    const away = this.leadingUids.value;
    const others = away.size > 0 ? runs.filter((run) => !away.has(run.uid)) : runs;
    return [...this.leadingRows(), ...others.map((run) => runRow(run, 0))];
  }

  private treeRows(): readonly Row[] {
    const rows: Row[] = this.leadingRows();
    const known = this.ws.known.value;
    let closedAbove = Number.POSITIVE_INFINITY;
    for (const node of this.ws.grouping.tree.value?.nodes ?? []) {
      if (node.depth > closedAbove) continue;
      const isOpen = this.isOpen(node);
      closedAbove = isOpen ? Number.POSITIVE_INFINITY : node.depth;
      const id = groupId(node);
      rows.push({ kind: "group", key: id, node, isOpen });
      if (!isOpen) continue;
      for (const uid of node.uids ?? []) {
        const run = known.get(uid);
        // A run with several tags stands in several groups.
        const key = `${uid} ${id}`;
        rows.push(run ? { ...runRow(run, node.depth), key } : { kind: "waiting", key, uid });
      }
    }
    return rows;
  }
}

function uidOf(row: Row & { kind: "run" | "waiting" }): string {
  return row.kind === "run" ? row.run.uid : row.uid;
}

function runRow(run: Run, depth: number): Row & { kind: "run" } {
  return { kind: "run", key: run.uid, run, depth, place: "list" };
}

/**
 * Runs in the order that they had, those read since after them. Those that are new and would stand
 * above are left out and counted.
 */
export function keepOrder(
  runs: readonly Run[],
  order: readonly string[],
): { runs: readonly Run[]; held: number } {
  const byUid = new Map(runs.map((run) => [run.uid, run]));
  const known = new Set(order);
  const kept = order.map((uid) => byUid.get(uid)).filter((run) => run !== undefined);
  const lastKnown = runs.findLastIndex((run) => known.has(run.uid));
  const further = runs.slice(lastKnown + 1);
  return { runs: [...kept, ...further], held: runs.length - kept.length - further.length };
}

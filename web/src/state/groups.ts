/** Runs in groups: the tree that the list shows, and what of it is drawn. */
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { slots } from "../base/palette.ts";
import { askGroups, type GroupNode, type GroupTree } from "../data/run_routes.ts";
import type { Json } from "../data/wire.ts";
import { PALETTE_SLOTS, type Paint } from "./paint.ts";
import { isChosenShow } from "./shown_runs.ts";
import type { RunGroup, Workspace } from "./workspace.ts";

const NO_RUNS: ReadonlySet<string> = new Set();

export class Groups {
  readonly tree = signal<GroupTree | null>(null);
  readonly error = signal<Error | null>(null);
  /** The groups that are drawn; null while runs are drawn by themselves. */
  readonly drawn: ReadonlySignal<readonly RunGroup[] | null>;
  /** Runs of groups that are not drawn, by uid. */
  readonly hiddenRuns: ReadonlySignal<ReadonlySet<string>>;
  /** The paint of each group of the deepest level, by its id. */
  readonly paints: ReadonlySignal<ReadonlyMap<string, Paint>>;
  /** The paint of the group that a run is in, by uid. */
  readonly runPaints: ReadonlySignal<ReadonlyMap<string, Paint>>;
  /** The groups of the deepest level. */
  readonly leaves: ReadonlySignal<readonly GroupNode[]>;
  private readonly drawnIds: ReadonlySignal<ReadonlySet<string>>;
  private asked = 0;

  constructor(private readonly ws: Workspace) {
    this.leaves = computed(() => {
      const nodes = this.tree.value?.nodes ?? [];
      const deepest = nodes.reduce((depth, node) => Math.max(depth, node.depth), 0);
      return nodes.filter((node) => node.depth === deepest);
    });
    const paints = computed(() => this.paintLeaves());
    this.paints = unlessSame(paints, (a, b) => haveSameEntries(a, b));
    const runPaints = computed(() => this.paintRuns());
    this.runPaints = unlessSame(runPaints, (a, b) => haveSameEntries(a, b));
    this.hiddenRuns = computed(() => this.collectHidden());
    this.drawn = unlessSame(
      computed(() => this.draw()),
      areSameGroups,
    );
    this.drawnIds = computed(() => new Set(this.drawn.value?.map(({ id }) => id)));
  }

  /** Reads the tree whenever the view asks for another one; answers what ends that. */
  watch(): () => void {
    const query = computed(() => JSON.stringify(this.query()));
    return effect(() => {
      void [query.value];
      void this.refresh();
    });
  }

  async refresh(): Promise<void> {
    const query = this.query();
    const number = ++this.asked;
    if (query === null) {
      this.tree.value = null;
      this.error.value = null;
      return;
    }
    try {
      const tree = await askGroups(this.ws.entity, this.ws.project, query);
      if (number !== this.asked) return;
      this.tree.value = tree;
      this.error.value = null;
    } catch (error) {
      if (number === this.asked) this.error.value = error as Error;
    }
  }

  private query() {
    const { g, q, sort, list } = this.ws.view.value;
    if (g.length === 0 || this.ws.runId !== null) return null;
    const columns = this.ws.listed.value.filter(isMeasured);
    const bare = sort.replace(/^-/, "");
    const isUsable = bare === "created" || bare === "count" || columns.includes(bare);
    return {
      filter: q,
      by: g,
      columns,
      sort: isUsable ? sort : "-created",
      archived: list === "archived",
    };
  }

  private draw(): readonly RunGroup[] | null {
    if (this.tree.value === null) return null;
    const { ghide, hide } = this.ws.view.value;
    const away = new Set(ghide);
    const hidden = new Set(hide);
    const allowed = this.allowedIds();
    const paints = this.paints.value;
    const groups: RunGroup[] = [];
    for (const node of this.leaves.value) {
      const id = groupId(node);
      if (away.has(id)) continue;
      const ids = node.ids ?? [];
      const uids = (node.uids ?? []).filter((_, i) => {
        const run = ids[i]!;
        return !hidden.has(run) && (allowed === null || allowed.has(run));
      });
      if (uids.length === 0) continue;
      groups.push({
        id,
        label: groupLabel(node.path),
        paint: paints.get(id)!,
        count: node.runs,
        uids,
      });
    }
    return groups;
  }

  /** The ids that groups are made of when not of all: what somebody chose to be drawn. */
  private allowedIds(): ReadonlySet<string> | null {
    const { only, show } = this.ws.view.value;
    if (only !== null) return new Set(only);
    return isChosenShow(show) ? new Set(this.ws.shown.value.map((run) => run.id)) : null;
  }

  private collectHidden(): ReadonlySet<string> {
    const { ghide } = this.ws.view.value;
    if (this.tree.value === null || ghide.length === 0) return NO_RUNS;
    const away = new Set(ghide);
    const hidden = new Set<string>();
    for (const node of this.leaves.value) {
      if (!away.has(groupId(node))) continue;
      for (const uid of node.uids ?? []) hidden.add(uid);
    }
    return hidden;
  }

  /** Groups have slots of their own, or the colour of a value that all their runs share. */
  private paintLeaves(): ReadonlyMap<string, Paint> {
    const { column, paintValue } = this.ws.colours;
    const level = column.value === null ? -1 : this.ws.view.value.g.indexOf(column.value);
    const paintOf = paintValue.value;
    if (level < 0 || paintOf === null) {
      return new Map([...paintGroups(this.leaves.value), ...this.chosenPaints()]);
    }
    const paint = (node: GroupNode) => paintOf(node.path[level] ?? null);
    return new Map(this.leaves.value.map((node) => [groupId(node), paint(node)]));
  }

  /** The paints of groups for which somebody chose one. */
  private chosenPaints(): [id: string, paint: Paint][] {
    const { gslots } = this.ws.view.value;
    return this.leaves.value.flatMap((node): [string, Paint][] => {
      const slot = gslots[groupId(node)];
      return slot === undefined ? [] : [[groupId(node), slots.value[slot % PALETTE_SLOTS]!]];
    });
  }

  private paintRuns(): ReadonlyMap<string, Paint> {
    const found = new Map<string, Paint>();
    for (const node of this.leaves.value) {
      const paint = this.paints.value.get(groupId(node))!;
      for (const uid of node.uids ?? []) if (!found.has(uid)) found.set(uid, paint);
    }
    return found;
  }

  // ---- changing what is drawn

  /** Gives a group a slot of the palette; null: its own again. */
  colour(node: GroupNode, slot: number | null): void {
    const { [groupId(node)]: _old, ...others } = this.ws.view.value.gslots;
    this.ws.set({ gslots: slot === null ? others : { ...others, [groupId(node)]: slot } });
  }

  /** Draws all groups under nodes, or none of them. */
  show(nodes: readonly GroupNode[], isOn: boolean): void {
    const leaves = nodes.flatMap((node) => this.leavesUnder(node));
    const touched = new Set(leaves.map(groupId));
    const others = this.ws.view.value.ghide.filter((id) => !touched.has(id));
    batch(() => {
      this.ws.set({ ghide: isOn ? others : [...others, ...touched] });
      if (isOn) this.bringRuns(leaves);
    });
  }

  /** Where none of a group's runs was chosen, or each was hidden by hand, opening the group draws them. */
  private bringRuns(leaves: readonly GroupNode[]): void {
    const ids = leaves.filter((leaf) => !this.isDrawn(leaf)).flatMap((leaf) => leaf.ids ?? []);
    if (ids.length > 0) this.ws.chosen.show(ids, true);
  }

  /** Draws the groups under a node alone; a second time, all of them. */
  solo(node: GroupNode): void {
    const kept = new Set(this.leavesUnder(node).map(groupId));
    const away = this.leaves.value.map(groupId).filter((id) => !kept.has(id));
    const { ghide } = this.ws.view.value;
    const isSolo =
      away.length > 0 && away.length === ghide.length && away.every((id) => ghide.includes(id));
    batch(() => {
      this.ws.set({ ghide: isSolo ? [] : away });
      if (!this.isDrawn(node)) this.bringRuns(this.leavesUnder(node));
    });
  }

  /** Draws the groups under a node, or none of them when any is drawn. */
  toggle(node: GroupNode): void {
    this.show([node], !this.isDrawn(node));
  }

  /** Whether runs of a group, or of one under it, are drawn. */
  isDrawn(node: GroupNode): boolean {
    return this.leavesUnder(node).some((leaf) => this.drawnIds.value.has(groupId(leaf)));
  }

  /** Whether runs, and not groups, are what a group holds. */
  isLeaf(node: GroupNode): boolean {
    return node.depth === this.leaves.value[0]?.depth;
  }

  leavesUnder(node: GroupNode): readonly GroupNode[] {
    if (this.isLeaf(node)) return [node];
    return this.leaves.value.filter((leaf) => startsWith(leaf.path, node.path));
  }
}

/** What `View.ghide` names a group by. */
export function groupId(node: Pick<GroupNode, "path">): string {
  return JSON.stringify(node.path);
}

/** How a path of values reads: `adam · 0.01`. */
export function groupLabel(path: readonly Json[]): string {
  return path.map(valueLabel).join(" · ");
}

export function valueLabel(value: Json): string {
  if (value === null) return "none";
  return typeof value === "string" ? value || "“”" : JSON.stringify(value);
}

function isMeasured(column: string): boolean {
  return /^(config|summary|last|min|max|best)\./.test(column);
}

function startsWith(path: readonly Json[], head: readonly Json[]): boolean {
  return head.every((value, i) => JSON.stringify(value) === JSON.stringify(path[i]));
}

/**
 * A slot for each group: that of its oldest run, or the next free one. Older groups choose first, so
 * a group keeps its colour when others are filtered away or appear, unless two began in one slot.
 */
export function paintGroups(
  nodes: readonly Pick<GroupNode, "path" | "ordinal">[],
): ReadonlyMap<string, Paint> {
  const ordered = nodes.map((node) => [groupId(node), node.ordinal] as const);
  return new Map([...takeSlots(ordered)].map(([id, slot]) => [id, slots.value[slot]!]));
}

/** A slot of the palette for each name, by ordinals; no slot twice while there are others. */
export function takeSlots(
  named: readonly (readonly [name: string, ordinal: number])[],
): ReadonlyMap<string, number> {
  const taken = new Map<string, number>();
  const used = new Array<boolean>(PALETTE_SLOTS).fill(false);
  for (const [name, ordinal] of [...named].sort((a, b) => a[1] - b[1])) {
    let slot = ordinal % PALETTE_SLOTS;
    if (taken.size < PALETTE_SLOTS) while (used[slot]) slot = (slot + 1) % PALETTE_SLOTS;
    used[slot] = true;
    taken.set(name, slot);
  }
  return taken;
}

/** `source`, but the value before it while the new one is the same, so that what depends on it rests. */
function unlessSame<T>(
  source: ReadonlySignal<T>,
  areSame: (a: T, b: T) => boolean,
): ReadonlySignal<T> {
  let last: { value: T } | null = null;
  return computed(() => {
    const { value } = source;
    if (last === null || !areSame(last.value, value)) last = { value };
    return last.value;
  });
}

function haveSameEntries<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): boolean {
  if (a.size !== b.size) return false;
  for (const [name, value] of a) if (b.get(name) !== value) return false;
  return true;
}

function areSameGroups(a: readonly RunGroup[] | null, b: readonly RunGroup[] | null): boolean {
  if (a === null || b === null || a.length !== b.length) return a === b;
  return a.every((one, i) => {
    const other = b[i]!;
    return (
      one.id === other.id &&
      one.paint === other.paint &&
      one.count === other.count &&
      one.uids.length === other.uids.length &&
      one.uids.every((uid, j) => uid === other.uids[j])
    );
  });
}

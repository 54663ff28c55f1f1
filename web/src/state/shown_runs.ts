/** Which runs are drawn: what the view asks for, out of the lists that answer it. */
import { batch, computed, effect, type ReadonlySignal } from "@preact/signals";
import type { Run } from "../data/wire.ts";
import { inQuotes } from "./filter_tokens.ts";
import { type ListQuery, RunList } from "./run_list.ts";
import { DEFAULT_VIEW, type Show, type View } from "./view.ts";
import type { Workspace } from "./workspace.ts";

/** Runs drawn when a project is first opened. */
export const FIRST_SHOWN = 20;
/** Runs drawn at most; beyond that lines say nothing and the page answers slowly. */
export const MOST_SHOWN = 1000;
/** Pinned runs that are asked for by one filter, which has at most 4096 characters. */
const FILTER_ROOM = 3500;

const NEWEST: Readonly<Partial<Record<Show, number>>> = {
  newest: FIRST_SHOWN,
  latest: 1,
  latest10: 10,
};

export class ShownRuns {
  readonly runs: ReadonlySignal<readonly Run[]>;
  /** The pinned runs, in the order in which they were pinned. */
  readonly pinned: ReadonlySignal<readonly Run[]>;
  /**
   * What leads the list: the pinned runs, then the baseline. They are drawn whatever the filter says, so
   * they have rows whatever it says. Of groups only the baseline, which alone has a line of its own there.
   */
  readonly leading: ReadonlySignal<readonly Run[]>;
  /** The rows that the list has, or would have where it was not read to its end; groups count as their runs. */
  readonly rowCount: ReadonlySignal<number>;
  /** Whether every run that matches is drawn, as far as there is room. */
  readonly isAll: ReadonlySignal<boolean>;

  /** The newest runs while the list is sorted by something else, or those that are running. */
  private readonly aside: RunList;
  /** What pins and the baseline name, whether it matches the filter or not. */
  private readonly named: RunList;
  private readonly byId: ReadonlySignal<ReadonlyMap<string, Run>>;
  private readonly listedUids: ReadonlySignal<ReadonlySet<string>>;

  constructor(private readonly ws: Workspace) {
    const learn = (runs: readonly Run[]) => ws.learn(runs);
    this.aside = new RunList(ws.entity, ws.project, FIRST_SHOWN, learn);
    this.named = new RunList(ws.entity, ws.project, undefined, learn);
    this.byId = computed(() => {
      const map = new Map<string, Run>();
      for (const run of ws.known.value.values()) {
        // One that was moved has left.
        if (run.project !== ws.project) continue;
        if (!run.trashed || !map.has(run.id)) map.set(run.id, run);
      }
      return map;
    });
    this.isAll = computed(() => {
      const { show, only, g } = ws.view.value;
      return only === null && (show === "all" || (g.length > 0 && !isChosenShow(show)));
    });
    this.pinned = computed(() => this.choosePinned());
    this.leading = computed(() => this.chooseLeading());
    this.listedUids = computed(() => new Set(ws.list.runs.value.map((run) => run.uid)));
    this.rowCount = computed(() => {
      const { matched } = ws.list;
      if (!this.isListWhole()) return matched.value;
      const listed = this.listedUids.value;
      return matched.value + this.leading.value.filter(({ uid }) => !listed.has(uid)).length;
    });
    this.runs = computed(() => this.choose());
  }

  /** A run by the id that stands in addresses, among those that any answer has named. */
  find(id: string): Run | undefined {
    return this.byId.value.get(id);
  }

  /** Asks for what the list itself does not hold; answers what ends that. */
  watch(): (() => void)[] {
    const { ws } = this;
    const aside = computed(() => JSON.stringify(asideQuery(ws.view.value, ws.askedColumns.value)));
    const named = computed(() => JSON.stringify(namedQuery(ws.view.value, ws.askedColumns.value)));
    return [
      askAlong(this.aside, aside),
      askAlong(this.named, named),
      // Another question (with other columns, too) begins with its first page again.
      effect(() => {
        const isAnswered = ws.list.answered.value !== null;
        const { only, q } = ws.view.value;
        // Which of the runs chosen by hand pass the filter, the list says.
        const isChosen = only !== null && only.length > 0 && q !== "";
        if ((this.isAll.value || isChosen) && isAnswered) void ws.list.ensure(MOST_SHOWN - 1);
      }),
      effect(() => {
        const isRunning = ws.view.value.show === "running";
        const isAnswered = this.aside.answered.value !== null;
        if (isRunning && isAnswered) void this.aside.ensure(MOST_SHOWN - 1);
      }),
    ];
  }

  async refresh(changed: ReadonlySet<string> | null): Promise<void> {
    const view = this.ws.view.peek();
    if (asideQuery(view, []) !== null) await this.aside.refresh(changed);
    if (namedQuery(view, []) !== null) await this.named.refresh(changed);
  }

  private choosePinned(): readonly Run[] {
    const found = this.ws.view.value.rpin.map((id) => this.byId.value.get(id));
    return found.filter((run) => run !== undefined && !run.trashed) as Run[];
  }

  private chooseLeading(): readonly Run[] {
    const { list, base, g } = this.ws.view.value;
    if (list === "trash") return [];
    const pinned = g.length > 0 ? [] : this.pinned.value;
    const baseline = base ? this.byId.value.get(base) : undefined;
    const isFurther = baseline !== undefined && !baseline.trashed && !pinned.includes(baseline);
    return isFurther ? [...pinned, baseline] : pinned;
  }

  private choose(): readonly Run[] {
    const { ws } = this;
    const { hide, list } = ws.view.value;
    if (ws.runId !== null) {
      const run = ws.detail.value;
      return run ? [run] : [];
    }
    const hidden = new Set(hide);
    const apart = ws.grouping.hiddenRuns.value;
    const { known } = ws;
    const chosen = new Map<string, Run>();
    const isRow = this.rowTest();
    for (const run of this.candidates()) {
      const isDrawn = !hidden.has(run.id) && (list === "trash" || !run.trashed) && isRow(run);
      if (isDrawn && !apart.has(run.uid)) chosen.set(run.uid, known.value.get(run.uid) ?? run);
    }
    return [...chosen.values()].sort((a, b) => a.ordinal - b.ordinal);
  }

  /**
   * Whether a run has a row, as every run that is drawn has: it passes the filter or leads the list. Of a
   * run further down than the list was read, it is not known; then it has one.
   */
  private rowTest(): (run: Run) => boolean {
    const { list } = this.ws.view.value;
    const leading = new Set(this.leading.value.map((run) => run.uid));
    const listed = this.listedUids.value;
    const isWhole = this.isListWhole();
    return (run) => {
      if (leading.has(run.uid) || listed.has(run.uid)) return true;
      return !isWhole && (list !== "active" || !run.archived);
    };
  }

  /** Whether the list was read to its end. Reads signals. */
  private isListWhole(): boolean {
    const { answered, runs, matched } = this.ws.list;
    return answered.value !== null && runs.value.length >= matched.value;
  }

  private candidates(): readonly Run[] {
    const { only, base } = this.ws.view.value;
    if (only !== null) {
      return only.map((id) => this.byId.value.get(id)).filter((run) => run !== undefined);
    }
    const baseline = base ? this.byId.value.get(base) : undefined;
    return [...this.asShown(), ...this.pinned.value, ...(baseline ? [baseline] : [])];
  }

  private asShown(): readonly Run[] {
    const { show, sort } = this.ws.view.value;
    const listed = this.ws.list.runs.value;
    if (this.isAll.value) return listed.slice(0, MOST_SHOWN);
    if (show === "top") return listed.slice(0, FIRST_SHOWN);
    if (show === "pinned") return [];
    if (show === "running") return this.aside.runs.value.slice(0, MOST_SHOWN);
    const count = NEWEST[show] ?? FIRST_SHOWN;
    if (sort === DEFAULT_VIEW.sort) return listed.slice(0, count);
    // Until the newest are read, the newest of those known.
    const newest = this.aside.isReady.value
      ? this.aside.runs.value
      : [...listed].sort((a, b) => b.created - a.created);
    return newest.slice(0, count);
  }

  // ---- changing it

  /** Draws runs or draws them no more, by id. */
  show(ids: readonly string[], isOn: boolean): void {
    const { ws } = this;
    const { only, hide } = ws.view.value;
    const touched = new Set(ids);
    if (!isOn) {
      if (only !== null) ws.set({ only: only.filter((id) => !touched.has(id)) });
      else ws.set({ hide: [...new Set([...hide, ...ids])] });
      return;
    }
    batch(() => {
      ws.set({ hide: hide.filter((id) => !touched.has(id)) });
      const shown = new Set(this.runs.value.map((run) => run.id));
      const further = ids.filter((id) => !shown.has(id));
      if (further.length > 0 && !this.isAll.value) {
        // Of a choice made before, those that the filter takes out of the list stay chosen.
        ws.set({ only: [...(only ?? shown), ...further], hide: [] });
      }
    });
  }

  /** Draws one run alone, beside the baseline if there is one; a second time, the default again. */
  solo(id: string): void {
    const { only, hide, base } = this.ws.view.value;
    const alone = base && base !== id ? [id, base] : [id];
    const isSolo = only?.join() === alone.join() && hide.length === 0;
    this.ws.set({ only: isSolo ? null : alone, hide: [] });
  }

  /** Draws what a rule says, or nothing. */
  showSet(show: Show | "none"): void {
    if (show === "none") this.ws.set({ only: [], hide: [] });
    else this.ws.set({ show, only: null, hide: [], ghide: [] });
  }
}

/** Whether somebody chose which runs are drawn; groups are otherwise made of all that match. */
export function isChosenShow(show: Show): boolean {
  return show !== "newest" && show !== "top" && show !== "all";
}

/** What the list beside the list is asked for; null while it is not needed. */
function asideQuery(view: View, columns: readonly string[]): ListQuery | null {
  const { q, show, sort, list } = view;
  const newest = { filter: q, sort: DEFAULT_VIEW.sort, columns, list };
  if (show === "running") return { ...newest, filter: withRunning(q) };
  return show in NEWEST && sort !== DEFAULT_VIEW.sort ? newest : null;
}

/** A filter and that the run is running. */
export function withRunning(filter: string): string {
  const text = filter.trim();
  if (text === "") return "state:running";
  if (text.startsWith("{")) return `{"$and": [{"state": "running"}, ${text}]}`;
  return `state:running and (${text})`;
}

function namedQuery(view: View, columns: readonly string[]): ListQuery | null {
  const ids = [...new Set([...view.rpin, ...(view.base ? [view.base] : [])])];
  if (ids.length === 0) return null;
  let filter = "";
  for (const id of ids) {
    if (filter.length < FILTER_ROOM) filter += `${filter ? ", " : ""}${inQuotes(id)}`;
  }
  const list = view.list === "trash" ? "trash" : "archived";
  return { filter: `id in (${filter})`, sort: DEFAULT_VIEW.sort, columns, list };
}

function askAlong(list: RunList, query: ReadonlySignal<string>): () => void {
  return effect(() => {
    const asked = JSON.parse(query.value) as ListQuery | null;
    if (asked !== null) void list.ask(asked);
  });
}

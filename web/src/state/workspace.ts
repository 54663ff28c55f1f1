/**
 * One open project: its runs, keys and series, the view on them, and what keeps them current.
 *
 * A run's page is a workspace that shows one run only.
 */
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import {
  deleteRunForEver,
  getColumns,
  getKeys,
  getRun,
  patchRun,
  restoreRun,
  trashRun,
} from "../data/api.ts";
import { askSeries } from "../data/series_answer.ts";
import { SeriesLoader } from "../data/series_loader.ts";
import { type Liveness, watchChanges } from "../data/stream.ts";
import type { Column, Key, Run, RunDetail, RunPatch } from "../data/wire.ts";
import { createViewHistory } from "../plots/view_history.ts";
import { paced } from "./pace.ts";
import { type Paint, type PaintOf, paintBySlot } from "./paint.ts";
import { RunList } from "./run_list.ts";
import { arrange, isChartable, type Section } from "./sections.ts";
import { cascade, type Overrides, override, type PanelSettings } from "./settings.ts";
import { suggestColumns } from "./suggested_columns.ts";
import { notify, notifyError } from "./toasts.ts";
import { DEFAULT_VIEW, type View } from "./view.ts";
import { ViewAddress } from "./view_address.ts";

/** Runs drawn when a project is first opened. */
export const FIRST_SHOWN = 20;
/** Runs drawn at most; beyond that lines say nothing and the page answers slowly. */
export const MOST_SHOWN = 1000;

export interface Hover {
  /** The panel that the pointer is over. */
  panel: string;
  axis: string;
  x: number;
}

/** Runs that share the values of the columns in `View.g`. */
export interface RunGroup {
  /** The JSON of the path of values: what `View.ghide` names. */
  id: string;
  /** As it is read: `adam · 0.01`. */
  label: string;
  paint: Paint;
  /** All of them, of which `uids` names at most 1000. */
  count: number;
  uids: readonly string[];
}

export class Workspace {
  readonly path: string;
  readonly view = signal<View>(DEFAULT_VIEW);
  /** Where the view comes from and where it is kept. */
  readonly address: ViewAddress;
  readonly list: RunList;
  /** Every run that an answer has named, by uid. */
  readonly known = signal<ReadonlyMap<string, Run>>(new Map());
  readonly keys = signal<readonly Key[]>([]);
  readonly areKeysReady = signal(false);
  readonly keysError = signal<Error | null>(null);
  /** Every column that runs of the project have. */
  readonly columns = signal<readonly Column[]>([]);
  /** The columns beside the names of the runs. */
  readonly listed = computed(() => this.view.value.cols ?? suggestColumns(this.columns.value));
  readonly liveness = signal<Liveness>("connecting");
  /** When the server last told of anything, in seconds since the epoch. */
  readonly heardAt = signal<number | null>(null);
  /** The run of a run's page. */
  readonly detail = signal<RunDetail | null>(null);
  readonly detailError = signal<Error | null>(null);
  readonly hover = signal<Hover | null>(null);
  /** The run whose row in a list is under the pointer. */
  readonly pointedRun = signal<string | null>(null);
  /** The run whose line is under the pointer: its row is marked, its line does not need to be. */
  readonly lit = signal<string | null>(null);
  /** The run whose line was clicked. */
  readonly selected = signal<string | null>(null);
  /** The run whose line stands out from the others. */
  readonly highlighted = computed(() => {
    const uid = this.pointedRun.value ?? this.selected.value;
    return uid !== null && this.shownUids.value.has(uid) ? uid : null;
  });
  /** The colours of runs, in charts, lists and tables. */
  readonly paint: ReadonlySignal<PaintOf> = computed(() => paintBySlot);
  /** The runs that are drawn as groups; null while none is asked for. */
  readonly groups = signal<readonly RunGroup[] | null>(null);
  /** Where double-click in a chart goes back to. */
  readonly history = createViewHistory();
  readonly loader: SeriesLoader;
  /** The key of the panel that the pointer is over. */
  pointed: string | null = null;

  readonly shown: ReadonlySignal<readonly Run[]>;
  /** The uids of `shown`, in its order. */
  readonly shownOrder: ReadonlySignal<readonly string[]>;
  readonly shownUids: ReadonlySignal<ReadonlySet<string>>;
  readonly sections: ReadonlySignal<readonly Section[]>;
  readonly chartKeys: ReadonlySignal<readonly Key[]>;
  /** The section in which each key's panel stands. */
  private readonly sectionIds: ReadonlySignal<ReadonlyMap<string, string>>;

  private readonly newest: RunList;
  private readonly byId = computed(() => {
    const map = new Map<string, Run>();
    for (const run of this.known.value.values()) {
      if (!run.trashed || !map.has(run.id)) map.set(run.id, run);
    }
    return map;
  });
  private readonly missingIds = new Set<string>();
  private readonly changed = new Set<string>();
  private isAllChanged = false;
  private readonly refreshRuns;
  private readonly refreshKeys;
  private readonly stops: (() => void)[] = [];
  /** Between `start` and `stop`. */
  isStarted = false;

  constructor(
    readonly entity: string,
    readonly project: string,
    /** The id of the only run, on a run's page. */
    readonly runId: string | null = null,
  ) {
    this.path = `${entity}/${project}`;
    this.address = new ViewAddress(this);
    const learn = (runs: readonly Run[]) => this.learn(runs);
    this.list = new RunList(entity, project, undefined, learn);
    this.newest = new RunList(entity, project, FIRST_SHOWN, learn);
    this.loader = new SeriesLoader(askSeries, (work) => requestAnimationFrame(work));
    this.refreshRuns = paced(() => this.readRuns(), 1000);
    this.refreshKeys = paced(() => this.readKeys(), 1000);

    this.shown = computed(() => this.chooseShown());
    let lastOrder: readonly string[] = [];
    this.shownOrder = computed(() => {
      const order = this.shown.value.map((run) => run.uid);
      const isSame =
        order.length === lastOrder.length && order.every((uid, i) => uid === lastOrder[i]);
      // The same array again, so that what depends on it rests when only a run's facts have changed.
      if (!isSame) lastOrder = order;
      return lastOrder;
    });
    this.shownUids = computed(() => new Set(this.shownOrder.value));
    this.chartKeys = computed(() => {
      const only = runId === null ? null : this.detail.value;
      const keys = this.keys.value.filter(isChartable);
      if (runId === null) return keys;
      return only === null ? [] : keys.filter((key) => isKeyOf(only, key));
    });
    this.sections = computed(() => arrange(this.chartKeys.value, this.view.value));
    this.sectionIds = computed(() => {
      const ids = new Map<string, string>();
      for (const section of this.sections.value) {
        for (const key of section.keys) ids.set(key.name, section.id);
      }
      return ids;
    });
  }

  /** Starts reading and watching; `stop` ends it. */
  start(): void {
    this.isStarted = true;
    this.stops.push(this.address.start());
    if (this.runId === null) this.watchLists();
    else this.refreshRuns();
    this.refreshKeys();
    this.stops.push(
      watchChanges(this.path, {
        onLiveness: (liveness) => {
          this.liveness.value = liveness;
        },
        onChange: (notice) => {
          if (notice.project === this.path) this.onChange(notice.runs);
        },
        onCatchUp: () => this.onChange(null),
      }),
    );
  }

  stop(): void {
    this.isStarted = false;
    for (const stop of this.stops) stop();
    this.refreshRuns.stop();
    this.refreshKeys.stop();
  }

  // ---- the view

  set(change: Partial<View>): void {
    this.view.value = { ...this.view.value, ...change };
  }

  /** Opens or closes the full screen; the back button undoes it. */
  setFull(key: string | null): void {
    this.set({ full: key });
  }

  /** Goes to the next or previous chart while one is in full screen. */
  stepFull(by: number): void {
    const { full } = this.view.value;
    if (full === null) return;
    const names = this.sections.value.flatMap((section) => section.keys.map((key) => key.name));
    const at = names.indexOf(full);
    const next = names[(at + by + names.length) % names.length];
    if (next !== undefined) this.set({ full: next });
  }

  /** The x axis on which a key is drawn, as the server names it. */
  axisOf(key: Key): string {
    const { x } = this.settingsOf(key.name);
    if (x === "") return key.x ? `metric:${key.x}` : "step";
    if (x === "rel") return "relative";
    return x === "step" || x === "wall" ? x : `metric:${x}`;
  }

  /** The zoomed range on an axis, null for all of it. */
  rangeOn(axis: string): readonly [number, number] | null {
    const { xr } = this.view.value;
    return xr !== null && (xr.axis || "step") === axis ? [xr.lo, xr.hi] : null;
  }

  /** Shows a part of the x axis in all panels, and of the y axis in one. */
  zoom(
    axis: string,
    range: readonly [number, number] | null,
    key: string,
    yRange: readonly [number, number] | null,
  ): void {
    const { [key]: _, ...others } = this.view.value.yr;
    const yr = yRange === null ? others : { ...others, [key]: yRange };
    this.set({
      xr: range && { lo: range[0], hi: range[1], axis: axis === "step" ? "" : axis },
      yr,
    });
  }

  /** Chooses the x axis (`View.x`); a range on the old one means nothing on it. */
  setAxis(x: string): void {
    this.history.clear();
    this.set({ x, xr: null });
  }

  /** Shows everything again. */
  resetZoom(): void {
    this.history.clear();
    this.set({ xr: null, yr: {} });
  }

  /** Makes a run stand out until another is chosen or `null` is; so does pointing at its row. */
  select(run: string | null): void {
    this.selected.value = this.selected.value === run ? null : run;
  }

  /** The settings that hold for a panel. */
  settingsOf(key: string): PanelSettings {
    const view = this.view.value;
    const section = this.sectionIds.value.get(key);
    return cascade(
      view,
      section === undefined ? undefined : view.sections[section],
      view.panels[key],
    );
  }

  /** Changes a setting of one panel (undefined: as its section has it). */
  setPanel<K extends keyof PanelSettings>(
    key: string,
    name: K,
    value: PanelSettings[K] | undefined,
  ): void {
    const { panels } = this.view.value;
    this.set({ panels: replaced(panels, key, override(panels[key], name, value)) });
  }

  /** Changes a setting of a section (undefined: as the page has it). */
  setSection<K extends keyof PanelSettings>(
    id: string,
    name: K,
    value: PanelSettings[K] | undefined,
  ): void {
    const { sections } = this.view.value;
    this.set({ sections: replaced(sections, id, override(sections[id], name, value)) });
  }

  isLogY(key: string): boolean {
    return this.settingsOf(key).ylog;
  }

  /** Turns a panel's logarithmic y axis on or off; what is then as elsewhere is no longer an override. */
  toggleLogY(key: string): void {
    const wanted = !this.isLogY(key);
    this.setPanel(key, "ylog", undefined);
    if (this.isLogY(key) !== wanted) this.setPanel(key, "ylog", wanted);
  }

  togglePin(key: string): void {
    this.set({ pin: toggled(this.view.value.pin, key) });
  }

  toggleFold(section: string): void {
    this.set({ fold: toggled(this.view.value.fold, section) });
  }

  /** Folds every section but one. */
  openOnly(section: string): void {
    const others = this.sections.value.filter((one) => one.id !== section);
    const fold = others.map((one) => one.id).filter((id) => id !== "system");
    this.set({ fold: section === "system" ? [...fold, "system"] : fold });
  }

  /** Asks again for everything that could not be read. */
  retry(): void {
    this.onChange(null);
    if (this.runId === null) void this.readColumns();
  }

  // ---- which runs are drawn

  private chooseShown(): readonly Run[] {
    const { only, hide, show, list } = this.view.value;
    if (this.runId !== null) {
      const run = this.detail.value;
      return run ? [run] : [];
    }
    let runs: readonly Run[];
    if (only !== null) {
      const found = only.map((id) => this.byId.value.get(id));
      runs = found.filter((run) => run !== undefined);
    } else if (show === "newest" && !isNewestFirst(this.view.value)) {
      runs = this.newestRuns().slice(0, FIRST_SHOWN);
    } else {
      runs = this.list.runs.value.slice(0, show === "all" ? MOST_SHOWN : FIRST_SHOWN);
    }
    const hidden = new Set(hide);
    const latest = runs.map((run) => this.known.value.get(run.uid) ?? run);
    return latest
      .filter((run) => !hidden.has(run.id) && (list === "trash" || !run.trashed))
      .sort((a, b) => a.ordinal - b.ordinal);
  }

  /** The newest runs when the list is sorted by something else; until they are read, of those known. */
  private newestRuns(): readonly Run[] {
    if (this.newest.isReady.value) return this.newest.runs.value;
    return [...this.list.runs.value].sort((a, b) => b.created - a.created);
  }

  showRuns(ids: readonly string[], isOn: boolean): void {
    const { only, hide } = this.view.value;
    const touched = new Set(ids);
    if (!isOn) {
      if (only !== null) this.set({ only: only.filter((id) => !touched.has(id)) });
      else this.set({ hide: [...new Set([...hide, ...ids])] });
      return;
    }
    batch(() => {
      this.set({ hide: hide.filter((id) => !touched.has(id)) });
      const shown = new Set(this.shown.value.map((run) => run.id));
      const further = ids.filter((id) => !shown.has(id));
      if (further.length > 0) this.set({ only: [...shown, ...further], hide: [] });
    });
  }

  /** Draws one run alone; a second time, the default again. */
  solo(id: string): void {
    const { only, hide } = this.view.value;
    const isSolo = only?.length === 1 && only[0] === id && hide.length === 0;
    this.set({ only: isSolo ? null : [id], hide: [] });
  }

  showSet(show: View["show"] | "none"): void {
    if (show === "none") this.set({ only: [], hide: [] });
    else this.set({ show, only: null, hide: [] });
    if (show === "all") void this.list.ensure(MOST_SHOWN - 1);
  }

  // ---- reading

  private watchLists(): void {
    const query = computed(() => {
      const { q, sort, list } = this.view.value;
      return JSON.stringify({ filter: q, sort, columns: this.listed.value, list });
    });
    this.stops.push(
      effect(() => {
        if (!this.address.isReady.value) return;
        const asked = JSON.parse(query.value);
        void this.list.ask(asked).then(() => {
          if (this.view.peek().show === "all") void this.list.ensure(MOST_SHOWN - 1);
        });
        if (asked.sort !== DEFAULT_VIEW.sort) {
          void this.newest.ask({ ...asked, sort: DEFAULT_VIEW.sort });
        }
      }),
      effect(() => {
        if (!this.list.isReady.value) return;
        for (const id of this.view.value.only ?? []) {
          if (!this.byId.value.has(id)) void this.readMissing(id);
        }
      }),
    );
    void this.readColumns();
  }

  private async readMissing(id: string): Promise<void> {
    if (this.missingIds.has(id)) return;
    this.missingIds.add(id);
    try {
      this.learn([await getRun(this.entity, this.project, id)]);
    } catch {
      // A link may name a run that is gone; the others are drawn all the same.
    }
  }

  async readColumns(): Promise<void> {
    try {
      this.columns.value = await getColumns(this.entity, this.project);
    } catch (error) {
      notifyError(error);
    }
  }

  private onChange(runs: readonly string[] | null): void {
    this.heardAt.value = Date.now() / 1000;
    this.loader.markChanged(runs);
    if (runs === null) this.isAllChanged = true;
    else for (const run of runs) this.changed.add(run);
    this.refreshRuns();
    this.refreshKeys();
  }

  private async readRuns(): Promise<void> {
    const changed = this.isAllChanged ? null : new Set(this.changed);
    this.isAllChanged = false;
    this.changed.clear();
    if (this.runId !== null) {
      const uid = this.detail.peek()?.uid;
      if (changed === null || uid === undefined || changed.has(uid)) await this.readDetail();
      return;
    }
    await this.list.refresh(changed);
    if (!isNewestFirst(this.view.peek())) await this.newest.refresh(changed);
  }

  private async readDetail(): Promise<void> {
    try {
      const detail = await getRun(this.entity, this.project, this.runId!);
      batch(() => {
        this.detail.value = detail;
        this.detailError.value = null;
        this.learn([detail]);
      });
    } catch (error) {
      this.detailError.value = error as Error;
    }
  }

  private async readKeys(): Promise<void> {
    try {
      const { keys } = await getKeys(this.entity, this.project);
      batch(() => {
        this.keys.value = keys;
        this.areKeysReady.value = true;
        this.keysError.value = null;
      });
      // The first values of a new project bring its first columns.
      if (this.view.peek().cols === null && this.listed.peek().length < 2) {
        await this.readColumns();
      }
    } catch (error) {
      this.keysError.value = error as Error;
    }
  }

  private learn(runs: readonly Run[]): void {
    const known = new Map(this.known.peek());
    let isNew = false;
    for (const run of runs) {
      if (known.get(run.uid)?.version === run.version) continue;
      known.set(run.uid, run);
      isNew = true;
    }
    if (isNew) this.known.value = known;
  }

  // ---- changing runs

  async patch(run: Run, change: RunPatch): Promise<void> {
    await this.apply(() => patchRun(run.uid, change));
  }

  async trash(run: Run): Promise<void> {
    const done = await this.apply(() => trashRun(run.uid));
    if (done) {
      notify(`“${run.name}” is in the trash.`, {
        label: "Undo",
        run: () => void this.restore(run),
      });
    }
  }

  async archive(run: Run, archived: boolean): Promise<void> {
    const done = await this.apply(() => patchRun(run.uid, { archived }));
    if (done) {
      notify(`“${run.name}” is ${archived ? "archived" : "back in the list"}.`, {
        label: "Undo",
        run: () => void this.apply(() => patchRun(run.uid, { archived: !archived })),
      });
    }
  }

  async restore(run: Run): Promise<void> {
    await this.apply(() => restoreRun(run.uid));
  }

  async deleteForEver(run: Run): Promise<void> {
    try {
      await deleteRunForEver(run.uid);
      this.loader.forget(run.uid);
      this.onChange(null);
    } catch (error) {
      notifyError(error);
    }
  }

  private async apply(change: () => Promise<Run | RunDetail>): Promise<boolean> {
    try {
      const run = await change();
      batch(() => {
        this.learn([run]);
        if (this.runId !== null && "writers" in run) this.detail.value = run;
      });
      this.changed.add(run.uid);
      this.refreshRuns();
      return true;
    } catch (error) {
      notifyError(error);
      return false;
    }
  }
}

function isNewestFirst(view: View): boolean {
  return view.sort === DEFAULT_VIEW.sort;
}

/** Whether a run has logged a key; a key without a summary is taken to be of every run. */
function isKeyOf(run: RunDetail, key: Key): boolean {
  return key.name in run.summary || summarisesNothing(run, key);
}

function summarisesNothing(run: RunDetail, key: Key): boolean {
  const metrics = run.metrics as Record<string, { summary?: unknown } | undefined> | null;
  return metrics?.[key.name]?.summary !== undefined;
}

/** `items` with `name` set to `value`, or without it when nothing is in it. */
function replaced(
  items: Readonly<Record<string, Overrides>>,
  name: string,
  value: Overrides,
): Record<string, Overrides> {
  const { [name]: _, ...others } = items;
  return Object.keys(value).length === 0 ? others : { ...others, [name]: value };
}

function toggled(items: readonly string[], item: string): string[] {
  return items.includes(item) ? items.filter((one) => one !== item) : [...items, item];
}

/**
 * One open project: its runs, keys and series, the view on them, and what keeps them current.
 *
 * A run's page is a workspace that shows one run only.
 */
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { inNextFrame, whenServed } from "../base/idle.ts";
import { getColumns, getKeys, getRun } from "../data/api.ts";
import { BandLoader } from "../data/band_loader.ts";
import { askBands } from "../data/bands.ts";
import { RequestError } from "../data/client.ts";
import { askSeries } from "../data/series_answer.ts";
import { SeriesLoader } from "../data/series_loader.ts";
import { type Liveness, type StreamEvents, watchChanges } from "../data/stream.ts";
import type { Column, Key, Run, RunDetail } from "../data/wire.ts";
import { createViewHistory } from "../plots/view_history.ts";
import { RunColours } from "./colouring.ts";
import { axisNamed, defaultAxis } from "./default_axis.ts";
import { Groups } from "./groups.ts";
import { type Place, placeOf, stepOf } from "./marks.ts";
import { paced } from "./pace.ts";
import type { Paint, PaintOf } from "./paint.ts";
import { isChartable, kindsOf, type Panel } from "./panel_kinds.ts";
import { Picks } from "./picks.ts";
import { RunList } from "./run_list.ts";
import { watchRunMedia } from "./run_media.ts";
import { SameY } from "./same_y.ts";
import { isOfSystem, type Section, watchSections } from "./sections.ts";
import { cascade, type PanelSettings } from "./settings.ts";
import { ShownRuns } from "./shown_runs.ts";
import { suggestColumns } from "./suggested_columns.ts";
import { notifyError } from "./toasts.ts";
import { Together } from "./together.ts";
import { DEFAULT_VIEW, isSameBesideZoom, type StillView, type View } from "./view.ts";
import { ViewAddress } from "./view_address.ts";
import { wholeAgain } from "./zoom.ts";

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
  /** The view but for what a zoom changes many times a second: what reads this is not rendered then. */
  readonly still: ReadonlySignal<StillView>;
  /** Where the view comes from and where it is kept. */
  readonly address: ViewAddress;
  readonly list: RunList;
  /** Every run that an answer has named, by uid. */
  readonly known = signal<ReadonlyMap<string, Run>>(new Map());
  readonly keys = signal<readonly Key[]>([]);
  readonly areKeysReady = signal(false);
  readonly keysError = signal<Error | null>(null);
  /** Whether the server knows no such project, or not yet. */
  readonly isUnknown = computed(() => {
    const error = this.keysError.value;
    const isMissing = error instanceof RequestError && error.code === "project_not_found";
    return isMissing && !this.areKeysReady.value;
  });
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
  readonly paint: ReadonlySignal<PaintOf>;
  readonly colours: RunColours;
  readonly grouping: Groups;
  /** The runs that are drawn as groups; null while none is asked for. */
  readonly groups: ReadonlySignal<readonly RunGroup[] | null>;
  readonly picks = new Picks();
  /** Where double-click in a chart goes back to. */
  readonly history = createViewHistory();
  readonly loader: SeriesLoader;
  readonly bands: BandLoader;
  readonly sameY: SameY;
  /** The id of the panel that the pointer is over. */
  pointed: string | null = null;

  /** The columns that are asked for with runs: those listed, and the one that colours them. */
  readonly askedColumns: ReadonlySignal<readonly string[]>;
  readonly chosen: ShownRuns;
  readonly shown: ReadonlySignal<readonly Run[]>;
  /** The uids of `shown`, in its order. */
  readonly shownOrder: ReadonlySignal<readonly string[]>;
  readonly shownUids: ReadonlySignal<ReadonlySet<string>>;
  readonly sections: ReadonlySignal<readonly Section[]>;
  /** The keys with media that the run of a run's page has. */
  readonly runMedia = signal<ReadonlySet<string>>(new Set());
  /** The keys that have panels. */
  readonly panelKeys: ReadonlySignal<readonly Key[]>;
  /** Those that lines can be drawn through. */
  readonly chartKeys: ReadonlySignal<readonly Key[]>;
  /** Every panel by its id, whatever the view leaves out. */
  readonly panels: ReadonlySignal<ReadonlyMap<string, Panel>>;
  /** Panels that are picked to do something with all of them, by id. */
  readonly pickedPanels = signal<ReadonlySet<string>>(new Set());
  /** The step at which media are shown: the one pinned last; null: the newest of each run. `setStep` changes it. */
  readonly step = computed(() => stepOf(this.view.value.marks));
  /** The same where the axis is another one: time, or a metric such as the epoch. `setPlace` changes it. */
  readonly place: ReadonlySignal<Place> = computed(() => {
    const { marks, x } = this.view.value;
    return placeOf(marks, x);
  });
  /** The section of each panel by its id, wherever pins and the panel filter put it: its settings hold. */
  readonly homes: ReadonlySignal<ReadonlyMap<string, string>>;

  private readonly listeners = new Set<(runs: readonly string[] | null) => void>();
  private readonly readers = new Set<(changed: ReadonlySet<string> | null) => void>();
  private readonly missingIds = new Set<string>();
  private readonly changed = new Set<string>();
  private isAllChanged = false;
  /** The first answers, runs and keys: a page with one of them alone would be rendered for nothing. */
  private readonly first = new Together(2, () => this.onFirst());
  /** Kept once the first answers, or the faults in their place, were taken in. */
  readonly firstAnswers: Promise<void>;
  private keepFirst = () => {};
  private keysVersion: number | null = null;
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
    let still: StillView = this.view.peek();
    this.still = computed(() => {
      const view = this.view.value;
      if (!isSameBesideZoom(view, still)) still = view;
      return still;
    });
    this.firstAnswers = new Promise((keep) => {
      this.keepFirst = keep;
    });
    this.address = new ViewAddress(this);
    const learn = (runs: readonly Run[]) => this.learn(runs);
    this.list = new RunList(entity, project, undefined, learn, this.first.arrive);
    this.chosen = new ShownRuns(this);
    this.grouping = new Groups(this);
    this.groups = this.grouping.drawn;
    this.colours = new RunColours(this);
    this.paint = this.colours.paint;
    this.askedColumns = computed(() => {
      const column = this.colours.column.value;
      const listed = this.listed.value;
      return column === null || listed.includes(column) ? listed : [...listed, column];
    });
    // All panels that change together ask together, and before anything is rendered.
    const soon = (work: () => void) => queueMicrotask(work);
    this.loader = new SeriesLoader(askSeries, soon, undefined, inNextFrame);
    this.bands = new BandLoader(askBands, soon);
    this.refreshRuns = paced(() => this.readRuns(), 1000);
    this.refreshKeys = paced(() => this.readKeys(), 1000);

    this.shown = this.chosen.runs;
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
    this.panelKeys = computed(() => {
      const only = runId === null ? null : this.detail.value;
      const keys = this.keys.value.filter((key) => kindsOf(key).length > 0);
      if (runId === null) return keys;
      const media = this.runMedia.value;
      if (only === null) return [];
      // What its machine did has a tab of its own there.
      return keys.filter(
        (key) => !isOfSystem(key.name) && (isKeyOf(only, key) || media.has(key.name)),
      );
    });
    this.chartKeys = computed(() => this.panelKeys.value.filter(isChartable));
    const { sections, homes, panels } = watchSections(this.panelKeys, this.view);
    this.sections = sections;
    this.homes = homes;
    this.panels = panels;
    this.sameY = new SameY(this);
  }

  /** Starts reading and watching; `stop` ends it. */
  start(): void {
    this.isStarted = true;
    this.stops.push(this.address.start());
    this.refreshKeys();
    if (this.runId === null) this.watchLists();
    else {
      this.refreshRuns();
      this.stops.push(watchRunMedia(this));
    }
  }

  /** What can wait until the first charts are asked for. */
  private onFirst(): void {
    this.keepFirst();
    if (!this.isStarted) return;
    const { version } = this.list;
    const isKnown = version !== null && this.keysVersion !== null;
    const events: StreamEvents = {
      onLiveness: (liveness) => {
        this.liveness.value = liveness;
      },
      onChange: (notice) => {
        if (notice.project === this.path) this.onChange(notice.runs);
      },
      onBegin: () => {
        this.heardAt.value = Date.now() / 1000;
        void this.readAside(null);
      },
      onCatchUp: () => this.onChange(null),
    };
    const seen = isKnown ? Math.min(version, this.keysVersion!) : null;
    // Soon, but not beside the first series, on the server's same processor: changes since `seen` are told then, too,
    // and whoever types in the filter needs the columns.
    const isWaiting = () => this.loader.isSightAwaited();
    const begin = () => {
      this.stops.push(watchChanges(this.path, events, seen));
      if (this.runId === null) void this.readColumns();
    };
    this.stops.push(whenServed(isWaiting, begin));
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

  /** Goes to the next or previous panel while one is in full screen. */
  stepFull(by: number): void {
    const { full } = this.view.value;
    if (full === null) return;
    const ids = this.sections.value.flatMap((section) => section.panels.map(({ id }) => id));
    const next = ids[(ids.indexOf(full) + by + ids.length) % ids.length];
    if (next !== undefined) this.set({ full: next });
  }

  /** The x axis on which a key is drawn, as the server names it. */
  axisOf(key: Key): string {
    const { x } = this.settingsOf(key.name);
    return x === "" ? defaultAxis(key) : axisNamed(x);
  }

  /** The zoomed range on an axis, null for all of it. */
  rangeOn(axis: string): readonly [number, number] | null {
    const { xr } = this.view.value;
    return xr !== null && (xr.axis || "step") === axis ? [xr.lo, xr.hi] : null;
  }

  /** The zoomed range of a chart on its axis: its own where it is zoomed by itself, else the page's. */
  rangeOf(key: string, axis: string): readonly [number, number] | null {
    const own = this.view.value.own[key];
    if (own === undefined) return this.rangeOn(axis);
    return own !== null && (own.axis || "step") === axis ? [own.lo, own.hi] : null;
  }

  /** Shows a part of the x axis in all panels (or, zoomed by itself, in this one), and of the y axis in one. */
  zoom(
    axis: string,
    range: readonly [number, number] | null,
    key: string,
    yRange: readonly [number, number] | null,
  ): void {
    const { own } = this.view.value;
    const others = this.sameY.others(key);
    const yr = yRange === null ? others : { ...others, [key]: yRange };
    const xr = range && { lo: range[0], hi: range[1], axis: axis === "step" ? "" : axis };
    this.set(key in own ? { own: { ...own, [key]: xr }, yr } : { xr, yr });
  }

  /** Chooses the x axis (`View.x`); a range on the old one means nothing on it. */
  setAxis(x: string): void {
    this.history.clear();
    this.set({ x, xr: null, own: wholeAgain(this.view.value) });
  }

  /** Shows everything again. */
  resetZoom(): void {
    this.history.clear();
    this.set({ xr: null, own: wholeAgain(this.view.value), yr: {} });
  }

  /** Makes a run stand out until another is chosen or `null` is; so does pointing at its row. */
  select(run: string | null): void {
    this.selected.value = this.selected.value === run ? null : run;
  }

  /** The settings that hold for a panel. */
  settingsOf(key: string): PanelSettings {
    const view = this.view.value;
    const section = this.homes.value.get(key);
    return cascade(
      view,
      section === undefined ? undefined : view.sections[section],
      view.panels[key],
    );
  }

  /** Asks again for everything that could not be read. */
  retry(): void {
    this.onChange(null);
    if (this.runId === null) void this.readColumns();
  }

  // ---- which runs are drawn

  showRuns(ids: readonly string[], isOn: boolean): void {
    this.chosen.show(ids, isOn);
  }

  solo(id: string): void {
    this.chosen.solo(id);
  }

  // ---- reading

  private watchLists(): void {
    const query = computed(() => {
      const { q, sort, list } = this.view.value;
      return JSON.stringify({ filter: q, sort, columns: this.askedColumns.value, list });
    });
    this.stops.push(
      effect(() => {
        if (!this.address.isReady.value) return;
        void this.list.ask(JSON.parse(query.value));
      }),
      effect(() => {
        if (!this.list.isReady.value) return;
        for (const id of this.view.value.only ?? []) {
          if (!this.chosen.find(id)) void this.readMissing(id);
        }
      }),
      ...this.chosen.watch(),
      this.grouping.watch(),
      this.colours.watch(),
    );
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
      // The page itself says so where the project is not there (yet).
      if (!(error instanceof RequestError && error.status === 404)) notifyError(error);
    }
  }

  private onChange(runs: readonly string[] | null): void {
    this.heardAt.value = Date.now() / 1000;
    this.loader.markChanged(runs);
    this.bands.markChanged(runs);
    for (const listener of this.listeners) listener(runs);
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
    await this.readAside(changed);
    for (const listener of this.readers) listener(changed);
  }

  /** Reads what is asked beside the list, where the view asks for it. */
  private async readAside(changed: ReadonlySet<string> | null): Promise<void> {
    await this.chosen.refresh(changed);
    await this.grouping.refresh();
    await this.colours.refresh();
  }

  private async readDetail(): Promise<void> {
    try {
      const detail = await getRun(this.entity, this.project, this.runId!);
      this.first.arrive(() =>
        batch(() => {
          this.detail.value = detail;
          this.detailError.value = null;
          this.learn([detail]);
        }),
      );
    } catch (error) {
      this.first.arrive(() => {
        this.detailError.value = error as Error;
      });
    }
  }

  private async readKeys(): Promise<void> {
    // The columns that come with the first answers are read anyway.
    const isFirst = !this.areKeysReady.peek();
    try {
      const { keys, version } = await getKeys(this.entity, this.project);
      this.first.arrive(() =>
        batch(() => {
          this.keysVersion = version;
          this.keys.value = keys;
          this.areKeysReady.value = true;
          this.keysError.value = null;
        }),
      );
      // The first values of a new project bring its first columns.
      if (!isFirst && this.view.peek().cols === null && this.listed.peek().length < 2) {
        await this.readColumns();
      }
    } catch (error) {
      this.first.arrive(() => {
        this.keysError.value = error as Error;
      });
    }
  }

  /** Takes in runs that an answer names, so that their ids lead to them. */
  learn(runs: readonly Run[]): void {
    const known = new Map(this.known.peek());
    let isNew = false;
    for (const run of runs) {
      const old = known.get(run.uid);
      if (old?.version === run.version && !tellsMore(run, old)) continue;
      known.set(run.uid, run);
      isNew = true;
    }
    if (isNew) this.known.value = known;
  }

  /** Changes runs in the page before the server has answered. */
  amend(uids: readonly string[], change: (run: Run) => Run): void {
    const known = new Map(this.known.peek());
    for (const uid of uids) {
      const run = known.get(uid);
      if (run) known.set(uid, change(run));
    }
    batch(() => {
      this.known.value = known;
      this.list.amend(new Set(uids), change);
    });
  }

  /** Calls `listener` with the uids (null: any) of runs as soon as the server says that they have changed. */
  onChanged(listener: (runs: readonly string[] | null) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Calls `listener` with the uids (null: any) whenever the runs were read again after a change. */
  onRunsRead(listener: (changed: ReadonlySet<string> | null) => void): () => void {
    this.readers.add(listener);
    return () => this.readers.delete(listener);
  }

  /** Reads runs again, whose change this page has caused. */
  reread(uids: readonly string[]): void {
    for (const uid of uids) this.changed.add(uid);
    this.refreshRuns();
  }
}

/** Whether an answer has columns of a run that an earlier one of the same version lacks. */
function tellsMore(run: Run, old: Run): boolean {
  const there = old.columns ?? {};
  return Object.keys(run.columns ?? {}).some((name) => !(name in there));
}

/** Whether a run has logged a key; a key without a summary is taken to be of every run. */
function isKeyOf(run: RunDetail, key: Key): boolean {
  return key.name in run.summary || summarisesNothing(run, key);
}

function summarisesNothing(run: RunDetail, key: Key): boolean {
  const metrics = run.metrics as Record<string, { summary?: unknown } | undefined> | null;
  return metrics?.[key.name]?.summary !== undefined;
}

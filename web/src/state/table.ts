/** The runs table of a workspace: its columns, its rows, the cell that keys move, and the cells that are chosen. */
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { getRuns } from "../data/api.ts";
import type { Run } from "../data/wire.ts";
import { paced } from "./pace.ts";
import {
  describeColumn,
  moved,
  plainColumn,
  readColumn,
  suggestTableColumns,
  type TableColumn,
  writeColumn,
} from "./table_columns.ts";
import { TableExtremes } from "./table_extremes.ts";
import { TableGroups } from "./table_groups.ts";
import { TableRows } from "./table_rows.ts";
import type { Workspace } from "./workspace.ts";

/** A cell: `row` -1 is the heading, `column` -1 the runs' names. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** A rectangle of cells, both ends in it. */
export interface CellRange {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Where the table's columns are kept. */
export interface ColumnStore {
  /** The columns as chosen, or those that suggest themselves. */
  readonly chosen: ReadonlySignal<readonly TableColumn[]>;
  /** Whether somebody chose them. */
  readonly isOwn: ReadonlySignal<boolean>;
  /** null: those that suggest themselves. */
  set(columns: readonly TableColumn[] | null): void;
}

const REST_MS = 1000;
const DIFFERING_REST_MS = 4000;
const MOST_PICKED = 1000;

export class RunTable {
  readonly rows: TableRows;
  readonly extremes: TableExtremes;
  readonly groups: TableGroups;
  /** Names of the columns whose values differ; null while nobody asks or nothing is known. */
  readonly differing = signal<ReadonlySet<string> | null>(null);
  /** The columns as chosen, or those that suggest themselves. */
  readonly chosen: ReadonlySignal<readonly TableColumn[]>;
  /** Whether somebody chose them. */
  readonly isOwn: ReadonlySignal<boolean>;
  /** Those of them that are shown. */
  readonly columns: ReadonlySignal<readonly TableColumn[]>;
  /** How many of the columns shown stay in sight beside the names. */
  readonly frozen: ReadonlySignal<number>;
  /** A width that is being dragged: it enters the address at the end. */
  readonly dragged = signal<{ name: string; width: number } | null>(null);
  readonly cursor = signal<Cell>({ row: 0, column: -1 });
  /** The other corner of what is chosen; null: the cursor alone. */
  readonly corner = signal<Cell | null>(null);
  /** The cell that is being written in. */
  readonly editing = signal<Cell | null>(null);

  private readonly refreshRows;
  private readonly refreshDiffering;
  private readonly stops: (() => void)[] = [];

  constructor(
    readonly ws: Workspace,
    /** Instead of the runs table's own part of the view. */
    private readonly store: ColumnStore | null = null,
  ) {
    const { entity, project } = ws;
    this.rows = new TableRows(
      (query, abort) => getRuns(entity, project, query, abort),
      // Not every row that is scrolled past: what follows from the known runs is worked out anew each time.
      (runs) => ws.learn(runs.filter((run) => ws.known.peek().has(run.uid))),
    );
    this.extremes = new TableExtremes({ entity, project });
    this.refreshRows = paced(async () => this.rows.refresh(), REST_MS);
    this.refreshDiffering = paced(() => this.readDiffering(), DIFFERING_REST_MS);
    this.isOwn = store?.isOwn ?? computed(() => ws.view.value.tcols !== null);
    this.chosen = computed(() => {
      if (store !== null) return store.chosen.value;
      const { tcols, differs } = ws.view.value;
      if (tcols !== null) return tcols.map(readColumn);
      const differing = differs ? this.differing.value : null;
      return suggestTableColumns(ws.columns.value, differing).map(plainColumn);
    });
    this.columns = computed(() => {
      const differing = ws.view.value.differs ? this.differing.value : null;
      const shown = this.chosen.value.filter(({ name }) => !isSame(name, differing));
      const drag = this.dragged.value;
      if (drag === null) return shown;
      return shown.map((one) => (one.name === drag.name ? { ...one, width: drag.width } : one));
    });
    this.frozen = computed(() => {
      const { freeze } = ws.view.value;
      return freeze === "" ? 0 : this.columns.value.findIndex(({ name }) => name === freeze) + 1;
    });
    this.groups = new TableGroups(ws, this.columns);
  }

  start(): void {
    const query = computed(() => {
      const { q, sort, list } = this.ws.view.value;
      return JSON.stringify({ filter: q, sort, list });
    });
    const isDiffering = computed(() => this.ws.view.value.differs);
    this.stops.push(
      effect(() => {
        if (!this.ws.address.isReady.value) return;
        const asked = JSON.parse(query.value);
        batch(() => {
          this.rows.ask(asked);
          this.extremes.ask(asked.filter);
          this.corner.value = null;
          this.editing.value = null;
        });
      }),
      effect(() => {
        query.value;
        if (isDiffering.value) this.refreshDiffering();
        else this.differing.value = null;
      }),
      effect(() => this.pickRows()),
      this.groups.start(),
      this.ws.onRunsRead(() => {
        this.refreshRows();
        this.extremes.refresh();
        if (isDiffering.peek()) this.refreshDiffering();
      }),
    );
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.refreshRows.stop();
    this.refreshDiffering.stop();
    this.extremes.stop();
    this.rows.stop();
  }

  private async readDiffering(): Promise<void> {
    const { entity, project, view } = this.ws;
    const { q, list } = view.peek();
    try {
      const page = { filter: q, list, differs: true, limit: 1 };
      const { differing } = await getRuns(entity, project, page);
      if (view.peek().differs) this.differing.value = new Set(differing ?? []);
    } catch {
      // The rows tell what is wrong with the filter or the server.
    }
  }

  // ---- columns

  /** Changes the columns as chosen, which from now on do not suggest themselves. */
  setColumns(columns: readonly TableColumn[] | null): void {
    if (this.store !== null) this.store.set(columns);
    else this.ws.set({ tcols: columns?.map(writeColumn) ?? null });
  }

  changeColumn(name: string, change: Partial<TableColumn>): void {
    this.setColumns(
      this.chosen.peek().map((one) => (one.name === name ? { ...one, ...change } : one)),
    );
  }

  toggleColumn(name: string): void {
    const chosen = this.chosen.peek();
    const isThere = chosen.some((one) => one.name === name);
    this.setColumns(
      isThere ? chosen.filter((one) => one.name !== name) : [...chosen, plainColumn(name)],
    );
  }

  /** Puts a column where another one stands; both are shown. */
  moveColumn(name: string, to: number): void {
    const target = this.columns.peek()[to]?.name;
    const chosen = this.chosen.peek();
    const from = chosen.findIndex((one) => one.name === name);
    const at = chosen.findIndex((one) => one.name === target);
    if (from >= 0 && at >= 0 && from !== at) this.setColumns(moved(chosen, from, at));
  }

  // ---- cells

  /** The name of a column of cells. */
  nameAt(column: number): string {
    return column < 0 ? "name" : (this.columns.peek()[column]?.name ?? "");
  }

  /** The run of a row that something is done with: from then on the workspace knows it. */
  takeRun(row: number): Run | undefined {
    const run = this.rows.at(row);
    if (run && !this.ws.known.peek().has(run.uid)) this.ws.learn([run]);
    return this.runAt(row);
  }

  runAt(row: number): Run | undefined {
    const run = this.rows.at(row);
    if (!run) return undefined;
    // The workspace has the newest facts of the run, the row has its columns.
    const known = this.ws.known.peek().get(run.uid);
    if (!known || known.version < run.version) return run;
    return { ...run, ...known, columns: run.columns ?? {} };
  }

  /** Moves the cursor, within the table; with `isExtending` the other corner stays. */
  moveTo(cell: Cell, isExtending: boolean): void {
    const most = this.rows.matched.peek() - 1;
    const row = Math.max(isExtending ? 0 : -1, Math.min(most, cell.row));
    const column = Math.max(-1, Math.min(this.columns.peek().length - 1, cell.column));
    batch(() => {
      if (!isExtending) this.corner.value = null;
      else if (this.corner.peek() === null) this.corner.value = this.cursor.peek();
      this.cursor.value = { row, column };
    });
  }

  /** Rows that are chosen with their names are runs that are picked, to do something with all of them. */
  private pickRows(): void {
    const { top, bottom, left } = this.range.value;
    if (this.corner.value === null || left >= 0 || bottom - top >= MOST_PICKED) return;
    const runs: Run[] = [];
    for (let row = Math.max(0, top); row <= bottom; row++) {
      const run = this.rows.at(row);
      if (run) runs.push(run);
    }
    if (runs.length < 2) return;
    this.ws.learn(runs);
    this.ws.picks.set(runs.map((run) => run.uid));
  }

  readonly range: ReadonlySignal<CellRange> = computed(() => {
    const one = this.cursor.value;
    const other = this.corner.value ?? one;
    return {
      top: Math.min(one.row, other.row),
      bottom: Math.max(one.row, other.row),
      left: Math.min(one.column, other.column),
      right: Math.max(one.column, other.column),
    };
  });
}

/** Whether "only what differs" leaves a column out; facts of the run itself always stay. */
function isSame(name: string, differing: ReadonlySet<string> | null): boolean {
  if (differing === null) return false;
  const { group, label } = describeColumn(name);
  if (group === "run") return false;
  return !differing.has(group === "summary" ? `summary.${label}` : name);
}

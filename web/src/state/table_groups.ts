/** The groups of runs above the table: what the table's columns hold over each of them. */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { askGroups, type GroupTree } from "../data/run_routes.ts";
import { paced } from "./pace.ts";
import { describeColumn, readSort, type TableColumn } from "./table_columns.ts";
import type { Workspace } from "./workspace.ts";

const REST_MS = 2000;
/** Columns asked for: what a wide screen shows of them, and some more. */
const MOST_COLUMNS = 24;

export class TableGroups {
  /** null while runs are not grouped. */
  readonly tree = signal<GroupTree | null>(null);
  readonly error = signal<Error | null>(null);
  /** The columns that hold a number in any group. */
  readonly columns: ReadonlySignal<readonly TableColumn[]>;
  private readonly asked: ReadonlySignal<readonly TableColumn[]>;
  private readonly refresh = paced(() => this.read(), REST_MS);
  private number = 0;

  constructor(
    private readonly ws: Workspace,
    columns: ReadonlySignal<readonly TableColumn[]>,
  ) {
    this.asked = computed(() =>
      columns.value
        .filter(({ name }) => describeColumn(name).group !== "run")
        .filter(({ name }) => !ws.view.value.g.includes(name))
        .slice(0, MOST_COLUMNS),
    );
    this.columns = computed(() =>
      this.asked.value.filter(({ name }) =>
        this.tree.value?.nodes.some((node) => (node.columns[name]?.n ?? 0) > 0),
      ),
    );
  }

  /** Reads the groups whenever the view asks for others, and after changes; answers what ends that. */
  start(): () => void {
    const query = computed(() => JSON.stringify(this.query()));
    const stops = [
      effect(() => {
        void [query.value];
        void this.read();
      }),
      this.ws.onRunsRead(() => {
        if (this.tree.peek() !== null) this.refresh();
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      this.refresh.stop();
    };
  }

  private query() {
    const { g, q, sort, list } = this.ws.view.value;
    if (g.length === 0) return null;
    const columns = this.asked.value.map((one) => one.name);
    const first = readSort(sort)[0];
    const isUsable = first && (first.name === "created" || columns.includes(first.name));
    return {
      filter: q,
      by: g,
      columns,
      sort: isUsable ? (first.isDown ? "-" : "") + first.name : "-created",
      archived: list === "archived",
    };
  }

  private async read(): Promise<void> {
    const query = this.query();
    const number = ++this.number;
    if (query === null) {
      this.tree.value = null;
      this.error.value = null;
      return;
    }
    try {
      const tree = await askGroups(this.ws.entity, this.ws.project, query);
      if (number !== this.number) return;
      this.tree.value = tree;
      this.error.value = null;
    } catch (error) {
      if (number === this.number) this.error.value = error as Error;
    }
  }
}

/** The headings of the table: sort, move, make wider, shade. Only those in sight are in the document. */
import type { JSX } from "preact";
import type { RunTable } from "../../state/table.ts";
import type { TableColumn } from "../../state/table_columns.ts";
import {
  clampWidth,
  describeColumn,
  ownWidth,
  pressSort,
  readSort,
} from "../../state/table_columns.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu, MenuItem } from "../../widgets/menu.tsx";
import { PathName } from "../../widgets/path_name.tsx";
import { type ColumnSight, type GridRows, headId } from "./grid_rows.ts";
import { startMove } from "./move_column.ts";

/** Room beside the name of a column, and for a letter of it, in CSS pixels. */
const HEAD_MARKS = 44;
const LETTER = 7;
/** Letters of its end that are seen. */
const HEAD_TAIL = 9;

interface HeadsProps {
  table: RunTable;
  grid: GridRows | null;
  sight: ColumnSight;
}

export function Heads({ table, grid, sight }: HeadsProps): JSX.Element {
  const columns = table.columns.value;
  const cursor = table.cursor.value;
  const edge = grid?.place(columns.length - 1) ?? { left: 0, width: 0 };
  const right = edge.left + edge.width;
  const frozen = Math.min(grid?.frozen.value ?? 0, columns.length);
  const heads: JSX.Element[] = [];
  for (let at = 0; at < frozen; at++) {
    const isCursor = cursor.row < 0 && cursor.column === at;
    const isEdge = at === frozen - 1;
    heads.push(
      <Head key={columns[at]!.name} {...{ table, grid: grid!, at, isCursor, isEdge }} isFrozen />,
    );
  }
  for (
    let at = Math.max(frozen, sight.first);
    at <= Math.min(sight.last, columns.length - 1);
    at++
  ) {
    const isCursor = cursor.row < 0 && cursor.column === at;
    heads.push(<Head key={columns[at]!.name} {...{ table, grid: grid!, at, isCursor }} />);
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: see Grid
    <div class="grid-heads" role="rowgroup" style={{ width: `${right}px` }}>
      {/* biome-ignore lint/a11y/useSemanticElements: see Grid */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: aria-activedescendant moves in it */}
      <div class="grid-head-row" role="row" aria-rowindex={1}>
        <NameHead table={table} isCursor={cursor.row < 0 && cursor.column < 0} />
        {heads}
      </div>
    </div>
  );
}

function sortOf(table: RunTable, name: string): { isDown: boolean; place: number } | null {
  const keys = readSort(table.ws.view.value.sort);
  const at = keys.findIndex((key) => key.name === name);
  if (at < 0) return null;
  return { isDown: keys[at]!.isDown, place: keys.length > 1 ? at + 1 : 0 };
}

function ariaSort(sort: { isDown: boolean } | null): "ascending" | "descending" | "none" {
  if (sort === null) return "none";
  return sort.isDown ? "descending" : "ascending";
}

function SortMark({
  sort,
}: {
  sort: { isDown: boolean; place: number } | null;
}): JSX.Element | null {
  if (sort === null) return null;
  return (
    <span class="sort-mark">
      <Icon name={sort.isDown ? "down" : "up"} />
      {sort.place > 0 && sort.place}
    </span>
  );
}

function press(table: RunTable, name: string, event: MouseEvent): void {
  const { ws } = table;
  ws.set({ sort: pressSort(ws.view.peek().sort, name, event.shiftKey) });
}

function NameHead({ table, isCursor }: { table: RunTable; isCursor: boolean }): JSX.Element {
  const sort = sortOf(table, "name");
  return (
    // biome-ignore lint/a11y/useSemanticElements: see Grid
    // biome-ignore lint/a11y/useFocusableInteractive: aria-activedescendant moves in it
    <div
      id={headId(-1)}
      class={`grid-head name${isCursor ? " cursor" : ""}`}
      role="columnheader"
      aria-colindex={1}
      aria-sort={ariaSort(sort)}
    >
      <button
        type="button"
        class="head-button"
        tabIndex={-1}
        title="Sort by name. Shift: as a further column."
        onClick={(event) => press(table, "name", event)}
      >
        <span class="head-label">Run</span>
        <SortMark sort={sort} />
      </button>
    </div>
  );
}

const GROUP_NAMES = { run: "run", config: "config", summary: "summary" } as const;

interface HeadProps {
  table: RunTable;
  grid: GridRows;
  at: number;
  isCursor: boolean;
  isFrozen?: boolean;
  /** Whether it is the last frozen one. */
  isEdge?: boolean;
}

function Head({ table, grid, at, isCursor, isFrozen, isEdge }: HeadProps): JSX.Element {
  const column = table.columns.value[at]!;
  const { name } = column;
  const { group, label, aggregate } = describeColumn(name);
  const sort = sortOf(table, name);
  const { left, width } = grid.place(at);
  const above = aggregate === null || aggregate === "last" ? GROUP_NAMES[group] : aggregate;
  return (
    // biome-ignore lint/a11y/useSemanticElements: see Grid
    // biome-ignore lint/a11y/useFocusableInteractive: aria-activedescendant moves in it
    <div
      id={headId(at)}
      class={`grid-head ${group}${grid.numeric.value.has(name) ? " number" : ""}${isCursor ? " cursor" : ""}${isFrozen ? " frozen" : ""}${isEdge ? " edge" : ""}`}
      role="columnheader"
      aria-colindex={at + 2}
      aria-sort={ariaSort(sort)}
      style={{ left: `${left}px`, width: `${width}px` }}
    >
      <button
        type="button"
        class="head-button"
        tabIndex={-1}
        aria-label={`${above} ${label}`}
        title={`${name}\nSort; with Shift: as a further column. Drag to move.`}
        onPointerDown={(event) => startMove(event, table, grid, name)}
        onClick={(event) => press(table, name, event)}
      >
        <span class="head-group">{above}</span>{" "}
        <span class="head-label">
          <PathName name={label} fits={(width - HEAD_MARKS) / LETTER} tail={HEAD_TAIL} />
        </span>
      </button>
      <SortMark sort={sort} />
      <HeadMenu table={table} at={at} column={column} />
      <span
        class="head-edge"
        aria-hidden="true"
        onPointerDown={(event) => startResize(event, table, column)}
        onDblClick={() => table.changeColumn(name, { width: ownWidth(name) })}
      />
    </div>
  );
}

function HeadMenu(props: { table: RunTable; at: number; column: TableColumn }): JSX.Element {
  const { table, at, column } = props;
  const { ws } = table;
  const { name, shade } = column;
  const last = table.columns.value.length - 1;
  return (
    <Menu
      label={`Column ${describeColumn(name).label}`}
      class="icon-button head-menu"
      button={<Icon name="chevronDown" />}
      align="right"
      tabIndex={-1}
    >
      {(close) => {
        const pick = (work: () => void) => () => {
          close();
          work();
        };
        const shaded = (to: TableColumn["shade"], text: string) => (
          <MenuItem
            isChosen={shade === to}
            onPick={pick(() => table.changeColumn(name, { shade: to }))}
          >
            {text}
          </MenuItem>
        );
        return (
          <>
            <MenuItem onPick={pick(() => ws.set({ sort: name }))}>Sort ascending</MenuItem>
            <MenuItem onPick={pick(() => ws.set({ sort: `-${name}` }))}>Sort descending</MenuItem>
            <p class="menu-title">In the cells</p>
            {shaded("none", "Numbers alone")}
            {shaded("bar", "Bars")}
            {shaded("heat", "Heat")}
            <p class="menu-title">The column</p>
            {at > 0 && (
              <MenuItem onPick={pick(() => table.moveColumn(name, at - 1))}>Move left</MenuItem>
            )}
            {at < last && (
              <MenuItem onPick={pick(() => table.moveColumn(name, at + 1))}>Move right</MenuItem>
            )}
            {ws.view.value.freeze === name ? (
              <MenuItem onPick={pick(() => ws.set({ freeze: "" }))}>Unfreeze</MenuItem>
            ) : (
              <MenuItem onPick={pick(() => ws.set({ freeze: name }))}>Freeze up to here</MenuItem>
            )}
            <MenuItem onPick={pick(() => table.toggleColumn(name))}>Hide</MenuItem>
          </>
        );
      }}
    </Menu>
  );
}

/** Makes a column as wide as its edge is dragged. */
function startResize(event: PointerEvent, table: RunTable, column: TableColumn): void {
  const edge = event.currentTarget as HTMLElement;
  event.stopPropagation();
  event.preventDefault();
  edge.setPointerCapture(event.pointerId);
  const start = event.clientX;
  const width = (moved: PointerEvent) => clampWidth(column.width + moved.clientX - start);
  const onMove = (moved: PointerEvent) => {
    table.dragged.value = { name: column.name, width: width(moved) };
  };
  edge.addEventListener("pointermove", onMove);
  edge.addEventListener(
    "lostpointercapture",
    () => {
      edge.removeEventListener("pointermove", onMove);
      const drag = table.dragged.peek();
      table.dragged.value = null;
      if (drag) table.changeColumn(drag.name, { width: drag.width });
    },
    { once: true },
  );
}

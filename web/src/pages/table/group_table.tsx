/** Groups of runs above the table: how many runs each has, and mean and deviation of the table's columns. */
import type { JSX } from "preact";
import { formatValue, groupDigits } from "../../base/numbers.ts";
import type { GroupNode, Spread } from "../../data/run_routes.ts";
import { groupId, groupLabel, valueLabel } from "../../state/groups.ts";
import type { RunTable } from "../../state/table.ts";
import { describeColumn, pressSort, type TableColumn } from "../../state/table_columns.ts";
import { theme } from "../../state/theme.ts";
import { Colour } from "../../widgets/swatch.tsx";
import { spell } from "../workspace/columns.ts";

/** Groups in the document; a page of so many has said what there is to say. */
const MOST_GROUPS = 300;

export function GroupTable({ table }: { table: RunTable }): JSX.Element | null {
  const { tree, columns, error } = table.groups;
  if (error.value !== null) {
    return (
      <div class="list-notice" role="alert">
        {error.value.message}
      </div>
    );
  }
  if (tree.value === null) return null;
  const { nodes } = tree.value;
  const { g } = table.ws.view.value;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
    <section class="group-table" aria-label="Groups" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col" class="group-name">
              {g.map((column) => describeColumn(column).label).join(", ")}
            </th>
            <th scope="col">runs</th>
            {columns.value.map((column) => (
              <ColumnHead key={column.name} table={table} column={column} />
            ))}
          </tr>
        </thead>
        <tbody>
          {nodes.slice(0, MOST_GROUPS).map((node) => (
            <GroupLine key={groupId(node)} {...{ table, node, columns: columns.value }} />
          ))}
        </tbody>
      </table>
      {nodes.length > MOST_GROUPS && (
        <p class="group-more">
          The first {groupDigits(MOST_GROUPS)} of {groupDigits(nodes.length)} groups. A filter or
          fewer columns to group by leave fewer.
        </p>
      )}
    </section>
  );
}

function ColumnHead({ table, column }: { table: RunTable; column: TableColumn }): JSX.Element {
  const { ws } = table;
  const { label, aggregate } = describeColumn(column.name);
  const sort = ws.view.value.sort;
  const isUp = sort === column.name;
  const isDown = sort === `-${column.name}`;
  return (
    <th scope="col" aria-sort={isUp ? "ascending" : isDown ? "descending" : "none"}>
      <button
        type="button"
        class={`head${isUp || isDown ? " sorted" : ""}`}
        title={`Sort groups and runs by ${column.name}`}
        onClick={() => ws.set({ sort: pressSort(sort, column.name, false) })}
      >
        {label} {aggregate !== null && aggregate !== "last" && <small>{aggregate}</small>}
      </button>
    </th>
  );
}

interface LineProps {
  table: RunTable;
  node: GroupNode;
  columns: readonly TableColumn[];
}

function GroupLine({ table, node, columns }: LineProps): JSX.Element {
  const { ws } = table;
  const id = groupId(node);
  const paint = ws.grouping.paints.value.get(id);
  const isShown = ws.grouping.isDrawn(node);
  const isOuter = node.depth < ws.view.value.g.length;
  return (
    <tr class={`${isOuter ? "outer" : ""}${isShown ? "" : " off"}`}>
      <th scope="row" class="group-name" style={{ "--depth": node.depth - 1 }}>
        <span>
          <button
            type="button"
            class="eye"
            aria-pressed={isShown}
            aria-label={`Show group ${groupLabel(node.path)}`}
            title="Show or hide in the charts. Alt: only this group."
            onClick={(event) => (event.altKey ? ws.grouping.solo(node) : ws.grouping.toggle(node))}
          >
            <span class="eye-dot" />
          </button>
          {paint && <Colour paint={paint} theme={theme.value} isOff={!isShown} />}
          {valueLabel(node.path.at(-1) ?? null)}
        </span>
      </th>
      <td>{groupDigits(node.runs)}</td>
      {columns.map(({ name }) => (
        <SpreadCell key={name} spread={node.columns[name]} runs={node.runs} />
      ))}
    </tr>
  );
}

function SpreadCell({ spread, runs }: { spread: Spread | undefined; runs: number }): JSX.Element {
  if (!spread || spread.n === 0) return <td />;
  const { n, mean, std, min, max } = spread;
  const title = `${groupDigits(n)} of ${groupDigits(runs)} runs, from ${formatValue(min)} to ${formatValue(max)}`;
  return (
    <td title={title}>
      {formatValue(mean)}
      {n > 1 && <span class="deviation"> ± {spell(Number(std.toPrecision(2)))}</span>}
    </td>
  );
}

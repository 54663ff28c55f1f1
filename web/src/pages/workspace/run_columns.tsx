/** The heads of the run list: what it is sorted by, which columns stand in it, what colours the runs. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { RUN_COLUMN_NAMES } from "../../state/run_values.ts";
import { firstPinned } from "../../state/sparkline.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu } from "../../widgets/menu.tsx";
import { headNames } from "./columns.ts";
import { ColourMenu } from "./run_colouring.tsx";

export const MAX_COLUMNS = 2;
const LISTED_COLUMNS = 200;
/** Choices that are no keys. */
const FIRST_PINNED = "pinned";
const NO_SPARK = "none";

interface ChoiceProps {
  ws: Workspace;
  columns: readonly string[];
}

interface HeadsProps extends ChoiceProps {
  /** The key of the rows' small lines. */
  spark: string | null;
}

export function ColumnHeads({ ws, columns, spark }: HeadsProps): JSX.Element {
  const { sort } = ws.still.value;
  const names = headNames(columns);
  const head = (column: string, label: string, firstDown = false) => {
    const isDown = sort === `-${column}`;
    const isUp = sort === column;
    const next = firstDown ? (isDown ? column : `-${column}`) : isUp ? `-${column}` : column;
    return (
      <button
        type="button"
        class={`head ${isUp || isDown ? "sorted" : ""}`}
        key={column}
        title={`Sort by ${column}`}
        aria-label={`${label}: Sort by ${column}${isUp ? ", ascending now" : isDown ? ", descending now" : ""}`}
        onClick={() => ws.set({ sort: next })}
      >
        <span>{label}</span>
        {(isUp || isDown) && <Icon name={isUp ? "up" : "down"} />}
      </button>
    );
  };
  return (
    <div class={`run-heads cols-${columns.length}${spark === null ? "" : " has-spark"}`}>
      <Menu
        label="Columns and sorting"
        class="icon-button row-menu shown"
        button={<Icon name="columns" />}
        kind="dialog"
      >
        {() => <ColumnChoice ws={ws} columns={columns} />}
      </Menu>
      <ColourMenu ws={ws} />
      <span class="heads-name">
        {head("name", "run")}
        {head("created", "age", true)}
      </span>
      {columns.map((column, i) => head(column, names[i]!))}
      {spark !== null && (
        <span class="head" title={`Line of ${spark}`}>
          <span>{spark.slice(spark.lastIndexOf("/") + 1)}</span>
        </span>
      )}
    </div>
  );
}

function ColumnChoice({ ws, columns }: ChoiceProps): JSX.Element {
  const [text, setText] = useState("");
  useEffect(() => {
    void ws.readColumns();
  }, [ws]);
  const names = [...ws.columns.value.map((column) => column.name), ...RUN_COLUMN_NAMES];
  const found = names.filter((name) => name.toLowerCase().includes(text.toLowerCase()));
  function toggle(name: string): void {
    if (columns.includes(name)) ws.set({ cols: columns.filter((one) => one !== name) });
    else ws.set({ cols: [...columns.slice(-(MAX_COLUMNS - 1)), name] });
  }
  return (
    <div class="column-choice">
      <input
        type="search"
        placeholder="Find a column"
        aria-label="Find a column"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <p class="menu-title">Beside the names, up to {MAX_COLUMNS}</p>
      <div class="column-names">
        {found.slice(0, LISTED_COLUMNS).map((name) => (
          <label key={name} class="column-name">
            <input type="checkbox" checked={columns.includes(name)} onChange={() => toggle(name)} />
            <span title={name}>{name}</span>
            <button
              type="button"
              class="icon-button"
              aria-label={`Sort by ${name}`}
              title={`Sort by ${name}`}
              onClick={() => ws.set({ sort: ws.view.value.sort === name ? `-${name}` : name })}
            >
              <Icon name={ws.view.value.sort === `-${name}` ? "down" : "up"} />
            </button>
          </label>
        ))}
        {found.length === 0 && <p class="list-notice">No column is called “{text}”.</p>}
      </div>
      <SparkChoice ws={ws} text={text} />
    </div>
  );
}

/** Of which key the rows have a small line: among those that the text above finds. */
function SparkChoice({ ws, text }: { ws: Workspace; text: string }): JSX.Element {
  const { spark } = ws.view.value;
  const pinned = firstPinned(ws)?.name;
  const needle = text.toLowerCase();
  const names = ws.chartKeys.value.map((key) => key.name);
  const found = names.filter((name) => name === spark || name.toLowerCase().includes(needle));
  const listed = found.slice(0, LISTED_COLUMNS);
  if (spark && !listed.includes(spark)) listed.unshift(spark);
  return (
    <label class="spark-choice">
      Sparkline
      <select
        value={spark === null ? FIRST_PINNED : spark === "" ? NO_SPARK : `key:${spark}`}
        onChange={({ currentTarget: { value } }) => {
          if (value === FIRST_PINNED) ws.set({ spark: null });
          else ws.set({ spark: value === NO_SPARK ? "" : value.slice("key:".length) });
        }}
      >
        <option value={FIRST_PINNED}>
          {pinned === undefined ? "Of the first pinned chart" : `${pinned} (pinned first)`}
        </option>
        <option value={NO_SPARK}>None</option>
        {listed.map((name) => (
          <option key={name} value={`key:${name}`}>
            {name}
          </option>
        ))}
        {found.length > LISTED_COLUMNS && (
          <option disabled>{`${found.length - LISTED_COLUMNS} more: find them above`}</option>
        )}
      </select>
    </label>
  );
}

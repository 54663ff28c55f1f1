/** The list of runs at the left: filter, what is drawn, columns and sorting, and the rows. */
import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { FIRST_SHOWN, MOST_SHOWN } from "../../state/shown_runs.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu, MenuItem } from "../../widgets/menu.tsx";
import { VirtualRows } from "../../widgets/virtual_rows.tsx";
import { RUN_COLUMN_NAMES, shortName } from "./columns.ts";
import { RunRow } from "./run_row.tsx";

export const ROW_HEIGHT = 24;
const TYPING_MS = 200;
export const MAX_COLUMNS = 2;

export function RunListHead({ ws }: { ws: Workspace }): JSX.Element {
  const { matched, total } = ws.list;
  const shown = ws.shown.value.length;
  return (
    <div class="list-head">
      <FilterField ws={ws} />
      <Menu
        label="Which runs are shown"
        class="count"
        align="right"
        button={
          <span>
            {groupDigits(shown)} of {groupDigits(matched.value)}
          </span>
        }
      >
        {(close) => {
          const { show, only, list } = ws.view.value;
          const pick = (work: () => void) => () => {
            close();
            work();
          };
          const set = (name: "newest" | "top" | "all") => (
            <MenuItem
              isChosen={only === null && show === name}
              onPick={pick(() => ws.chosen.showSet(name))}
            >
              {
                {
                  newest: `Newest ${FIRST_SHOWN}`,
                  top: `First ${FIRST_SHOWN} of the list`,
                  all:
                    matched.value > MOST_SHOWN
                      ? `First ${groupDigits(MOST_SHOWN)} of the list`
                      : `All ${groupDigits(matched.value)}`,
                }[name]
              }
            </MenuItem>
          );
          return (
            <>
              <p class="menu-title">Shown in the charts</p>
              {set("newest")}
              {set("top")}
              {set("all")}
              <MenuItem
                isChosen={only?.length === 0}
                onPick={pick(() => ws.chosen.showSet("none"))}
              >
                None
              </MenuItem>
              <p class="menu-title">
                Listed ({groupDigits(matched.value)} of {groupDigits(total.value)} match)
              </p>
              {(["active", "archived", "trash"] as const).map((one) => (
                <MenuItem
                  key={one}
                  isChosen={list === one}
                  onPick={pick(() => ws.set({ list: one, only: null, hide: [] }))}
                >
                  {{ active: "Runs", archived: "Runs and archived ones", trash: "Trash" }[one]}
                </MenuItem>
              ))}
            </>
          );
        }}
      </Menu>
    </div>
  );
}

function FilterField({ ws }: { ws: Workspace }): JSX.Element {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const { q } = ws.view.value;
  const error = ws.list.error.value;
  // The field is the truth while it is typed in; the back button may change the view under it.
  useEffect(() => {
    const input = field.current!;
    if (document.activeElement !== input) input.value = q;
  }, [q]);
  function onInput(text: string): void {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => ws.set({ q: text.trim() }), TYPING_MS);
  }
  return (
    <input
      ref={field}
      id="run-filter"
      type="search"
      class={error && q ? "broken" : undefined}
      placeholder="Filter runs  R"
      aria-label="Filter runs"
      aria-invalid={error !== null && q !== ""}
      autocomplete="off"
      spellcheck={false}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}

export function RunList({ ws }: { ws: Workspace }): JSX.Element {
  const { runs, matched, isReady } = ws.list;
  const columns = ws.listed.value.slice(0, MAX_COLUMNS);
  const last = useRef<number | null>(null);
  const onSight = useCallback(
    (_: number, lastRow: number) => {
      void ws.list.ensure(lastRow);
    },
    [ws],
  );

  function onEye(index: number, event: MouseEvent): void {
    const run = runs.value[index]!;
    if (event.altKey) {
      ws.solo(run.id);
      return;
    }
    const isOn = !ws.shownUids.value.has(run.uid);
    const from = event.shiftKey ? (last.current ?? index) : index;
    const range = runs.value.slice(Math.min(from, index), Math.max(from, index) + 1);
    ws.showRuns(
      range.map((one) => one.id),
      isOn,
    );
    last.current = index;
  }

  return (
    <>
      <ColumnHeads ws={ws} columns={columns} />
      <ListNotice ws={ws} />
      {isReady.value && (
        <VirtualRows
          count={matched.value}
          rowHeight={ROW_HEIGHT}
          label="Runs"
          onSight={onSight}
          row={(index, top) => {
            const run = runs.value[index];
            return run ? (
              <RunRow key={run.uid} {...{ ws, run, index, top, columns, onEye }} />
            ) : (
              <div
                key={index}
                class="run-row waiting"
                style={{ transform: `translateY(${top}px)` }}
              />
            );
          }}
        />
      )}
    </>
  );
}

/** Why the list is empty, or what is wrong with the filter. */
function ListNotice({ ws }: { ws: Workspace }): JSX.Element | null {
  const { error, isReady, matched, total } = ws.list;
  const { q, list } = ws.view.value;
  const clear = (
    <button type="button" class="chip" onClick={() => ws.set({ q: "" })}>
      Clear the filter
    </button>
  );
  if (error.value) {
    return (
      <div class="list-notice" role="alert">
        {error.value.message} {q && clear}
      </div>
    );
  }
  if (!isReady.value || matched.value > 0) return null;
  if (q) {
    return (
      <div class="list-notice">
        None of {groupDigits(total.value)} runs matches “{q}”. {clear}
      </div>
    );
  }
  return <div class="list-notice">{list === "trash" ? "The trash is empty." : "No runs yet."}</div>;
}

function ColumnHeads(props: { ws: Workspace; columns: readonly string[] }): JSX.Element {
  const { ws, columns } = props;
  const { sort } = ws.view.value;
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
        aria-label={`Sort by ${column}${isUp ? ", ascending now" : isDown ? ", descending now" : ""}`}
        onClick={() => ws.set({ sort: next })}
      >
        <span>{label}</span>
        {(isUp || isDown) && <Icon name={isUp ? "up" : "down"} />}
      </button>
    );
  };
  return (
    <div class={`run-heads cols-${columns.length}`}>
      <ColumnMenu ws={ws} columns={columns} />
      <span class="heads-name">
        {head("name", "run")}
        {head("created", "age", true)}
      </span>
      {columns.map((column) => head(column, shortName(column)))}
    </div>
  );
}

function ColumnMenu(props: { ws: Workspace; columns: readonly string[] }): JSX.Element {
  const { ws, columns } = props;
  return (
    <Menu
      label="Columns and sorting"
      class="icon-button row-menu shown"
      button={<Icon name="columns" />}
      kind="dialog"
    >
      {() => <ColumnChoice ws={ws} columns={columns} />}
    </Menu>
  );
}

const LISTED_COLUMNS = 200;

function ColumnChoice(props: { ws: Workspace; columns: readonly string[] }): JSX.Element {
  const { ws, columns } = props;
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
    </div>
  );
}

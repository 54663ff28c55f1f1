/** By which columns runs are grouped: those chosen, and a search for more. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { findKeys } from "../../panels/line/axis_field.tsx";
import { MOST_GROUP_COLUMNS } from "../../state/view.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { shortName } from "./columns.ts";

const MOST_OFFERED = 8;
/** Columns that every run has and that people group by. */
const OF_RUNS = ["group", "job_type", "tag", "state", "host"];

/** What runs can be grouped by: the config first, then what every run has, then results. */
export function groupColumns(ws: Workspace): string[] {
  const names = ws.columns.value.map((column) => column.name);
  const config = names.filter((name) => name.startsWith("config."));
  const others = names.filter((name) => !name.startsWith("config.") && !OF_RUNS.includes(name));
  return [...config, ...OF_RUNS, ...others];
}

export function GroupField({ ws }: { ws: Workspace }): JSX.Element {
  const [text, setText] = useState("");
  const { g } = ws.view.value;
  const isFull = g.length >= MOST_GROUP_COLUMNS;
  const names = groupColumns(ws).filter((name) => !g.includes(name));
  const offered =
    text.trim() === "" ? names.slice(0, MOST_OFFERED) : findKeys(names, text, MOST_OFFERED);

  function add(name: string): void {
    setText("");
    setGroups(ws, [...g, name]);
  }

  return (
    <div class="group-field">
      {g.length > 0 && (
        <ul class="picked-keys" aria-label="Grouped by">
          {g.map((name) => (
            <li key={name}>
              <span title={name}>{shortName(name)}</span>
              <button
                type="button"
                class="icon-button"
                aria-label={`Do not group by ${name}`}
                onClick={() =>
                  setGroups(
                    ws,
                    g.filter((one) => one !== name),
                  )
                }
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {isFull ? (
        <p class="menu-title">Four columns at most.</p>
      ) : (
        <>
          <input
            type="search"
            aria-label="Search for a column to group by"
            placeholder={g.length ? "And by…" : "Group by…"}
            value={text}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && offered[0] !== undefined) add(offered[0]);
            }}
          />
          {offered.map((name) => (
            <button
              key={name}
              type="button"
              class="menu-item"
              title={name}
              onClick={() => add(name)}
            >
              {shortName(name)}
              {!name.startsWith("config.") && <span class="quiet spread-left">{kindOf(name)}</span>}
            </button>
          ))}
          {offered.length === 0 && <p class="menu-title">No column contains “{text.trim()}”.</p>}
        </>
      )}
    </div>
  );
}

/** Groups by other columns; what was hidden of the old groups means nothing in the new ones. */
export function setGroups(ws: Workspace, g: readonly string[]): void {
  ws.set({ g, ghide: [] });
}

function kindOf(column: string): string {
  return column.startsWith("summary.") ? "summary" : "run";
}

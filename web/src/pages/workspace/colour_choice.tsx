/** The choice of what runs are coloured by. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { readColouring } from "../../state/colouring.ts";
import type { Workspace } from "../../state/workspace.ts";
import { MenuItem } from "../../widgets/menu.tsx";

const LISTED_COLUMNS = 100;
/** Columns of every run by which one colours. */
const RUN_FIELDS = ["state", "tags", "job_type", "host", "created", "duration"];

export function ColourChoice({ ws, close }: { ws: Workspace; close: () => void }): JSX.Element {
  const [text, setText] = useState("");
  const chosen = readColouring(ws.view.value);
  const isGrouped = ws.view.value.g.length > 0;
  const pattern = chosen.by === "pattern" ? chosen.pattern : "";
  const pick = (color: string) => () => {
    ws.set({ color });
    close();
  };
  const wanted = text.toLowerCase();
  const names = [...ws.columns.value.map((column) => column.name), ...RUN_FIELDS];
  const found = names.filter((name) => name.toLowerCase().includes(wanted));
  const isByGroup = chosen.by === "group" || (chosen.by === "column" && chosen.column === "group");
  return (
    <div class="column-choice">
      <p class="menu-title">Colour the runs by</p>
      <div role="menu" aria-label="Colour the runs by">
        <MenuItem isChosen={chosen.by === "run"} onPick={pick(isGrouped ? "run" : "")}>
          run
        </MenuItem>
        <MenuItem isChosen={isByGroup} onPick={pick(isGrouped ? "" : "group")}>
          group
        </MenuItem>
      </div>
      <label class="colour-pattern">
        <span>part of the name</span>
        <input
          class="inline-field"
          aria-label="Regular expression of the part"
          placeholder="(\w+)-\d+"
          defaultValue={pattern}
          spellcheck={false}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            // The button gets the focus back: the key must not press it.
            event.preventDefault();
            close();
          }}
          onInput={(event) => {
            const value = event.currentTarget.value;
            ws.set({ color: value === "" ? "" : `re:${value}` });
          }}
        />
      </label>
      <input
        type="search"
        placeholder="Find a column"
        aria-label="Find a column to colour by"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="column-names" role="menu" aria-label="A column">
        {found.slice(0, LISTED_COLUMNS).map((name) => (
          <MenuItem
            key={name}
            isChosen={chosen.by === "column" && chosen.column === name}
            onPick={pick(`by:${name}`)}
          >
            {name}
          </MenuItem>
        ))}
      </div>
    </div>
  );
}

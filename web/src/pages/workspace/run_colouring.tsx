/** What the runs are coloured by: the menu that chooses it, and the legend of what it says. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { rampGradient } from "../../base/ramp.ts";
import { type Legend, readColouring } from "../../state/colouring.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu, MenuItem } from "../../widgets/menu.tsx";
import { Colour } from "../../widgets/swatch.tsx";
import { spell } from "./columns.ts";

const LISTED_COLUMNS = 100;
/** Columns of every run by which one colours. */
const RUN_FIELDS = ["state", "tags", "job_type", "host", "created", "duration"];

export function ColourMenu({ ws }: { ws: Workspace }): JSX.Element {
  return (
    <Menu
      label="Colours"
      class="icon-button colour-menu"
      button={<Icon name="palette" />}
      kind="dialog"
    >
      {(close) => <ColourChoice ws={ws} close={close} />}
    </Menu>
  );
}

function ColourChoice({ ws, close }: { ws: Workspace; close: () => void }): JSX.Element {
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

/** What the colours say: a scale, or the values that have one. */
export function ColourLegend({ ws }: { ws: Workspace }): JSX.Element | null {
  const legend = ws.colours.legend.value;
  if (legend === null) return null;
  return (
    <div class="colour-legend" role="note" aria-label={`Colours: ${legend.title}`}>
      <span class="legend-title" title={legend.title}>
        {legend.title}
      </span>
      <LegendBody legend={legend} />
      <button
        type="button"
        class="icon-button"
        aria-label="Colour by run again"
        title="Colour by run again"
        onClick={() => ws.set({ color: "" })}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

function LegendBody({ legend }: { legend: Legend }): JSX.Element {
  if (legend.kind === "fault") return <span class="legend-fault">{legend.message}</span>;
  if (legend.kind === "ramp") {
    return (
      <span class="legend-ramp" title={legend.isLog ? "logarithmic scale" : "linear scale"}>
        {spell(legend.min)}
        <span class="ramp" style={{ backgroundImage: rampGradient(theme.value) }} />
        {spell(legend.max)}
      </span>
    );
  }
  return (
    <span class="legend-classes">
      {legend.classes.map(({ label, paint }) => (
        <span class="legend-class" key={label} title={label}>
          <Colour paint={paint} theme={theme.value} />
          <span>{label}</span>
        </span>
      ))}
      {legend.more > 0 && <span>+{legend.more} more</span>}
    </span>
  );
}

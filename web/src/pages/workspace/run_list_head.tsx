/** What stands above the runs: the filter, how many are drawn, and the rules by which one chooses them. */
import type { JSX } from "preact";
import { groupDigits } from "../../base/numbers.ts";
import { FIRST_SHOWN, MOST_SHOWN } from "../../state/shown_runs.ts";
import type { Show } from "../../state/view.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Menu, MenuItem } from "../../widgets/menu.tsx";
import { FilterField } from "./run_filter.tsx";

export function RunListHead({ ws }: { ws: Workspace }): JSX.Element {
  return (
    <>
      <div class="list-head">
        <FilterField ws={ws} />
        <ShownMenu ws={ws} />
      </div>
      <ShownChips ws={ws} />
      <DrawnLimit ws={ws} />
    </>
  );
}

/** Says that charts leave runs out where there are more than they hold: nothing is left out in silence. */
function DrawnLimit({ ws }: { ws: Workspace }): JSX.Element | null {
  const { show, only } = ws.still.value;
  if (only !== null) return null;
  const most = groupDigits(MOST_SHOWN);
  const cut = ws.groups.value?.filter((group) => group.count > MOST_SHOWN) ?? [];
  let said = "";
  if (cut.length > 0) {
    const which =
      cut.length === 1
        ? `“${cut[0]!.label}” has ${groupDigits(cut[0]!.count)}`
        : `${groupDigits(cut.length)} groups have more`;
    said = `Charts draw the first ${most} runs of a group; ${which}. Numbers in the list are of all.`;
  } else if (ws.groups.value === null && show === "all" && ws.list.matched.value > MOST_SHOWN) {
    said = `Charts draw the first ${most} of ${groupDigits(ws.list.matched.value)} runs, in the order of the list.`;
  }
  return said === "" ? null : (
    <p class="list-notice" role="status">
      {said}
    </p>
  );
}

function ShownMenu({ ws }: { ws: Workspace }): JSX.Element {
  const { matched, total, isReady } = ws.list;
  const shown = ws.shown.value.length;
  // Before the first answer nothing is known, and "0 of 0" would be wrong. Of a list without rows, all count.
  const all = ws.chosen.rowCount.value || total.value;
  const count = `${groupDigits(shown)} of ${groupDigits(all)}`;
  const [said, label] = isReady.value
    ? [count, `${count} runs are shown: choose which`]
    : ["…", "Choose which runs are shown"];
  return (
    <Menu label={label} class="count" align="right" button={<span>{said}</span>}>
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
            <MenuItem isChosen={only?.length === 0} onPick={pick(() => ws.chosen.showSet("none"))}>
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
            <p class="menu-title">With several</p>
            <MenuItem
              isChosen={ws.picks.areShown.value}
              onPick={pick(() => {
                if (ws.picks.areShown.value) ws.picks.clear();
                else ws.picks.isPicking.value = true;
              })}
            >
              Select runs
            </MenuItem>
          </>
        );
      }}
    </Menu>
  );
}

const CHIPS: readonly (readonly [Show | "none", label: string, title: string])[] = [
  ["all", "All", "Draw all the runs of the list"],
  ["latest", "Latest", "Draw the newest run only, and the next one when it begins"],
  ["latest10", "Latest 10", "Draw the ten newest runs, and new ones as they begin"],
  ["running", "Running", "Draw the runs that are running"],
  ["pinned", "Pinned", "Draw the pinned runs only"],
  ["none", "None", "Draw no run"],
];

const MOST_TITLE = `Draw the first ${groupDigits(MOST_SHOWN)} runs of the list: charts hold no more`;

/** The rules by which runs are drawn, one press each; a second press brings the default back. */
function ShownChips({ ws }: { ws: Workspace }): JSX.Element {
  const { show, only, hide, rpin } = ws.still.value;
  const isOn = (name: Show | "none") =>
    name === "none" ? only?.length === 0 : only === null && hide.length === 0 && show === name;
  const isMuch = ws.list.matched.value > MOST_SHOWN;
  const chips = CHIPS.filter(([name]) => name !== "pinned" || rpin.length > 0 || isOn("pinned"));
  return (
    <fieldset class="show-chips" aria-label="Shown in the charts">
      {chips.map(([name, label, title]) => (
        <button
          type="button"
          key={name}
          class="show-chip"
          aria-pressed={isOn(name)}
          title={name === "all" && isMuch ? MOST_TITLE : title}
          onClick={() => ws.chosen.showSet(isOn(name) ? "newest" : name)}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}

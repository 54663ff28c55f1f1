/** What can be done with all the runs that are picked; at the foot of the list. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Run } from "../../data/wire.ts";
import { type Bindings, keyHint } from "../../state/keys.ts";
import { LOGDIRS } from "../../state/route.ts";
import {
  archiveRuns,
  colourRuns,
  compareRuns,
  isPinned,
  pinRuns,
  type QuestionKind,
  runQuestion,
  trashRuns,
} from "../../state/run_actions.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu, MenuItem } from "../../widgets/menu.tsx";
import { SlotChoice } from "../../widgets/swatch.tsx";
import { useShortcuts } from "../shortcuts.tsx";
import { StopItem } from "./stop_item.tsx";

export function PickBar({ ws }: { ws: Workspace }): JSX.Element | null {
  const { picks } = ws;
  const keys = useMemo(
    (): Bindings => ({ "run-compare": () => compareRuns(ws, pickedRuns(ws)) }),
    [ws],
  );
  useShortcuts(keys);
  if (!picks.areShown.value) return null;
  const runs = pickedRuns(ws);
  return (
    <div class="pick-bar" role="toolbar" aria-label="Selected runs">
      <b>{runs.length} selected</b>
      {runs.length > 0 && <PickActions ws={ws} runs={runs} />}
      <button
        type="button"
        class="icon-button"
        aria-label="Select nothing"
        onClick={() => picks.clear()}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

/** The picked runs, as far as any answer has named them. */
export function pickedRuns(ws: Workspace): readonly Run[] {
  const runs = [...ws.picks.uids.value].map((uid) => ws.known.value.get(uid));
  return runs.filter((run) => run !== undefined);
}

function PickActions({ ws, runs }: { ws: Workspace; runs: readonly Run[] }): JSX.Element {
  const ids = runs.map((run) => run.id);
  const ask = (kind: QuestionKind) => () => {
    runQuestion.value = { ws, kind, runs };
  };
  const areShown = runs.every((run) => ws.shownUids.value.has(run.uid));
  const arePinned = runs.every((run) => isPinned(ws, run));
  const areTrashed = runs.every((run) => run.trashed);
  const areArchived = runs.every((run) => run.archived);
  const slots = new Set(runs.map((run) => run.color));
  const [slot = null] = slots.size === 1 ? slots : [];
  return (
    <>
      {runs.length > 1 && (
        <button
          type="button"
          class="chip"
          title={`What differs between them (${keyHint("run-compare")})`}
          onClick={() => compareRuns(ws, runs)}
        >
          Compare
        </button>
      )}
      <button type="button" class="chip" onClick={ask("tags")}>
        Tags
      </button>
      <button type="button" class="chip" onClick={() => ws.showRuns(ids, !areShown)}>
        {areShown ? "Hide" : "Show"}
      </button>
      <Menu label="More for the selected runs" button={<Icon name="dots" />} align="right">
        {(close) => {
          const item = (label: string, work: () => void, isDangerous = false) => (
            <MenuItem
              isDangerous={isDangerous}
              onPick={() => {
                close();
                work();
              }}
            >
              {label}
            </MenuItem>
          );
          return (
            <>
              {item("Show only these", () => ws.set({ only: ids, hide: [] }))}
              {item(arePinned ? "Unpin" : "Pin to the top", () => pinRuns(ws, runs, !arePinned))}
              <hr />
              {item("Group…", ask("group"))}
              {item("Notes…", ask("notes"))}
              {ws.entity !== LOGDIRS && item("Move to a project…", ask("project"))}
              <fieldset class="menu-colours" aria-label="Colour">
                <SlotChoice
                  slot={slot}
                  theme={theme.value}
                  isInMenu
                  onPick={(chosen) => {
                    close();
                    colourRuns(ws, runs, chosen);
                  }}
                  onReset={
                    runs.every((run) => run.color === null)
                      ? undefined
                      : () => {
                          close();
                          colourRuns(ws, runs, null);
                        }
                  }
                />
              </fieldset>
              <hr />
              <StopItem runs={runs} close={close} />
              {item(areArchived ? "Take out of the archive" : "Archive", () =>
                archiveRuns(ws, runs, !areArchived),
              )}
              {areTrashed
                ? item("Restore", () => trashRuns(ws, runs, false))
                : item("Move to the trash", () => trashRuns(ws, runs, true), true)}
            </>
          );
        }}
      </Menu>
    </>
  );
}

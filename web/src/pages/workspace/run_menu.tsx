/** What can be done with a run: in the menu of its row, at a right click, and on its page. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Run } from "../../data/wire.ts";
import { copyText } from "../../state/clipboard.ts";
import { slotOf } from "../../state/paint.ts";
import { LOGDIRS } from "../../state/route.ts";
import {
  archiveRuns,
  colourRuns,
  compareRuns,
  isPinned,
  pinRuns,
  type QuestionKind,
  renamedRun,
  resumeLine,
  runQuestion,
  toggleBaseline,
  trashRuns,
} from "../../state/run_actions.ts";
import { deleteForEver } from "../../state/run_changes.ts";
import { theme } from "../../state/theme.ts";
import { notify } from "../../state/toasts.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu, MenuItem } from "../../widgets/menu.tsx";
import { SlotChoice } from "../../widgets/swatch.tsx";
import { StopItem } from "./stop_item.tsx";

interface RunMenuProps {
  ws: Workspace;
  run: Run;
}

/** A button with three dots and the menu that it opens. */
export function RunMenu({ ws, run }: RunMenuProps): JSX.Element {
  return (
    <Menu
      label={`Actions for ${run.name}`}
      class="icon-button row-menu"
      button={<Icon name="dots" />}
      align="right"
    >
      {(close) => <RunMenuItems {...{ ws, run, close }} />}
    </Menu>
  );
}

interface ItemsProps extends RunMenuProps {
  /** The menu of a row of a list, which can pin, hide and rename. */
  isInList?: boolean;
  close: () => void;
}

export function RunMenuItems({ ws, run, isInList = false, close }: ItemsProps): JSX.Element {
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
  if (run.trashed) {
    return (
      <>
        {item("Restore", () => trashRuns(ws, [run], false))}
        <DeleteForEver ws={ws} run={run} close={close} />
      </>
    );
  }
  const ask = (kind: QuestionKind) => () => {
    runQuestion.value = { ws, kind, runs: [run] };
  };
  return (
    <>
      {isInList && <ListItems {...{ ws, run, item }} />}
      {item("Tags…", ask("tags"))}
      {item("Notes…", ask("notes"))}
      {item("Group…", ask("group"))}
      {ws.entity !== LOGDIRS && item("Move to a project…", ask("project"))}
      {isInList && (
        <ColourItems
          run={run}
          onPick={(slot) => {
            close();
            colourRuns(ws, [run], slot);
          }}
        />
      )}
      <hr />
      {item("Copy the id", () => void copy(run.id, "The id is copied."))}
      {item(
        "Copy the line that resumes it",
        () => void copy(resumeLine(run), "The line is copied."),
      )}
      <hr />
      <StopItem runs={[run]} close={close} />
      {item(run.archived ? "Take out of the archive" : "Archive", () =>
        archiveRuns(ws, [run], !run.archived),
      )}
      {item("Move to the trash", () => trashRuns(ws, [run], true), true)}
    </>
  );
}

function ListItems(props: {
  ws: Workspace;
  run: Run;
  item: (label: string, work: () => void) => JSX.Element;
}): JSX.Element {
  const { ws, run, item } = props;
  const isShown = ws.shownUids.value.has(run.uid);
  const isPin = isPinned(ws, run);
  const isBase = ws.view.value.base === run.id;
  return (
    <>
      {item("Show only this run", () => ws.solo(run.id))}
      {item(isShown ? "Hide" : "Show", () => ws.showRuns([run.id], !isShown))}
      {item(isPin ? "Unpin" : "Pin to the top", () => pinRuns(ws, [run], !isPin))}
      {item(isBase ? "No longer the baseline" : "Compare others with it", () =>
        toggleBaseline(ws, run),
      )}
      {ws.view.value.base !== "" &&
        !isBase &&
        item("What differs from the baseline", () => compareRuns(ws, [], run))}
      {item("Select", () => ws.picks.toggle(run.uid))}
      <hr />
      {item("Rename", () => {
        renamedRun.value = run.uid;
      })}
    </>
  );
}

function ColourItems(props: { run: Run; onPick: (slot: number | null) => void }): JSX.Element {
  const { run, onPick } = props;
  return (
    <fieldset class="menu-colours" aria-label="Colour">
      <SlotChoice
        slot={slotOf(run)}
        theme={theme.value}
        isInMenu
        onPick={onPick}
        onReset={run.color === null ? undefined : () => onPick(null)}
      />
    </fieldset>
  );
}

async function copy(text: string, said: string): Promise<void> {
  // A text that the browser does not copy is shown, so that it can be taken by hand.
  notify((await copyText(text)) ? said : text);
}

function DeleteForEver(props: { ws: Workspace; run: Run; close: () => void }): JSX.Element {
  const [isAsked, setAsked] = useState(false);
  return (
    <MenuItem
      isDangerous
      onPick={() => {
        if (!isAsked) return setAsked(true);
        props.close();
        void deleteForEver(props.ws, props.run);
      }}
    >
      {isAsked ? "Really delete? This cannot be undone" : "Delete for ever"}
    </MenuItem>
  );
}

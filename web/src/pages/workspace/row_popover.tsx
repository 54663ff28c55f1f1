/** The menu of a run, or the choice of its colour: one for all rows of the list, which are lighter without. */
import type { JSX } from "preact";
import type { Run } from "../../data/wire.ts";
import { slotOf } from "../../state/paint.ts";
import { colourRuns } from "../../state/run_actions.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { ContextMenu } from "../../widgets/context_menu.tsx";
import { SlotChoice } from "../../widgets/swatch.tsx";
import { RunMenuItems } from "./run_menu.tsx";

export interface OpenedRow {
  kind: "menu" | "dialog";
  run: Run;
  /** In pixels of the window. */
  left: number;
  top: number;
}

interface RowPopoverProps {
  ws: Workspace;
  opened: OpenedRow;
  close: () => void;
}

export function RowPopover({ ws, opened, close }: RowPopoverProps): JSX.Element {
  const { kind, run, left, top } = opened;
  const label = kind === "menu" ? `Actions for ${run.name}` : `Colour of ${run.name}`;
  const pick = (slot: number | null) => {
    close();
    colourRuns(ws, [run], slot);
  };
  return (
    <ContextMenu key={`${kind} ${run.uid}`} {...{ label, kind, left, top }} onClose={close}>
      {kind === "menu" ? (
        <RunMenuItems ws={ws} run={run} isInList close={close} />
      ) : (
        <SlotChoice
          slot={slotOf(run)}
          theme={theme.value}
          onPick={pick}
          onReset={run.color === null ? undefined : () => pick(null)}
        />
      )}
    </ContextMenu>
  );
}

/** Where what is opened belongs: at the pointer of a right click, below a button that was pressed. */
export function placeOf(event: MouseEvent): { left: number; top: number } {
  if (event.type === "contextmenu") return { left: event.clientX, top: event.clientY };
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return { left: box.left, top: box.bottom + 2 };
}

/** The menu of a run, or the choice of its or a group's colour: one for all rows, which are lighter without. */
import type { JSX } from "preact";
import { slots } from "../../base/palette.ts";
import type { GroupNode } from "../../data/run_routes.ts";
import type { Run } from "../../data/wire.ts";
import { groupId, groupLabel } from "../../state/groups.ts";
import { slotOf } from "../../state/paint.ts";
import { colourRuns } from "../../state/run_actions.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { ContextMenu } from "../../widgets/context_menu.tsx";
import { SlotChoice } from "../../widgets/swatch.tsx";
import { RunMenuItems } from "./run_menu.tsx";

/** What was opened, and where, in pixels of the window. */
export type OpenedRow = { left: number; top: number } & (
  | { kind: "menu" | "dialog"; run: Run }
  | { kind: "dialog"; group: GroupNode }
);

interface RowPopoverProps {
  ws: Workspace;
  opened: OpenedRow;
  close: () => void;
}

export function RowPopover({ ws, opened, close }: RowPopoverProps): JSX.Element {
  const { kind, left, top } = opened;
  if ("group" in opened) return <GroupColour {...{ ws, close, left, top }} group={opened.group} />;
  const { run } = opened;
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

interface GroupColourProps {
  ws: Workspace;
  group: GroupNode;
  left: number;
  top: number;
  close: () => void;
}

function GroupColour({ ws, group, left, top, close }: GroupColourProps): JSX.Element {
  const id = groupId(group);
  const pick = (slot: number | null) => {
    close();
    ws.grouping.colour(group, slot);
  };
  return (
    <ContextMenu
      key={id}
      label={`Colour of group ${groupLabel(group.path)}`}
      kind="dialog"
      {...{ left, top }}
      onClose={close}
    >
      <SlotChoice
        slot={slots.value.indexOf(ws.grouping.paints.value.get(id)!)}
        theme={theme.value}
        onPick={pick}
        onReset={id in ws.view.value.gslots ? () => pick(null) : undefined}
      />
    </ContextMenu>
  );
}

/** Where what is opened belongs: at the pointer of a right click, below a button that was pressed. */
export function placeOf(event: MouseEvent): { left: number; top: number } {
  if (event.type === "contextmenu") return { left: event.clientX, top: event.clientY };
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return { left: box.left, top: box.bottom + 2 };
}

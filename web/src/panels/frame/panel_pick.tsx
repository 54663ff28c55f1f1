/** The box by which a panel is picked, while any is. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { togglePicked } from "../../state/panel_edits.ts";
import type { Workspace } from "../../state/workspace.ts";

export function PanelPick({ ws, id }: { ws: Workspace; id: string }): JSX.Element | null {
  const isPicking = useComputed(() => ws.pickedPanels.value.size > 0).value;
  const isPicked = useComputed(() => ws.pickedPanels.value.has(id)).value;
  if (!isPicking) return null;
  return (
    <input
      type="checkbox"
      class="panel-pick"
      aria-label={`Select ${id}`}
      checked={isPicked}
      onChange={() => togglePicked(ws, id)}
    />
  );
}

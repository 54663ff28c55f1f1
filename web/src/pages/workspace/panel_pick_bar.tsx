/** What can be done with all the panels that are picked; below the panels. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { SectionChoice } from "../../panels/frame/section_choice.tsx";
import type { Bindings } from "../../state/keys.ts";
import { hidePanels, pinPanels } from "../../state/panel_edits.ts";
import { inOrder, sectionOf } from "../../state/panel_moves.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu } from "../../widgets/menu.tsx";
import { useShortcuts } from "../shortcuts.tsx";

export function PanelPickBar({ ws }: { ws: Workspace }): JSX.Element {
  const clear = () => {
    ws.pickedPanels.value = new Set();
  };
  const keys = useMemo(
    (): Bindings => ({
      back: () => {
        if (ws.view.peek().full !== null) return false;
        ws.pickedPanels.value = new Set();
        return true;
      },
    }),
    [ws],
  );
  useShortcuts(keys);
  const ids = [...ws.pickedPanels.value].filter((id) => ws.panels.value.has(id));
  const { pin, manual } = ws.view.value;
  const arePinned = ids.every((id) => pin.includes(id));
  const sections = new Set(ids.map((id) => sectionOf(ws, id)));
  const [chosen = null] = sections.size === 1 ? sections : [];
  const act = (label: string, run: () => void) => (
    <button type="button" class="chip" onClick={run}>
      {label}
    </button>
  );
  return (
    <div class="pick-bar panel-pick-bar" role="toolbar" aria-label="Selected panels">
      <b aria-live="polite">
        {ids.length} {ids.length === 1 ? "panel" : "panels"} selected
      </b>
      <Menu kind="dialog" label="Move to a section" button="Move to a section">
        {(close) => <SectionChoice ws={ws} ids={ids} chosen={chosen} onMoved={close} />}
      </Menu>
      {act(arePinned ? "Unpin" : "Pin", () => pinPanels(ws, inOrder(ws, ids), !arePinned))}
      {act(manual === null ? "Hide" : "Remove", () => {
        hidePanels(ws, inOrder(ws, ids));
        clear();
      })}
      <button type="button" class="icon-button" aria-label="Select no panel" onClick={clear}>
        <Icon name="close" />
      </button>
    </div>
  );
}

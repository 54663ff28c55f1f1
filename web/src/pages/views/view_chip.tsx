/** Which view is open and whether it was changed; what can be done about it is read when it is asked for. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Bindings } from "../../state/keys.ts";
import { asking, saveView } from "../../state/views.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Menu } from "../../widgets/menu.tsx";
import { lazy } from "../lazy.tsx";
import { useShortcuts } from "../shortcuts.tsx";

interface ViewMenuProps {
  ws: Workspace;
  close: () => void;
}

const ViewMenu = lazy<ViewMenuProps>(async () => (await import("./view_menu.tsx")).ViewMenu);
const ViewQuestion = lazy<{ ws: Workspace }>(
  async () => (await import("./view_question.tsx")).ViewQuestion,
);

export function ViewChip({ ws }: { ws: Workspace }): JSX.Element {
  const saved = ws.address.saved.value;
  const isChanged = ws.address.isChanged.value;
  const name = saved?.name ?? "Default";
  const bindings = useMemo((): Bindings => ({ save: () => void saveView(ws) }), [ws]);
  useShortcuts(bindings);
  return (
    <>
      <Menu
        label={`View: ${name}${isChanged ? ", changed" : ""}`}
        class={`chip view-chip${isChanged ? " changed" : ""}`}
        button={
          <>
            <span class="word">view</span>{" "}
            <b>
              {name}
              {isChanged && <span aria-hidden="true">*</span>}
            </b>
          </>
        }
      >
        {(close) => <ViewMenu ws={ws} close={close} />}
      </Menu>
      {asking.value && <ViewQuestion ws={ws} />}
    </>
  );
}

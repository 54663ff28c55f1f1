/** What every panel's menu has about its place: its items, and a page whose code comes when it is opened. */
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { togglePicked } from "../../state/panel_edits.ts";
import type { Workspace } from "../../state/workspace.ts";

interface ArrangeItemsProps {
  ws: Workspace;
  /** Of the panel. */
  id: string;
  close: () => void;
  onPage: () => void;
  /** What hiding is called; in a manual workspace a panel is removed. */
  hideLabel: string;
  onHide: () => void;
}

export function ArrangeItems(props: ArrangeItemsProps): JSX.Element {
  const { ws, id, close, onPage, hideLabel, onHide } = props;
  const isPicked = ws.pickedPanels.value.has(id);
  const isManual = ws.view.value.manual !== null;
  const item = (label: string, run: () => void) => (
    <button
      type="button"
      class="menu-item"
      onClick={() => {
        close();
        run();
      }}
    >
      {label}
    </button>
  );
  return (
    <>
      <button type="button" class="menu-item" onClick={onPage}>
        Move and size…
      </button>
      {item(isPicked ? "Select no longer" : "Select", () => togglePicked(ws, id))}
      {item(isManual ? "Remove from the workspace" : hideLabel, onHide)}
    </>
  );
}

type Form = ComponentType<{ ws: Workspace; id: string }>;

export function ArrangePage({ ws, id }: { ws: Workspace; id: string }): JSX.Element {
  const [Loaded, setLoaded] = useState<Form | null>(null);
  const [fault, setFault] = useState("");
  useEffect(() => {
    let isLeft = false;
    import("./arrange_form.tsx").then(
      ({ ArrangeForm }) => !isLeft && setLoaded(() => ArrangeForm),
      (error: Error) => !isLeft && setFault(error.message),
    );
    return () => {
      isLeft = true;
    };
  }, []);
  if (Loaded !== null) return <Loaded ws={ws} id={id} />;
  return <p class="menu-title">{fault && `This part of the page cannot be loaded: ${fault}`}</p>;
}

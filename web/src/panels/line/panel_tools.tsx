/** What a panel offers while the pointer is over it. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import type { Key } from "../../data/wire.ts";
import { isLogY, toggleLogY, togglePin } from "../../state/panel_settings.ts";
import type { Workspace } from "../../state/workspace.ts";
import { isZoomedAlone, toggleZoomAlone } from "../../state/zoom.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu } from "../../widgets/menu.tsx";
import { PanelMenu } from "./panel_menu.tsx";
import type { PanelModel } from "./panel_model.ts";

interface PanelToolsProps {
  ws: Workspace;
  model: PanelModel;
  metric: Key;
  isFull: boolean;
}

export function PanelTools({ ws, model, metric, isFull }: PanelToolsProps): JSX.Element {
  const { name } = metric;
  const isPinned = useComputed(() => ws.view.value.pin.includes(name)).value;
  const isLog = useComputed(() => isLogY(ws, name)).value;
  const isAlone = useComputed(() => isZoomedAlone(ws, name)).value;
  const isSmall = useComputed(() => !isFull && ws.view.value.density === "sparkline").value;
  return (
    <div class={`panel-tools${isFull ? " shown" : ""}`}>
      {!isFull && (
        <button
          type="button"
          class="icon-button"
          aria-label={`${name} in full screen`}
          title="Full screen (F)"
          onClick={() => ws.setFull(name)}
        >
          <Icon name="expand" />
        </button>
      )}
      {!isSmall && (
        <>
          <button
            type="button"
            class="icon-button"
            aria-pressed={isPinned}
            aria-label={`Pin ${name}`}
            title={isPinned ? "Unpin (P)" : "Pin to the top (P)"}
            onClick={() => togglePin(ws, name)}
          >
            <Icon name="pin" filled={isPinned} />
          </button>
          <button
            type="button"
            class="icon-button word"
            aria-pressed={isLog}
            aria-label={`log: Logarithmic y axis of ${name}`}
            title="Logarithmic y axis"
            onClick={() => toggleLogY(ws, name)}
          >
            log
          </button>
        </>
      )}
      {(isFull || isAlone) && (
        <button
          type="button"
          class="icon-button word"
          aria-pressed={isAlone}
          aria-label={`alone: Zoom ${name} alone`}
          title="Zoom this chart alone"
          onClick={() => toggleZoomAlone(ws, name)}
        >
          alone
        </button>
      )}
      <Menu
        kind="dialog"
        align="aside"
        label={`More about ${name}`}
        class="icon-button"
        button={<Icon name="dots" />}
      >
        {(close) => (
          <PanelMenu ws={ws} model={model} metric={metric} isFull={isFull} close={close} />
        )}
      </Menu>
    </div>
  );
}

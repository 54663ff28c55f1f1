/** The frame of a panel of media: its title and tools, and what stands for its content while there is none. */
import { useComputed } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import type { RequestError } from "../../data/client.ts";
import type { Key } from "../../data/wire.ts";
import type { Objects } from "../../state/objects.ts";
import { hidePanels } from "../../state/panel_edits.ts";
import { type MediaKind, panelId } from "../../state/panel_kinds.ts";
import { togglePin } from "../../state/panel_settings.ts";
import type { Workspace } from "../../state/workspace.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { Icon } from "../../widgets/icon.tsx";
import { Menu } from "../../widgets/menu.tsx";
import { ArrangeItems, ArrangePage } from "./arrange.tsx";
import { KeyInfo } from "./key_info.tsx";
import { NoRunsCover } from "./no_runs.tsx";
import { PanelPick } from "./panel_pick.tsx";
import { KeyName, type PanelPlace, placeStyle } from "./panel_place.tsx";

/** What the component of every kind of media is given. */
export interface MediaPanelProps {
  ws: Workspace;
  metric: Key;
  place: PanelPlace;
  /** Whether any of it is in the viewport; panels beyond are kept ready. */
  isVisible: boolean;
  isFull?: boolean;
}

interface MediaFrameProps {
  ws: Workspace;
  metric: Key;
  kind: MediaKind;
  place: PanelPlace;
  isFull?: boolean;
  /** Instead of the key, where that says nothing. */
  title?: string;
  /** What the panel shows; null: it has a way of its own to say that nothing is there. */
  objects: Pick<Objects, "entries" | "isLoading" | "error" | "retry"> | null;
  /** Buttons of the kind, before those that every panel has; always shown. */
  tools?: ComponentChildren;
  /** Items of the kind, at the head of the menu. */
  menu?: (close: () => void) => ComponentChildren;
  /** The content: the place below the title, `div.media-body`. */
  children: ComponentChildren;
}

export function MediaFrame(props: MediaFrameProps): JSX.Element {
  const { ws, metric, kind, place, isFull = false, objects, children } = props;
  const id = panelId(metric, kind);
  const hasEntries = objects === null || objects.entries.length > 0;
  return (
    <figure
      class={`panel media ${kind}-panel`}
      data-key={id}
      style={placeStyle(place)}
      onPointerEnter={() => {
        ws.pointed = id;
      }}
      onPointerLeave={() => {
        ws.pointed = null;
      }}
    >
      <figcaption>
        {!isFull && <PanelPick ws={ws} id={id} />}
        <h3 title={metric.name}>
          {props.title === undefined ? (
            <KeyName name={metric.name} shown={metric.display_name} />
          ) : (
            <b>{props.title}</b>
          )}
        </h3>
        <KeyInfo metric={metric} />
        {props.tools}
        <MediaTools {...props} id={id} isFull={isFull} />
      </figcaption>
      <div class={`media-body${objects?.isLoading ? " stale" : ""}`}>{hasEntries && children}</div>
      {objects !== null && (
        <MediaCover ws={ws} metric={metric} {...objects} hasEntries={hasEntries} />
      )}
      {!isFull && <span class="panel-corner" aria-hidden="true" />}
    </figure>
  );
}

function MediaTools(props: MediaFrameProps & { id: string; isFull: boolean }): JSX.Element {
  const { ws, metric, id, isFull, menu } = props;
  const isPinned = useComputed(() => ws.view.value.pin.includes(id)).value;
  return (
    <div class={`panel-tools${isFull ? " shown" : ""}`}>
      {!isFull && (
        <button
          type="button"
          class="icon-button"
          aria-label={`${metric.name} in full screen`}
          title="Full screen (F)"
          onClick={() => ws.setFull(id)}
        >
          <Icon name="expand" />
        </button>
      )}
      <button
        type="button"
        class="icon-button"
        aria-pressed={isPinned}
        aria-label={`Pin ${metric.name}`}
        title={isPinned ? "Unpin (P)" : "Pin to the top (P)"}
        onClick={() => togglePin(ws, id)}
      >
        <Icon name="pin" filled={isPinned} />
      </button>
      {(menu !== undefined || !isFull) && (
        <Menu
          kind="dialog"
          align="aside"
          label={`More about ${metric.name}`}
          class="icon-button"
          button={<Icon name="dots" />}
        >
          {(close) => (
            <MediaMenu ws={ws} id={id} isFull={isFull} close={close}>
              {menu?.(close)}
            </MediaMenu>
          )}
        </Menu>
      )}
    </div>
  );
}

interface MediaMenuProps {
  ws: Workspace;
  id: string;
  isFull: boolean;
  close: () => void;
  /** What the kind itself offers. */
  children: ComponentChildren;
}

function MediaMenu({ ws, id, isFull, close, children }: MediaMenuProps): JSX.Element {
  const [isArranging, setArranging] = useState(false);
  if (isArranging) return <ArrangePage ws={ws} id={id} />;
  return (
    <>
      {children}
      {!isFull && (
        <ArrangeItems
          ws={ws}
          id={id}
          close={close}
          onPage={() => setArranging(true)}
          hideLabel="Hide this panel"
          onHide={() => hidePanels(ws, [id])}
        />
      )}
    </>
  );
}

interface MediaCoverProps {
  ws: Workspace;
  metric: Key;
  isLoading: boolean;
  error: RequestError | null;
  retry: () => void;
  hasEntries: boolean;
}

/** What lies over the body while there is nothing in it, or when what is there may be old. */
function MediaCover(props: MediaCoverProps): JSX.Element | null {
  const { ws, metric, isLoading, error, retry, hasEntries } = props;
  if (error !== null) {
    return (
      <div class={`panel-cover error${hasEntries ? " stale" : ""}`} role="alert">
        <p>{hasEntries ? "Not up to date: the server does not answer." : error.message}</p>
        <div class="cover-actions">
          <button type="button" class="chip" onClick={retry}>
            Try again
          </button>
          <CopyButton
            label="Copy the details of the error"
            text={`${metric.name}: ${error.status} ${error.code}: ${error.message}`}
          />
        </div>
      </div>
    );
  }
  if (hasEntries) return null;
  if (ws.shownOrder.value.length === 0) {
    if (ws.runId === null && !ws.list.isReady.value) return <div class="media-skeleton" />;
    return <NoRunsCover ws={ws} />;
  }
  if (isLoading) return <div class="media-skeleton" />;
  const { axis, at } = ws.place.value;
  const elsewhere = metric.runs === 1 ? "One run has." : `${groupDigits(metric.runs)} runs have.`;
  return (
    <Cover>
      {at === null
        ? `None of the runs shown has logged this. ${ws.runId === null ? elsewhere : ""}`
        : `None of the runs shown has logged this up to ${axis === "step" ? `step ${groupDigits(at)}` : "there"}.`}
    </Cover>
  );
}

function Cover({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <div class="panel-cover">
      <p>{children}</p>
    </div>
  );
}

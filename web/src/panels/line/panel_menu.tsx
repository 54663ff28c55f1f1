/** The menu of a panel: its settings, the keys in it, and what can be taken away from it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Key } from "../../data/wire.ts";
import { copyText } from "../../state/clipboard.ts";
import {
  hidePanels,
  isPanelChanged,
  keysIn,
  MOST_KEYS,
  mergeInto,
  resetPanel,
  separate,
} from "../../state/panel_edits.ts";
import { notify, notifyError } from "../../state/toasts.ts";
import type { Workspace } from "../../state/workspace.ts";
import { isZoomedAlone, toggleZoomAlone } from "../../state/zoom.ts";
import { Icon } from "../../widgets/icon.tsx";
import { ArrangeItems, ArrangePage } from "../frame/arrange.tsx";
import { findKeys } from "./axis_field.tsx";
import type { PanelModel } from "./panel_model.ts";
import { SettingsForm } from "./settings_form.tsx";

interface PanelMenuProps {
  ws: Workspace;
  model: PanelModel;
  metric: Key;
  isFull: boolean;
  close: () => void;
}

type Page = "actions" | "settings" | "merge" | "arrange";

export function PanelMenu(props: PanelMenuProps): JSX.Element {
  const { ws, metric } = props;
  const [page, setPage] = useState<Page>("actions");
  if (page === "settings") {
    return <SettingsForm ws={ws} scope={{ kind: "panel", key: metric.name }} />;
  }
  if (page === "arrange") return <ArrangePage ws={ws} id={metric.name} />;
  if (page === "merge") return <MergeForm ws={ws} name={metric.name} />;
  return <Actions {...props} onPage={setPage} />;
}

function Actions(props: PanelMenuProps & { onPage: (page: Page) => void }): JSX.Element {
  const { ws, model, metric, isFull, close, onPage } = props;
  const { name } = metric;
  const isChanged = isPanelChanged(ws, name);
  const isAlone = isZoomedAlone(ws, name);
  const item = (label: string, run: () => unknown) => (
    <button
      type="button"
      class="menu-item"
      onClick={() => {
        close();
        void run();
      }}
    >
      {label}
    </button>
  );
  const page = (label: string, to: Page) => (
    <button type="button" class="menu-item" onClick={() => onPage(to)}>
      {label}
      {to === "settings" && isChanged && <span class="changed-dot spread-left" />}
    </button>
  );
  // Pictures and tables leave the page through a module of their own, loaded when it is wanted.
  const leave = (what: "png" | "svg" | "csv") => async () => {
    try {
      const { savePanel } = await import("./export.ts");
      await savePanel(ws, model, metric, what);
    } catch (error) {
      notifyError(error);
    }
  };
  const copy = async () => {
    try {
      const { snippetOf } = await import("./export.ts");
      const isCopied = await copyText(snippetOf(ws, metric));
      notify(isCopied ? "The Python is in the clipboard." : "This browser lets no page copy.");
    } catch (error) {
      notifyError(error);
    }
  };
  return (
    <>
      {page("Settings…", "settings")}
      {isChanged && item("Reset its settings", () => resetPanel(ws, name))}
      {page("Merge with another key…", "merge")}
      <button
        type="button"
        class="menu-item"
        aria-pressed={isAlone}
        title="Zooming it leaves the other charts as they are, and theirs leave it"
        onClick={() => {
          close();
          toggleZoomAlone(ws, name);
        }}
      >
        Zoom this chart alone
        {isAlone && <span class="tick last">✓</span>}
      </button>
      {item("Write a note on the x axis…", () => model.events.peek()?.writeSomewhere())}
      <p class="menu-title">Save</p>
      {item("Image (PNG)", leave("png"))}
      {item("Vectors (SVG)", leave("svg"))}
      {item("Every value (CSV)", leave("csv"))}
      {item("Copy as Python", copy)}
      {!isFull && (
        <>
          <hr class="menu-line" />
          <ArrangeItems
            ws={ws}
            id={name}
            close={close}
            onPage={() => onPage("arrange")}
            hideLabel="Hide this chart"
            onHide={() => hidePanels(ws, [name], "chart")}
          />
        </>
      )}
    </>
  );
}

const MOST_FOUND = 8;

function MergeForm({ ws, name }: { ws: Workspace; name: string }): JSX.Element {
  const [text, setText] = useState("");
  const inside = keysIn(ws, name);
  const names = ws.chartKeys.value.map((key) => key.name).filter((one) => !inside.includes(one));
  const leaf = name.slice(name.lastIndexOf("/") + 1);
  // Without a search, the same measure elsewhere: val/loss for train/loss.
  const same = names.filter((one) => one.slice(one.lastIndexOf("/") + 1) === leaf);
  const offered =
    text.trim() === "" ? same.slice(0, MOST_FOUND) : findKeys(names, text, MOST_FOUND);

  function add(other: string): void {
    mergeInto(ws, name, other);
    setText("");
  }

  return (
    <div class="group-field">
      <ul class="picked-keys" aria-label="Keys in this chart">
        {inside.map((key) => (
          <li key={key}>
            <span title={key}>{key}</span>
            {key === name ? (
              <span class="picked-end" />
            ) : (
              <button
                type="button"
                class="icon-button"
                aria-label={`Take ${key} out`}
                onClick={() => separate(ws, name, key)}
              >
                <Icon name="close" />
              </button>
            )}
          </li>
        ))}
      </ul>
      {inside.length >= MOST_KEYS ? (
        <p class="menu-title">Eight keys at most.</p>
      ) : (
        <>
          <input
            type="search"
            aria-label="Search for a key to draw in this chart"
            placeholder="Add a key…"
            value={text}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && offered[0] !== undefined) add(offered[0]);
            }}
          />
          {offered.map((key) => (
            <button key={key} type="button" class="menu-item" title={key} onClick={() => add(key)}>
              {key}
            </button>
          ))}
          {text.trim() !== "" && offered.length === 0 && (
            <p class="menu-title">No other key contains “{text.trim()}”.</p>
          )}
        </>
      )}
    </div>
  );
}

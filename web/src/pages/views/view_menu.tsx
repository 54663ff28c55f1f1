/** What can be done with views, and with the panels of the open one. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { keyHint } from "../../state/keys.ts";
import { notifyError } from "../../state/toasts.ts";
import {
  asking,
  discardChanges,
  openView,
  readViews,
  removeView,
  saveView,
  viewsOf,
} from "../../state/views.ts";
import type { Workspace } from "../../state/workspace.ts";
import { MenuItem } from "../../widgets/menu.tsx";

export function ViewMenu({ ws, close }: { ws: Workspace; close: () => void }): JSX.Element {
  useMemo(() => void readViews(ws), [ws]);
  const saved = ws.address.saved.value;
  const isChanged = ws.address.isChanged.value;
  const pick = (work: () => unknown) => () => {
    close();
    work();
  };
  return (
    <>
      <p class="menu-title">Views of {ws.project}</p>
      <MenuItem isChosen={saved === null} onPick={pick(() => openView(ws, null))}>
        Default
      </MenuItem>
      {(viewsOf(ws) ?? []).map((view) => (
        <MenuItem
          key={view.id}
          isChosen={saved?.id === view.id}
          onPick={pick(() => openView(ws, view))}
        >
          {view.name}
        </MenuItem>
      ))}
      <hr />
      <PanelsChoice ws={ws} close={close} />
      <hr />
      {saved !== null && isChanged && (
        <MenuItem onPick={pick(() => saveView(ws))}>
          Save the changes <Hint id="save" />
        </MenuItem>
      )}
      <MenuItem
        onPick={pick(() => {
          asking.value = { kind: "save" };
        })}
      >
        Save as a new view… {saved === null && <Hint id="save" />}
      </MenuItem>
      {isChanged && (
        <MenuItem onPick={pick(() => discardChanges(ws))}>Discard the changes</MenuItem>
      )}
      {saved !== null && (
        <>
          <MenuItem
            onPick={pick(() => {
              asking.value = { kind: "rename", view: saved };
            })}
          >
            Rename “{saved.name}”…
          </MenuItem>
          <MenuItem isDangerous onPick={pick(() => removeView(ws, saved))}>
            Delete “{saved.name}”
          </MenuItem>
        </>
      )}
    </>
  );
}

/** Whether every key has a panel by itself, or those that are listed in the view. */
function PanelsChoice({ ws, close }: { ws: Workspace; close: () => void }): JSX.Element {
  const isManual = ws.view.value.manual !== null;
  const turn = async (to: "automatic" | "manual") => {
    close();
    try {
      const { makeAutomatic, makeManual } = await import("../../state/manual.ts");
      if (to === "manual") makeManual(ws);
      else makeAutomatic(ws);
    } catch (error) {
      notifyError(error);
    }
  };
  return (
    <>
      <p class="menu-title">Panels</p>
      <MenuItem isChosen={!isManual} onPick={() => void turn("automatic")}>
        Automatic: one for each key
      </MenuItem>
      <MenuItem isChosen={isManual} onPick={() => void turn("manual")}>
        Manual: those that you add
      </MenuItem>
      {!isManual && <SectionsChoice ws={ws} close={close} />}
    </>
  );
}

const SECTIONS_BY = [
  ["", "First part of the key"],
  ["two", "First two parts"],
  ["last", "All but the last part"],
  ["none", "None: all in one section"],
] as const;

/** What of a key names the section of its panel. */
function SectionsChoice({ ws, close }: { ws: Workspace; close: () => void }): JSX.Element {
  const { sectionsBy } = ws.view.value;
  return (
    <>
      <p class="menu-title">Sections by</p>
      {SECTIONS_BY.map(([by, label]) => (
        <MenuItem
          key={by}
          isChosen={sectionsBy === by}
          onPick={() => {
            close();
            ws.set({ sectionsBy: by });
          }}
        >
          {label}
        </MenuItem>
      ))}
      <MenuItem
        isChosen={sectionsBy.startsWith("re:")}
        onPick={() => {
          close();
          asking.value = { kind: "sections" };
        }}
      >
        A regular expression…
      </MenuItem>
    </>
  );
}

function Hint({ id }: { id: "save" }): JSX.Element {
  return <kbd class="hint">{keyHint(id)}</kbd>;
}

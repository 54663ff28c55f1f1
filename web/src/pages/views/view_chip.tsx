/** Which view is open, whether it was changed, and what can be done about it. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { type Bindings, keyHint } from "../../state/keys.ts";
import { notifyError } from "../../state/toasts.ts";
import {
  asking,
  discardChanges,
  openView,
  readViews,
  removeView,
  renameView,
  saveView,
  saveViewAs,
  viewsOf,
} from "../../state/views.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Dialog } from "../../widgets/dialog.tsx";
import { Menu, MenuItem } from "../../widgets/menu.tsx";
import { useShortcuts } from "../shortcuts.tsx";

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
      <NameDialog ws={ws} />
    </>
  );
}

function ViewMenu({ ws, close }: { ws: Workspace; close: () => void }): JSX.Element {
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
    </>
  );
}

function Hint({ id }: { id: "save" }): JSX.Element {
  return <kbd class="hint">{keyHint(id)}</kbd>;
}

/** Asks for the name of a view. */
function NameDialog({ ws }: { ws: Workspace }): JSX.Element | null {
  const question = asking.value;
  if (question === null) return null;
  const close = () => {
    asking.value = null;
  };
  const onName = (name: string) => {
    close();
    if (question.kind === "save") void saveViewAs(ws, name);
    else void renameView(ws, question.view, name);
  };
  const title = question.kind === "save" ? "Save as a new view" : "Rename the view";
  const name = question.kind === "save" ? "" : question.view.name;
  return (
    <Dialog title={title} onClose={close}>
      <NameForm name={name} onName={onName} />
    </Dialog>
  );
}

const LONGEST_NAME = 200;

function NameForm(props: { name: string; onName: (name: string) => void }): JSX.Element {
  const [name, setName] = useState(props.name);
  return (
    <form
      class="name-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) props.onName(name.trim());
      }}
    >
      <label>
        Name
        <input
          class="inline-field"
          value={name}
          maxLength={LONGEST_NAME}
          autofocus
          autocomplete="off"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <p class="quiet">Everybody who can see this project sees its saved views.</p>
      <button type="submit" class="chip primary" disabled={!name.trim()}>
        Save
      </button>
    </form>
  );
}

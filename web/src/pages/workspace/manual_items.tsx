/** What is done with a manual workspace: panels and sections are added, renamed and removed. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { findKeys } from "../../panels/line/axis_field.tsx";
import { addPanel, addSection, removeSection, renameSection } from "../../state/manual.ts";
import { MOST_KEYS } from "../../state/panel_edits.ts";
import { faultOfTitle } from "../../state/section_names.ts";
import { FOUND, PINNED, type Section } from "../../state/sections.ts";
import { notify } from "../../state/toasts.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Dialog } from "../../widgets/dialog.tsx";
import { Icon } from "../../widgets/icon.tsx";
import { Menu, MenuItem } from "../../widgets/menu.tsx";

/** What a dialog asks for; null: none is open. */
type Question =
  | { kind: "panel"; section: string | null }
  | { kind: "section" }
  | { kind: "rename"; section: Section };
const question = signal<Question | null>(null);

/** In the toolbar: adds a panel, and holds the dialogs of all items. */
export function AddChip({ ws }: { ws: Workspace }): JSX.Element {
  const ask = (next: Question, close: () => void) => () => {
    close();
    question.value = next;
  };
  return (
    <>
      <Menu
        label="Add a panel or a section"
        align="right"
        button={
          <>
            <Icon name="plus" /> Add
          </>
        }
      >
        {(close) => (
          <>
            <MenuItem onPick={ask({ kind: "panel", section: null }, close)}>Panel…</MenuItem>
            <MenuItem onPick={ask({ kind: "section" }, close)}>Section…</MenuItem>
          </>
        )}
      </Menu>
      <ManualDialog ws={ws} />
    </>
  );
}

/** In the menu of a section. */
export function ManualItems(props: {
  ws: Workspace;
  section: Section;
  close: () => void;
}): JSX.Element {
  const { ws, section, close } = props;
  const item = (label: string, run: () => void, isDangerous = false) => (
    <button
      type="button"
      class={`menu-item${isDangerous ? " danger" : ""}`}
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
      {item("Add a panel…", () => {
        question.value = { kind: "panel", section: section.id };
      })}
      {item("Rename…", () => {
        question.value = { kind: "rename", section };
      })}
      {item("Remove the section", () => removeSection(ws, section.id, section.title), true)}
    </>
  );
}

function ManualDialog({ ws }: { ws: Workspace }): JSX.Element | null {
  const asked = question.value;
  if (asked === null) return null;
  const close = () => {
    question.value = null;
  };
  if (asked.kind === "panel") {
    return (
      <Dialog title="Add a panel" onClose={close}>
        <PanelForm ws={ws} section={asked.section} onDone={close} />
      </Dialog>
    );
  }
  const onName = (name: string) => {
    close();
    if (asked.kind === "section") addSection(ws, name);
    else renameSection(ws, asked.section.id, name);
  };
  return (
    <Dialog
      title={asked.kind === "section" ? "Add a section" : "Rename the section"}
      onClose={close}
    >
      <TitleForm title={asked.kind === "section" ? "" : asked.section.title} onName={onName} />
    </Dialog>
  );
}

function TitleForm(props: { title: string; onName: (name: string) => void }): JSX.Element {
  const [title, setTitle] = useState(props.title);
  const fault = title.trim() === "" ? null : faultOfTitle(title);
  return (
    <form
      class="name-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (faultOfTitle(title) === null) props.onName(title.trim());
      }}
    >
      <label>
        Name
        <input
          class="inline-field"
          value={title}
          autofocus
          autocomplete="off"
          aria-invalid={fault !== null}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
      </label>
      {fault !== null && <p role="alert">{fault}</p>}
      <button type="submit" class="chip primary" disabled={faultOfTitle(title) !== null}>
        Save
      </button>
    </form>
  );
}

const MOST_FOUND = 12;

interface PanelFormProps {
  ws: Workspace;
  /** Where it is put; null: that can be chosen. */
  section: string | null;
  onDone: () => void;
}

/** Keys by search; several that lines can be drawn through stand in one panel. */
function PanelForm({ ws, section, onDone }: PanelFormProps): JSX.Element {
  const sections = ws.sections.value.filter(({ id }) => id !== PINNED && id !== FOUND);
  const [target, setTarget] = useState(section ?? sections.at(-1)?.id ?? "");
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const listed = new Set(ws.view.value.manual?.flatMap(({ panels }) => panels));
  const isLine = (id: string) => ws.panels.value.get(id)?.kind === "line";
  // A panel of media draws one key; a line panel several, among them such that have a panel already.
  const offered = [...ws.panels.value.keys()].filter(
    (id) =>
      !chosen.includes(id) &&
      (chosen.length === 0 ? !listed.has(id) : isLine(chosen[0]!) && isLine(id)),
  );
  const found =
    text.trim() === "" ? offered.slice(0, MOST_FOUND) : findKeys(offered, text, MOST_FOUND);

  function choose(id: string): void {
    setChosen([...chosen, id]);
    setText("");
  }

  function add(): void {
    const id = addPanel(ws, chosen, target);
    onDone();
    if (id !== null) notify(`The panel of “${id}” is added.`);
  }

  return (
    <form
      class="name-form panel-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen.length > 0) add();
      }}
    >
      {chosen.length > 0 && (
        <ul class="picked-keys" aria-label="Keys in the panel">
          {chosen.map((id) => (
            <li key={id}>
              <span title={id}>{id}</span>
              <button
                type="button"
                class="icon-button"
                aria-label={`Take ${id} out`}
                onClick={() => setChosen(chosen.filter((one) => one !== id))}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {chosen.length < MOST_KEYS && (chosen.length === 0 || isLine(chosen[0]!)) && (
        <>
          <input
            type="search"
            aria-label="Search for a key"
            placeholder={chosen.length === 0 ? "Key…" : "Another key in the same panel…"}
            value={text}
            autofocus
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || text.trim() === "" || found[0] === undefined) return;
              event.preventDefault();
              choose(found[0]);
            }}
          />
          <div class="panel-form-found">
            {found.map((id) => (
              <button
                key={id}
                type="button"
                class="menu-item"
                title={id}
                onClick={() => choose(id)}
              >
                {id}
              </button>
            ))}
            {found.length === 0 && (
              <p class="menu-title">
                {text.trim() === ""
                  ? "Every key has a panel here."
                  : `No key without a panel contains “${text.trim()}”.`}
              </p>
            )}
          </div>
        </>
      )}
      {section === null && sections.length > 0 && (
        <label>
          Section
          <select value={target} onChange={(event) => setTarget(event.currentTarget.value)}>
            {sections.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
        </label>
      )}
      <button type="submit" class="chip primary" disabled={chosen.length === 0}>
        Add
      </button>
    </form>
  );
}

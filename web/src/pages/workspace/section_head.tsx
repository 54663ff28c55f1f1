/** The head of a section: folds it, and holds what is done with it and its settings. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { SettingsForm } from "../../panels/line/settings_form.tsx";
import { showPanels } from "../../state/panel_edits.ts";
import { openOnly, toggleFold, toggleLead } from "../../state/panel_settings.ts";
import { FOUND, isMediaSection, PINNED, type Section } from "../../state/sections.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu } from "../../widgets/menu.tsx";
import { lazy } from "../lazy.tsx";

const SectionSize = lazy(async () => (await import("./section_size.tsx")).SectionSize);
const ManualItems = lazy(async () => (await import("./manual_items.tsx")).ManualItems);

interface SectionHeadProps {
  ws: Workspace;
  section: Section;
  top: number;
}

export function SectionHead({ ws, section, top }: SectionHeadProps): JSX.Element {
  const { id, title, panels, hidden, isFolded } = section;
  const isChanged = useComputed(() => hasOwn(ws, id)).value;
  const isLeading = useComputed(() => ws.view.value.spin.includes(id)).value;
  const isSameY = useComputed(() => ws.view.value.samey.includes(id)).value;
  return (
    <div class="section-line" style={{ top: `${top}px` }}>
      <h2>
        <button
          type="button"
          class="section-head"
          aria-expanded={!isFolded}
          title="Fold or unfold. Alt: only this one."
          onClick={(event) => (event.altKey ? openOnly(ws, id) : toggleFold(ws, id))}
        >
          <Icon name={isFolded ? "chevronRight" : "chevronDown"} />
          {title}
          <span class="section-count">{groupDigits(panels.length)}</span>
        </button>
      </h2>
      {hidden.length > 0 && (
        <button
          type="button"
          class="section-hidden"
          title={`Hidden: ${hidden.join(", ")}`}
          onClick={() => showPanels(ws, hidden)}
        >
          {groupDigits(hidden.length)} hidden · <b>show</b>
        </button>
      )}
      {isLeading && (
        <button
          type="button"
          class="icon-button"
          aria-label={`Unpin the section ${title}`}
          title="Pinned to the top: unpin"
          onClick={() => toggleLead(ws, id)}
        >
          <Icon name="pin" filled />
        </button>
      )}
      {isChanged && <span class="changed-dot" title="This section has settings of its own" />}
      {isSameY && (
        <span class="section-same" title="The charts of this section share their y axis">
          same y
        </span>
      )}
      <Menu
        kind="dialog"
        label={`Section ${title}`}
        class="icon-button section-menu"
        button={<Icon name="dots" />}
      >
        {(close) => <SectionMenu ws={ws} section={section} close={close} />}
      </Menu>
    </div>
  );
}

function SectionMenu(props: { ws: Workspace; section: Section; close: () => void }): JSX.Element {
  const { ws, section, close } = props;
  const { id } = section;
  const [form, setForm] = useState<"settings" | "size" | null>(null);
  const isManual = ws.view.value.manual !== null;
  // Panels keep the settings of the section that they come from.
  const hasSettings = id !== PINNED && id !== FOUND && !isMediaSection(id);
  const isChanged = hasOwn(ws, id);
  const isSameY = ws.view.value.samey.includes(id);
  const canLead = id !== PINNED && id !== FOUND;
  const isLeading = ws.view.value.spin.includes(id);
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
  if (form === "settings") return <SettingsForm ws={ws} scope={{ kind: "section", id }} />;
  if (form === "size") return <SectionSize ws={ws} id={id} />;
  return (
    <>
      {hasSettings && (
        <button type="button" class="menu-item" onClick={() => setForm("settings")}>
          Settings of its charts…
        </button>
      )}
      {id !== FOUND && (
        <button type="button" class="menu-item" onClick={() => setForm("size")}>
          Size of its panels…
        </button>
      )}
      {hasSettings && (
        <button
          type="button"
          class="menu-item"
          aria-pressed={isSameY}
          title="Its charts show the same part of y, which all their lines fit in"
          onClick={() => {
            close();
            ws.sameY.toggle(id);
          }}
        >
          Same y in its charts
          {isSameY && <span class="tick last">✓</span>}
        </button>
      )}
      {isChanged && item("Reset its settings", () => resetSection(ws, id))}
      {canLead && item(isLeading ? "Unpin" : "Pin to the top", () => toggleLead(ws, id))}
      {id !== FOUND && item("Open only this", () => openOnly(ws, id))}
      {id !== FOUND && item("Open all sections", () => openAll(ws))}
      {id === PINNED && item("Unpin all", () => ws.set({ pin: [] }))}
      {isManual && canLead && <ManualItems ws={ws} section={section} close={close} />}
    </>
  );
}

/** Whether a section differs from what the page says. Reads signals. */
function hasOwn(ws: Workspace, id: string): boolean {
  const { sections, grids } = ws.view.value;
  return Object.hasOwn(sections, id) || Object.hasOwn(grids, id);
}

function resetSection(ws: Workspace, id: string): void {
  const { sections, grids } = ws.view.peek();
  const { [id]: _settings, ...others } = sections;
  const { [id]: _grid, ...further } = grids;
  ws.set({ sections: others, grids: further });
}

function openAll(ws: Workspace): void {
  ws.set({ fold: ws.sections.peek().some((section) => section.id === "system") ? ["system"] : [] });
}

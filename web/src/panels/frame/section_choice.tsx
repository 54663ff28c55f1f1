/** The sections that panels can be moved to, and a name for a new one. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { inOrder, moveToSection } from "../../state/panel_moves.ts";
import { faultOfTitle, sectionCalled } from "../../state/section_names.ts";
import { FOUND, PINNED } from "../../state/sections.ts";
import type { Workspace } from "../../state/workspace.ts";

interface SectionChoiceProps {
  ws: Workspace;
  /** The panels that move. */
  ids: readonly string[];
  /** The section in which all of them are; null: in none. */
  chosen: string | null;
  onMoved?: () => void;
}

export function SectionChoice({ ws, ids, chosen, onMoved }: SectionChoiceProps): JSX.Element {
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const sections = ws.sections.value.filter(({ id }) => id !== FOUND && id !== PINNED);
  const offered = [{ id: PINNED, title: "Pinned" }, ...sections];

  function move(section: string): void {
    moveToSection(ws, inOrder(ws, ids), section);
    onMoved?.();
  }

  function moveToNew(): void {
    const wrong = faultOfTitle(text);
    setFault(wrong);
    if (wrong !== null) return;
    move(sectionCalled(ws, text));
    setText("");
  }

  return (
    <>
      <div class="section-choice">
        {offered.map(({ id, title }) => (
          <button
            key={id}
            type="button"
            class="menu-item"
            aria-pressed={id === chosen}
            onClick={() => id !== chosen && move(id)}
          >
            <span class="tick">{id === chosen ? "✓" : ""}</span>
            {title}
          </button>
        ))}
      </div>
      <form
        class="new-section"
        onSubmit={(event) => {
          event.preventDefault();
          moveToNew();
        }}
      >
        <input
          class="inline-field"
          aria-label="Name of a new section"
          aria-invalid={fault !== null}
          placeholder="New section…"
          value={text}
          autocomplete="off"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="chip" disabled={text.trim() === ""}>
          Move there
        </button>
      </form>
      {fault !== null && (
        <p class="menu-title" role="alert">
          {fault}
        </p>
      )}
    </>
  );
}

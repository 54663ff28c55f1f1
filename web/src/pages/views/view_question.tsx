/** Dialogs that ask for a text: the name of a view, the expression that makes sections. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { captureOf } from "../../state/colouring.ts";
import { asking, renameView, saveViewAs } from "../../state/views.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Dialog } from "../../widgets/dialog.tsx";

const LONGEST_NAME = 200;
const SHARED = "Everybody who can see this project sees its saved views.";

export function ViewQuestion({ ws }: { ws: Workspace }): JSX.Element | null {
  const question = asking.value;
  if (question === null) return null;
  const close = () => {
    asking.value = null;
  };
  const answer = (work: (text: string) => unknown) => (text: string) => {
    close();
    void work(text);
  };
  switch (question.kind) {
    case "save":
      return (
        <Dialog title="Save as a new view" onClose={close}>
          <TextForm label="Name" text="" onText={answer((name) => saveViewAs(ws, name))}>
            {SHARED}
          </TextForm>
        </Dialog>
      );
    case "rename": {
      const { view } = question;
      return (
        <Dialog title="Rename the view" onClose={close}>
          <TextForm
            label="Name"
            text={view.name}
            onText={answer((name) => renameView(ws, view, name))}
          >
            {SHARED}
          </TextForm>
        </Dialog>
      );
    }
    case "sections": {
      const { sectionsBy } = ws.view.value;
      return (
        <Dialog title="Sections by a regular expression" onClose={close}>
          <TextForm
            label="Regular expression"
            text={sectionsBy.startsWith("re:") ? sectionsBy.slice(3) : ""}
            isGood={(text) => captureOf(text) !== null}
            onText={answer((text) => ws.set({ sectionsBy: `re:${text}` }))}
          >
            What its first group, else the whole of it, matches in a key names the section:{" "}
            <code>^(layer\d+)</code> puts layer1/weight and layer1/bias together.
          </TextForm>
        </Dialog>
      );
    }
  }
}

interface TextFormProps {
  label: string;
  text: string;
  /** Whether a text can be taken; any that is not empty can without it. */
  isGood?: (text: string) => boolean;
  onText: (text: string) => void;
  /** What there is to know. */
  children: ComponentChildren;
}

function TextForm({ label, isGood, onText, children, ...props }: TextFormProps): JSX.Element {
  const [text, setText] = useState(props.text);
  const found = text.trim();
  const isTaken = found !== "" && (isGood?.(found) ?? true);
  return (
    <form
      class="name-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isTaken) onText(found);
      }}
    >
      <label>
        {label}
        <input
          class="inline-field"
          value={text}
          maxLength={LONGEST_NAME}
          autofocus
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <p class="quiet">{children}</p>
      <button type="submit" class="chip primary" disabled={!isTaken}>
        Save
      </button>
    </form>
  );
}

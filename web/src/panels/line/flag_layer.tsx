/** What is said of flags under the pointer or the keyboard, and the form for a note. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { LONGEST_NOTE, notePosition, putNote } from "../../state/notes.ts";
import type { Workspace } from "../../state/workspace.ts";
import { onMenuKey } from "../../widgets/menu.tsx";
import type { Editing, EventFlags, LayerProps, Tip } from "./event_flags.ts";
import { axisName, formatX } from "./lines.ts";

const MOST_ROWS = 8;
const EDGE = 8;
const GAP = 12;

export function FlagLayer({ ws, events }: LayerProps): JSX.Element | null {
  const editing = events.editing.value;
  if (editing !== null) return <NoteForm ws={ws} events={events} editing={editing} />;
  const tip = events.tip.value;
  return tip === null ? null : <FlagTip tip={tip} axis={events.axis} />;
}

function FlagTip({ tip, axis }: { tip: Tip; axis: string }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => putBeside(box.current!, tip));
  const further = tip.flags.length - MOST_ROWS;
  return (
    <div ref={box} class="tooltip flag-tip" role="tooltip">
      {tip.flags.slice(0, MOST_ROWS).map((flag, i) => (
        <div key={i}>
          <span class="swatch" style={{ backgroundColor: flag.color }} />
          <b>{flag.name || "Note"}</b>
          <span>{flag.text}</span>
          <span class="at">
            {axis !== "wall" && axis !== "relative" && `${axisName(axis)} `}
            {formatX(axis, flag.x)}
          </span>
        </div>
      ))}
      {further > 0 && <div class="tooltip-more">+{further} more</div>}
    </div>
  );
}

interface FormProps {
  ws: Workspace;
  events: EventFlags;
  editing: Editing;
}

function NoteForm({ ws, events, editing }: FormProps): JSX.Element {
  const { index, axis } = editing;
  const [text, setText] = useState(editing.text);
  const [x, setX] = useState(editing.x);
  const box = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    putBeside(box.current!, editing);
    field.current!.focus({ preventScroll: true });
  }, [editing]);
  const close = () => events.endEditing();
  const save = (words: string) => {
    const place = notePosition(axis, Number.isFinite(x) ? x : editing.x);
    putNote(ws, index, { x: place, axis: axis === "step" ? "" : axis, text: words });
    close();
  };
  // A press elsewhere keeps what was written; undo takes it back.
  const leave = useRef(() => {});
  leave.current = () => {
    if (text.trim() === "" || text === editing.text) events.editing.value = null;
    else save(text);
  };
  useEffect(() => {
    const onPress = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) leave.current();
    };
    document.addEventListener("pointerdown", onPress, true);
    return () => document.removeEventListener("pointerdown", onPress, true);
  }, []);
  const title = index === null ? "New note" : "Note";
  return (
    <div
      ref={box}
      class="popover note-form"
      role="dialog"
      aria-label={`${title} at ${axisName(axis)} ${formatX(axis, editing.x)}`}
      onKeyDown={(event) => onMenuKey(event, box.current!, close)}
      onFocusOut={(event) => {
        const next = event.relatedTarget as Node | null;
        if (next !== null && !box.current?.contains(next)) events.editing.value = null;
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save(text);
        }}
      >
        <input
          ref={field}
          type="text"
          class="inline-field"
          aria-label="Text of the note"
          placeholder="What happened here"
          maxLength={LONGEST_NOTE}
          value={text}
          autocomplete="off"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <div class="note-line">
          {axis === "wall" ? (
            <span class="quiet">{formatX(axis, editing.x)}</span>
          ) : (
            <label>
              at {axisName(axis)}
              <input
                type="number"
                class="inline-field"
                step="any"
                aria-label={`Position: ${axisName(axis)}`}
                value={x}
                onInput={(event) => setX(event.currentTarget.valueAsNumber)}
              />
            </label>
          )}
          <span class="spread" />
          {index !== null && (
            <button type="button" class="chip" onClick={() => save("")}>
              Delete
            </button>
          )}
          <button type="button" class="chip" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="chip changed" disabled={text.trim() === ""}>
            Save
          </button>
        </div>
      </form>
    </div>
  );
}

/** Below a place on the page, or above it where there is no room. */
function putBeside(box: HTMLElement, { left, top }: { left: number; top: number }): void {
  const { offsetWidth: width, offsetHeight: height } = box;
  const below = top + GAP;
  const isAbove = below + height + EDGE > innerHeight;
  const x = Math.max(EDGE, Math.min(left - width / 2, innerWidth - width - EDGE));
  const y = Math.max(EDGE, isAbove ? top - GAP - height : below);
  box.style.left = `${Math.round(x)}px`;
  box.style.top = `${Math.round(y)}px`;
}

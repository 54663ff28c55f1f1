/** The field that filters runs: completion, the faulty part underlined, a form beside it. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { RequestError } from "../../data/client.ts";
import { FilterCompleter } from "../../state/filter_completer.ts";
import { unitOffset } from "../../state/filter_tokens.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu } from "../../widgets/menu.tsx";
import { lazy } from "../lazy.tsx";

const TYPING_MS = 200;
/** While there is something to choose, the text is most likely not whole: the list waits longer. */
const CHOOSING_MS = 800;
const LIST_ID = "run-filter-choices";

const FilterBuilder = lazy(async () => (await import("./filter_builder.tsx")).FilterBuilder);

interface FilterProps {
  ws: Workspace;
  /** What is wrong with the answer to the filter; by default that of the run list. */
  error?: Error | null;
}

export function FilterField({ ws, error = ws.list.error.value }: FilterProps): JSX.Element {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const completer = useMemo(() => new FilterCompleter(ws), [ws]);
  const { q } = ws.still.value;
  const isBroken = error !== null && q !== "";
  // The field is the truth while it is typed in; the back button may change the view under it.
  useEffect(() => {
    const input = field.current!;
    if (document.activeElement !== input) input.value = q;
  }, [q]);

  function apply(text: string): void {
    clearTimeout(timer.current);
    ws.set({ q: text.trim() });
  }
  function onInput(input: HTMLInputElement): void {
    clearTimeout(timer.current);
    completer.update(input.value, input.selectionStart ?? input.value.length);
    const rest = completer.isOpen.value ? CHOOSING_MS : TYPING_MS;
    timer.current = setTimeout(() => apply(input.value), rest);
  }
  function take(index: number): boolean {
    const taken = completer.accept(index);
    const input = field.current!;
    if (taken === null) return false;
    [input.value] = taken;
    input.setSelectionRange(taken[1], taken[1]);
    onInput(input);
    return true;
  }
  function onKeyDown(event: KeyboardEvent): void {
    const input = field.current!;
    if (act(event.key, input)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }
  /** Whether a key was for the list of choices. */
  function act(key: string, input: HTMLInputElement): boolean {
    const { isOpen, active } = completer;
    switch (key) {
      case "ArrowDown":
      case "ArrowUp":
        if (isOpen.value) completer.move(key === "ArrowDown" ? 1 : -1);
        else completer.update(input.value, input.selectionStart ?? 0, true);
        return true;
      case "Tab":
        return isOpen.value && take(Math.max(0, active.value));
      case "Enter":
        if (isOpen.value && active.value >= 0) return take(active.value);
        completer.close();
        apply(input.value);
        return true;
      case "Escape":
        if (!isOpen.value) return false;
        completer.close();
        return true;
      default:
        return false;
    }
  }

  return (
    <div class={`filter-field${isBroken ? " broken" : ""}`}>
      <Fault q={q} error={error} field={field} />
      <input
        ref={field}
        id="run-filter"
        type="text"
        class="search-field"
        placeholder="Filter runs  R"
        aria-label="Filter runs"
        role="combobox"
        aria-expanded={completer.isOpen.value}
        aria-controls={LIST_ID}
        aria-autocomplete="list"
        aria-activedescendant={
          completer.active.value >= 0 ? `${LIST_ID}-${completer.active.value}` : undefined
        }
        aria-invalid={isBroken}
        autocomplete="off"
        spellcheck={false}
        onFocus={() => void ws.readColumns()}
        onBlur={() => completer.close()}
        onInput={(event) => onInput(event.currentTarget)}
        onKeyDown={onKeyDown}
      />
      <Menu
        label="Filter by form"
        class="icon-button filter-form"
        kind="dialog"
        align="right"
        button={<Icon name="sliders" />}
      >
        {() => <FilterBuilder ws={ws} />}
      </Menu>
      <Choices completer={completer} onTake={take} />
    </div>
  );
}

interface FaultProps {
  q: string;
  error: Error | null;
  field: { current: HTMLInputElement | null };
}

/** The text of the field again, unseen but for a line under what the server cannot read. */
function Fault({ q, error, field }: FaultProps): JSX.Element | null {
  const mirror = useRef<HTMLSpanElement>(null);
  const place = error instanceof RequestError ? faultIn(q, error.details) : null;
  // A long text scrolls inside its field; the line follows it.
  useEffect(() => {
    const input = field.current;
    if (!input || place === null) return;
    const follow = () => {
      const shift = input.scrollLeft;
      mirror.current!.style.transform = `translateX(${-shift}px)`;
      mirror.current!.hidden = input.value.trim() !== q;
    };
    follow();
    input.addEventListener("scroll", follow);
    input.addEventListener("input", follow);
    return () => {
      input.removeEventListener("scroll", follow);
      input.removeEventListener("input", follow);
    };
  }, [q, place === null]);
  if (place === null) return null;
  const [start, end] = place;
  return (
    <div class="filter-mirror" aria-hidden="true">
      <span ref={mirror}>
        {q.slice(0, start)}
        <mark>{q.slice(start, end) || " "}</mark>
      </span>
    </div>
  );
}

/** Where in a filter the server found a fault, in UTF-16 units; null when it did not say. */
function faultIn(q: string, details: Readonly<Record<string, unknown>>): [number, number] | null {
  const { position, length } = details;
  if (typeof position !== "number") return null;
  const start = unitOffset(q, position);
  const size = typeof length === "number" ? length : 1;
  return [start, Math.max(start + 1, unitOffset(q, position + size))];
}

function Choices(props: {
  completer: FilterCompleter;
  onTake: (index: number) => void;
}): JSX.Element | null {
  const { completer, onTake } = props;
  const active = completer.active.value;
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);
  if (!completer.isOpen.value) return null;
  return (
    <div ref={list} id={LIST_ID} class="popover filter-choices" role="listbox" aria-label="Choices">
      {completer.choices.value.map((choice, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
        <div
          key={choice.label}
          id={`${LIST_ID}-${index}`}
          role="option"
          aria-selected={index === active}
          class={index === active ? "active" : undefined}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onTake(index)}
        >
          <span>{choice.label}</span>
          <small>{choice.note}</small>
        </div>
      ))}
    </div>
  );
}

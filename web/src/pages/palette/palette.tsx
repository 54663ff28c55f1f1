/** Everything that can be opened or done, found by a few letters. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { bestOf, foundRanges, type Needle, needleOf } from "../../base/fuzzy.ts";
import { groupDigits } from "../../base/numbers.ts";
import type { Project } from "../../data/wire.ts";
import { KEYS } from "../../state/keys.ts";
import { current } from "../../state/opened.ts";
import {
  type Entry,
  entriesOf,
  findRuns,
  KIND_WORDS,
  readOffers,
  recentIds,
  rememberPick,
} from "../../state/palette.ts";
import { Keys } from "../shortcuts.tsx";
import { isPaletteOpen } from "./opening.ts";

const SHOWN = 50;
const ASK_RUNS_MS = 150;
/** What having been picked lately is worth: less than a better fit, more than an equal one. */
const RECENT_BONUS = 30;

export function Palette(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const ws = current.value;
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [projects, setProjects] = useState<readonly Project[]>([]);
  const further = useFurtherRuns(text);
  useEffect(() => {
    dialog.current!.showModal();
    void readOffers(ws).then(setProjects);
  }, [ws]);

  const offered = useMemo(() => offer(entriesOf(ws, projects), further), [ws, projects, further]);
  const { shown, needle } = useMemo(() => pick(offered, text), [offered, text]);
  const chosen = Math.min(at, shown.length - 1);

  function close(): void {
    // The browser gives the focus back to where it was before the action moves it.
    dialog.current?.close();
    isPaletteOpen.value = false;
  }

  function run(entry: Entry): void {
    close();
    rememberPick(entry.id);
    entry.run();
  }

  function onKeyDown(event: KeyboardEvent): void {
    event.stopPropagation();
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (by !== undefined) {
      setAt(wrapped(chosen, by, shown.length));
    } else if (event.key === "Enter") {
      const entry = shown[chosen];
      if (entry) run(entry);
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      close();
    } else return;
    event.preventDefault();
  }

  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Find anything"
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
      onKeyDown={onKeyDown}
    >
      <input
        class="palette-field"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={chosen >= 0 ? `palette-${chosen}` : undefined}
        aria-label="Find runs, charts, columns, views, pages, settings and actions"
        placeholder="Find runs, charts, columns, views, pages, settings, actions"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
      />
      <div id="palette-list" class="palette-list" role="listbox" aria-label="Found">
        {shown.map((entry, index) => (
          <Option
            key={entry.id}
            {...{ entry, index, needle, isChosen: index === chosen }}
            onPick={() => run(entry)}
            onPoint={() => setAt(index)}
          />
        ))}
      </div>
      {shown.length === 0 && <p class="palette-none">Nothing is called “{text}”.</p>}
      <p class="palette-foot" role="status">
        {text.trim() === "" ? `${groupDigits(offered.entries.length)} things to find` : ""}
      </p>
    </dialog>
  );
}

function wrapped(at: number, by: number, count: number): number {
  if (count === 0) return 0;
  if (Math.abs(by) > 1) return Math.max(0, Math.min(count - 1, at + by));
  return (at + by + count) % count;
}

interface Offered {
  entries: readonly Entry[];
  /** Their titles and details in lower case. */
  texts: readonly string[];
}

function offer(entries: readonly Entry[], further: readonly Entry[]): Offered {
  const ids = new Set(entries.map((entry) => entry.id));
  const all = [...entries, ...further.filter((entry) => !ids.has(entry.id))];
  const texts = all.map((entry) =>
    (entry.detail ? `${entry.title} ${entry.detail}` : entry.title).toLowerCase(),
  );
  return { entries: all, texts };
}

/** What is shown for a text; for none: what was picked lately, then in the order offered. */
function pick({ entries, texts }: Offered, text: string): { shown: Entry[]; needle: Needle } {
  const needle = needleOf(text);
  const recent = new Map(recentIds().map((id, rank) => [id, RECENT_BONUS - rank / 10]));
  const bonus = (index: number) => recent.get(entries[index]!.id) ?? 0;
  return { shown: bestOf(needle, texts, SHOWN, bonus).map((i) => entries[i]!), needle };
}

interface OptionProps {
  entry: Entry;
  index: number;
  needle: Needle;
  isChosen: boolean;
  onPick: () => void;
  onPoint: () => void;
}

function Option({ entry, index, needle, isChosen, onPick, onPoint }: OptionProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isChosen) element.current!.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the focus and the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the same; aria-activedescendant says where it is
    <div
      ref={element}
      id={`palette-${index}`}
      class="palette-option"
      role="option"
      aria-selected={isChosen}
      data-kind={entry.kind}
      onClick={onPick}
      onPointerMove={() => !isChosen && onPoint()}
    >
      <span class="palette-kind">{KIND_WORDS[entry.kind]}</span>
      <span class="palette-title">
        <Marked text={entry.title} needle={needle} />
        {entry.detail && <span class="quiet"> {entry.detail}</span>}
      </span>
      {entry.key && <Keys chord={KEYS[entry.key].keys[0]} />}
    </div>
  );
}

/** A text with what was looked for in bold. */
function Marked({ text, needle }: { text: string; needle: Needle }): JSX.Element {
  const parts: (string | JSX.Element)[] = [];
  let end = 0;
  for (const [from, to] of foundRanges(needle, text)) {
    parts.push(text.slice(end, from), <b key={from}>{text.slice(from, to)}</b>);
    end = to;
  }
  return (
    <>
      {parts}
      {text.slice(end)}
    </>
  );
}

/** Runs that only the server knows, once the typing rests. */
function useFurtherRuns(text: string): readonly Entry[] {
  const [found, setFound] = useState<readonly Entry[]>([]);
  useEffect(() => {
    const ws = current.peek();
    if (ws === null || text.trim().length < 2) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      // A text that the server cannot read as a filter finds no further runs.
      findRuns(ws, text, abort.signal).then(setFound, () => undefined);
    }, ASK_RUNS_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text]);
  return found;
}

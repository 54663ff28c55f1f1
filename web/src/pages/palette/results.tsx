/** What the palette has found, and picking from it. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
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
import type { Search } from "./palette.tsx";

const SHOWN = 30;
const ASK_RUNS_MS = 150;
/** What having been picked lately is worth: less than a better fit, more than an equal one. */
const RECENT_BONUS = 30;

export function Results({ search }: { search: Search }): JSX.Element {
  const ws = current.value;
  const text = search.text.value;
  const [at, setAt] = useState({ text: "", index: 0 });
  const [projects, setProjects] = useState<readonly Project[]>([]);
  const further = useFurtherRuns(text);
  useEffect(() => void readOffers(ws).then(setProjects), [ws]);

  const known = useMemo(() => offer(entriesOf(ws, projects)), [ws, projects]);
  const offered = useMemo(() => withFurther(known, further), [known, further]);
  const { shown, needle } = useMemo(() => pick(offered, text), [offered, text]);
  // Another text begins at its first option.
  const chosen = at.text === text ? Math.min(at.index, shown.length - 1) : 0;
  const choose = (index: number) => setAt({ text, index });

  function run(entry: Entry): void {
    search.close();
    rememberPick(entry.id);
    entry.run();
  }

  useLayoutEffect(() => {
    search.active.value = shown.length > 0 ? optionId(chosen) : "";
    search.onKey = (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
      if (by !== undefined) choose(wrapped(chosen, by, shown.length));
      else if (event.key === "Enter" && shown[chosen]) run(shown[chosen]);
      else return false;
      return true;
    };
  });

  return (
    <>
      <div id="palette-list" class="palette-list" role="listbox" aria-label="Found">
        {shown.map((entry, index) => (
          <Option
            key={entry.id}
            {...{ entry, index, needle, isChosen: index === chosen }}
            onPick={() => run(entry)}
            onPoint={() => choose(index)}
          />
        ))}
      </div>
      {shown.length === 0 && <p class="palette-none">Nothing is called “{text}”.</p>}
      <p class="palette-foot" role="status">
        {text.trim() === "" ? `${groupDigits(offered.entries.length)} things to find` : ""}
      </p>
    </>
  );
}

function optionId(index: number): string {
  return `palette-${index}`;
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

function offer(entries: readonly Entry[]): Offered {
  const texts = entries.map((entry) =>
    (entry.detail ? `${entry.title} ${entry.detail}` : entry.title).toLowerCase(),
  );
  return { entries, texts };
}

/** What is known and what the server has found beyond; the same when that is nothing new. */
function withFurther(known: Offered, further: readonly Entry[]): Offered {
  const ids = new Set(further.map((entry) => entry.id));
  for (const { id } of known.entries) ids.delete(id);
  if (ids.size === 0) return known;
  const added = offer(further.filter((entry) => ids.has(entry.id)));
  return {
    entries: [...known.entries, ...added.entries],
    texts: [...known.texts, ...added.texts],
  };
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
      id={optionId(index)}
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

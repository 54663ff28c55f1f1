/** A JSON file as a tree whose branches open, or as the text that it is. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { groupDigits } from "../../../base/numbers.ts";
import { Choice } from "../../../widgets/choice.tsx";
import { useBytes } from "./file_bytes.ts";
import type { PreviewProps } from "./file_view.tsx";
import { LeftOut, Waiting } from "./preview_state.tsx";
import { TextBody } from "./text_view.tsx";

const MOST = 16 << 20;
/** Members of one object or array that are shown before "more". */
const AT_ONCE = 200;
const VIEWS = [
  { value: "tree", label: "Tree" },
  { value: "text", label: "Text" },
] as const;

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

export function JsonView({ file }: PreviewProps): JSX.Element {
  const loaded = useBytes(file, MOST);
  const { bytes, left } = loaded;
  const [view, setView] = useState<"tree" | "text">("tree");
  const text = useMemo(() => (bytes === null ? "" : new TextDecoder().decode(bytes)), [bytes]);
  const value = useMemo(() => parse(text), [text]);
  if (bytes === null) return <Waiting loaded={loaded} />;
  if (value === undefined) {
    return (
      <>
        <p class="file-note">This is not valid JSON.</p>
        <TextBody name={file.name} text={text} />
        <LeftOut left={left} />
      </>
    );
  }
  return (
    <>
      <div class="part-bar">
        <Choice label="Shown as" value={view} options={VIEWS} onPick={setView} />
        <span class="quiet">{describe(value)}</span>
      </div>
      {view === "text" ? (
        <TextBody name={file.name} text={spread(text, value)} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
        <section class="json-tree" aria-label={file.name} tabIndex={0}>
          <Members value={value} depth={0} />
        </section>
      )}
    </>
  );
}

/** Undefined for what is no JSON. Python writes NaN and Infinity, which JSON has not: they become texts. */
function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    try {
      return JSON.parse(
        text.replace(/(?<=[:,[]\s*)(NaN|-?Infinity)(?=\s*[,\]}])/g, '"$1"'),
      ) as Json;
    } catch {
      return undefined;
    }
  }
}

/** JSON without line ends as one member a line. */
function spread(text: string, value: Json): string {
  return text.trim().includes("\n") ? text : JSON.stringify(value, null, 2);
}

function describe(value: Json): string {
  if (Array.isArray(value)) return `${groupDigits(value.length)} items`;
  if (value !== null && typeof value === "object") {
    return `${groupDigits(Object.keys(value).length)} names`;
  }
  return typeof value;
}

interface MembersProps {
  value: Json;
  depth: number;
}

function Members({ value, depth }: MembersProps): JSX.Element {
  const [most, setMost] = useState(AT_ONCE);
  if (value === null || typeof value !== "object") {
    return <Leaf value={value} />;
  }
  const members: [string, Json][] = Array.isArray(value)
    ? value.slice(0, most).map((one, i) => [String(i), one])
    : Object.entries(value).slice(0, most);
  const all = Array.isArray(value) ? value.length : Object.keys(value).length;
  return (
    <ul>
      {members.map(([name, inner]) => (
        <li key={name}>
          {isBranch(inner) ? (
            <Branch name={name} value={inner} depth={depth} />
          ) : (
            <div class="json-leaf">
              <span class="json-name">{name}</span>
              <Leaf value={inner} />
            </div>
          )}
        </li>
      ))}
      {all > most && (
        <li>
          <button type="button" class="chip" onClick={() => setMost(most * 5)}>
            {groupDigits(all - most)} more
          </button>
        </li>
      )}
    </ul>
  );
}

function isBranch(value: Json): value is Json[] | { [name: string]: Json } {
  return value !== null && typeof value === "object" && Object.keys(value).length > 0;
}

interface BranchProps {
  name: string;
  value: Json[] | { [name: string]: Json };
  depth: number;
}

/** Its members are made when it is first opened: a file may have a million of them. */
function Branch({ name, value, depth }: BranchProps): JSX.Element {
  const count = Object.keys(value).length;
  const [isOpen, setOpen] = useState(depth === 0 && count <= 30);
  return (
    <>
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span class="json-mark">{isOpen ? "▾" : "▸"}</span>
        <span class="json-name">{name}</span>
        <span class="quiet">
          {Array.isArray(value) ? `[${groupDigits(count)}]` : `{${groupDigits(count)}}`}
        </span>
      </button>
      {isOpen && <Members value={value} depth={depth + 1} />}
    </>
  );
}

function Leaf({ value }: { value: Json }): JSX.Element {
  const kind = value === null ? "null" : typeof value;
  return (
    <span class={`json-value json-${kind}`}>
      {typeof value === "string" ? value : JSON.stringify(value)}
    </span>
  );
}

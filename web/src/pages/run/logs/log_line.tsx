/** One line of a console: its number, which is its address, when it was printed, and its text in colours. */
import type { ComponentChildren, JSX } from "preact";
import type { OutputLine } from "../../../data/run_files.ts";
import { theme } from "../../../state/theme.ts";
import { lastWriting, type Piece, readAnsi } from "./ansi.ts";
import { inkOf } from "./ink.ts";

/** Characters of a line that are shown: browsers lay out longer ones for seconds. */
const MOST_SHOWN = 10_000;

interface LogLineProps {
  n: number;
  /** Null until it is read. */
  line: OutputLine | null;
  /** What is looked for; "" for nothing. */
  find: string;
  hasTime: boolean;
  isCurrent: boolean;
  onPick: (n: number) => void;
}

export function LogLine({ n, line, find, hasTime, isCurrent, onPick }: LogLineProps): JSX.Element {
  const kinds = `${line?.level === "error" ? " stderr" : ""}${isCurrent ? " current" : ""}`;
  return (
    <div class={`text-line${kinds}`}>
      <button
        type="button"
        class="line-number"
        tabIndex={-1}
        aria-label={`Line ${n + 1}: link to it`}
        onClick={() => onPick(n)}
      >
        {n + 1}
      </button>
      {hasTime && <span class="log-time">{line?.time != null && clockOf(line.time)}</span>}
      {line?.label && <span class="log-label">{line.label}</span>}
      <code>{line === null ? "" : textOf(line.text, find)}</code>
    </div>
  );
}

function clockOf(seconds: number): JSX.Element {
  const moment = new Date(seconds * 1000);
  const two = (part: number) => String(part).padStart(2, "0");
  const clock = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(":");
  const thousandths = String(moment.getMilliseconds()).padStart(3, "0");
  return (
    <time dateTime={moment.toISOString()} title={moment.toISOString()}>
      {clock}.{thousandths}
    </time>
  );
}

function textOf(raw: string, find: string): ComponentChildren {
  const text = lastWriting(raw);
  const pieces = readAnsi(text.length > MOST_SHOWN ? text.slice(0, MOST_SHOWN) : text);
  const left = text.length - MOST_SHOWN;
  const more = left > 0 && <i class="quiet"> … {left} more characters</i>;
  const isPlain = pieces.length === 1 && inkOf(pieces[0]!, "light").color === undefined;
  if (find === "" && isPlain && !hasFace(pieces[0]!)) {
    return (
      <>
        {pieces[0]!.text}
        {more}
      </>
    );
  }
  const marks = find === "" ? [] : placesOf(pieces.map((piece) => piece.text).join(""), find);
  let at = 0;
  return (
    <>
      {pieces.map((piece, i) => {
        const start = at;
        at += piece.text.length;
        return (
          <span key={i} class={faceOf(piece)} style={inkOf(piece, theme.value)}>
            {marked(piece.text, start, marks)}
          </span>
        );
      })}
      {more}
    </>
  );
}

function hasFace(piece: Piece): boolean {
  return faceOf(piece) !== undefined;
}

function faceOf(piece: Piece): string | undefined {
  const faces = [
    piece.isBold && "bold",
    piece.isFaint && "faint",
    piece.isItalic && "italic",
    piece.isUnderlined && "underlined",
    piece.isStruck && "struck",
  ].filter(Boolean);
  return faces.length === 0 ? undefined : faces.join(" ");
}

/** Where a text stands in another, whatever the case: [start, end] in order. */
export function placesOf(text: string, find: string): [number, number][] {
  const [where, what] = [text.toLowerCase(), find.toLowerCase()];
  const found: [number, number][] = [];
  // Letters that change their length with their case would shift what is marked.
  if (what === "" || where.length !== text.length) return found;
  for (let at = where.indexOf(what); at >= 0; at = where.indexOf(what, at + what.length)) {
    found.push([at, at + what.length]);
  }
  return found;
}

/** A text that begins at `start` of the line, with the parts marked that lie in one of the places. */
function marked(
  text: string,
  start: number,
  places: readonly (readonly [number, number])[],
): ComponentChildren {
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const [from, to] of places) {
    const [begin, end] = [Math.max(at, from - start), Math.min(text.length, to - start)];
    if (begin >= end) continue;
    if (begin > at) parts.push(text.slice(at, begin));
    parts.push(<mark key={begin}>{text.slice(begin, end)}</mark>);
    at = end;
  }
  if (parts.length === 0) return text;
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

/**
 * What a terminal would show of a line: its colours (ECMA-48 SGR), without what moves the cursor or sets titles.
 *
 * Sequences: `ESC [ parameters m` styles the text after it (0 to 9, 21 to 29, 30 to 49, 90 to 107, 38 and 48 with 5;n
 * or 2;r;g;b, with ";" or ":"); other `ESC [ ...` and `ESC ] ... BEL` are left out.
 */

export type Rgb = readonly [number, number, number];
/** One of the 16 named colours by its number, or any other. */
export type Colour = number | Rgb;

export interface Piece {
  readonly text: string;
  readonly fore: Colour | null;
  readonly back: Colour | null;
  readonly isBold: boolean;
  readonly isFaint: boolean;
  readonly isItalic: boolean;
  readonly isUnderlined: boolean;
  readonly isStruck: boolean;
  /** Fore and back change places. */
  readonly isInverse: boolean;
}

type Style = Omit<Piece, "text">;

const PLAIN: Style = {
  fore: null,
  back: null,
  isBold: false,
  isFaint: false,
  isItalic: false,
  isUnderlined: false,
  isStruck: false,
  isInverse: false,
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SEQUENCE = /\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out
const UNSEEN = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g;

/** What is left of a line that carriage returns have written several times: the last writing. */
export function lastWriting(text: string): string {
  if (!text.includes("\r")) return text;
  const trimmed = text.replace(/\r+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("\r") + 1);
}

/** A line in pieces of one style each. */
export function readAnsi(text: string): Piece[] {
  if (!text.includes("\x1b")) return text === "" ? [] : [{ ...PLAIN, text: seen(text) }];
  const pieces: Piece[] = [];
  let style = PLAIN;
  let at = 0;
  for (const found of text.matchAll(SEQUENCE)) {
    if (found.index > at) pieces.push({ ...style, text: seen(text.slice(at, found.index)) });
    if (found[2] === "m") style = restyled(style, found[1]!);
    at = found.index + found[0].length;
  }
  if (at < text.length) pieces.push({ ...style, text: seen(text.slice(at)) });
  return pieces.filter((piece) => piece.text !== "");
}

function seen(text: string): string {
  return text.replace(UNSEEN, "").replaceAll("\x1b", "");
}

function restyled(style: Style, parameters: string): Style {
  const numbers = parameters.split(/[;:]/).map((part) => (part === "" ? 0 : Number(part)));
  let now = style;
  for (let i = 0; i < numbers.length; i++) {
    const code = numbers[i]!;
    if (code === 38 || code === 48) {
      const [colour, used] = extended(numbers, i + 1);
      i += used;
      if (colour !== null) now = { ...now, [code === 38 ? "fore" : "back"]: colour };
    } else now = { ...now, ...change(code) };
  }
  return now;
}

function change(code: number): Partial<Style> {
  if (code === 0) return PLAIN;
  if (code >= 30 && code <= 37) return { fore: code - 30 };
  if (code >= 90 && code <= 97) return { fore: code - 90 + 8 };
  if (code >= 40 && code <= 47) return { back: code - 40 };
  if (code >= 100 && code <= 107) return { back: code - 100 + 8 };
  switch (code) {
    case 1:
      return { isBold: true };
    case 2:
      return { isFaint: true };
    case 3:
      return { isItalic: true };
    case 4:
      return { isUnderlined: true };
    case 7:
      return { isInverse: true };
    case 9:
      return { isStruck: true };
    case 22:
      return { isBold: false, isFaint: false };
    case 23:
      return { isItalic: false };
    case 24:
      return { isUnderlined: false };
    case 27:
      return { isInverse: false };
    case 29:
      return { isStruck: false };
    case 39:
      return { fore: null };
    case 49:
      return { back: null };
    default:
      return {};
  }
}

/** A colour of 256, or of all, and how many parameters it takes. */
function extended(numbers: readonly number[], at: number): [Colour | null, number] {
  if (numbers[at] === 5) {
    const n = numbers[at + 1];
    return [n === undefined ? null : ofTable(n), 2];
  }
  if (numbers[at] === 2) {
    const [r, g, b] = numbers.slice(at + 1, at + 4);
    const isWhole = r !== undefined && g !== undefined && b !== undefined;
    return [isWhole ? [byte(r), byte(g), byte(b)] : null, 4];
  }
  return [null, 1];
}

function byte(n: number): number {
  return Math.min(255, Math.max(0, n));
}

/** xterm's table: 16 named colours, a cube of 6 x 6 x 6, 24 greys. */
function ofTable(n: number): Colour | null {
  if (!(n >= 0 && n <= 255)) return null;
  if (n < 16) return n;
  if (n >= 232) {
    const grey = 8 + (n - 232) * 10;
    return [grey, grey, grey];
  }
  const level = (i: number) => (i === 0 ? 0 : 55 + i * 40);
  const i = n - 16;
  return [level(Math.floor(i / 36)), level(Math.floor(i / 6) % 6), level(i % 6)];
}

/** The words of a filter, cut as the server cuts them (docs/reference/filters.md). */

export type TokenKind = "string" | "key" | "regex" | "operator" | "mark" | "word";

export interface Token {
  /** A "key" is a quoted name with a colon behind it. */
  kind: TokenKind;
  /** What it means: without quotation marks, slashes kept. */
  text: string;
  /** Where it stands, in UTF-16 units; `end` is after it. */
  start: number;
  end: number;
}

export interface Tokens {
  tokens: Token[];
  /** Where the text stops making sense, or null. */
  fault: number | null;
}

const STRING = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')(:?)/uy;
const REGEX = /(\/(?:[^/\\]|\\.)+\/)(?=[\s()]|$)/uy;
const OPERATOR = /(<=|>=|!=|==|=|<|>)/uy;
const MARK = /([(),])/uy;
const WORD = /((?:[^\s()<>=!,"':]|!(?!=)|:(?!["'])|(?<=\p{L}|\p{N}|_)'(?=\p{L}|\p{N}|_))+:?|:)/uy;

const KINDS: readonly (readonly [TokenKind, RegExp])[] = [
  ["string", STRING],
  ["regex", REGEX],
  ["operator", OPERATOR],
  ["mark", MARK],
  ["word", WORD],
];

/** The tokens of a filter up to the first fault. */
export function tokenise(text: string): Tokens {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += /^\s*/u.exec(text.slice(at))![0].length;
    if (at >= text.length) return { tokens, fault: null };
    const token = readToken(text, at);
    if (token === null) return { tokens, fault: at };
    tokens.push(token);
    at = token.end;
  }
}

function readToken(text: string, at: number): Token | null {
  for (const [kind, pattern] of KINDS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) continue;
    const end = at + found[0].length;
    const said = found[1]!;
    if (kind === "word" && said.startsWith("/")) return null;
    if (kind !== "string") return { kind, text: said, start: at, end };
    const inner = said.slice(1, -1).replace(/\\(.)/gsu, "$1");
    return { kind: found[2] ? "key" : "string", text: inner, start: at, end };
  }
  return null;
}

export function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === "word" && token.text.toLowerCase() === word;
}

const KEYWORDS = new Set(["and", "or", "not", "in"]);

/** A name or value as it is written in a filter: quoted where it would be read as something else. */
export function quoted(text: string): string {
  const { tokens, fault } = tokenise(text);
  const [only] = tokens;
  const isPlain = fault === null && only?.kind === "word" && only.text === text;
  return isPlain && !text.startsWith("{") && !KEYWORDS.has(text.toLowerCase())
    ? text
    : inQuotes(text);
}

export function inQuotes(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/** The UTF-16 offset of the character with number `count`, as the server counts them. */
export function unitOffset(text: string, count: number): number {
  let units = 0;
  for (const character of text) {
    if (count-- <= 0) break;
    units += character.length;
  }
  return units;
}

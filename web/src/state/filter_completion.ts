/** What may be typed next in a filter: names of columns, what compares them, and their values. */
import { isField } from "./filter_text.ts";
import { isWord, quoted, type Token, tokenise } from "./filter_tokens.ts";

/** What the cursor stands in. The text from `start` to `end` (UTF-16 units) is what a choice replaces. */
export interface Spot {
  kind: "column" | "sign" | "value" | "none";
  /** What has been typed of it. */
  typed: string;
  start: number;
  end: number;
  /** The column that is compared, for signs and values. */
  column: string;
  /** Values stand in a list: `in (adam, ...`. */
  isInList: boolean;
}

export interface Choice {
  /** As it is shown. */
  label: string;
  /** What takes the place of the typed part. */
  insert: string;
  /** Behind the label: a type, or how many runs have the value. */
  note: string;
}

export interface KnownColumn {
  name: string;
  type: string;
  runs: number;
}

const NOTHING = { typed: "", column: "", isInList: false };

/** What the cursor at `cursor` stands in. */
export function spotAt(text: string, cursor: number): Spot {
  const none: Spot = { kind: "none", start: cursor, end: cursor, ...NOTHING };
  if (text.trimStart().startsWith("{")) return none;
  const { tokens, fault } = tokenise(text.slice(0, cursor));
  if (fault !== null) return openSpot(text, tokens, fault, cursor) ?? none;
  const last = tokens.at(-1);
  const isTouching = last !== undefined && last.end === cursor;
  if (isTouching && last.kind === "word") return wordSpot(text, tokens.slice(0, -1), last);
  if (isTouching && (last.kind === "string" || last.kind === "regex")) return none;
  return emptySpot(tokens, cursor);
}

/** Inside a quotation that is not closed yet: a name, or a value after its sign. */
function openSpot(text: string, before: Token[], start: number, cursor: number): Spot | null {
  if (!/["']/.test(text[start] ?? "")) return null;
  const typed = text.slice(start + 1, cursor);
  const closing = text[cursor] === text[start] ? 1 : 0;
  return { ...emptySpot(before, cursor), typed, start, end: cursor + closing };
}

/** In or at the end of a bare word. */
function wordSpot(text: string, before: Token[], word: Token): Spot {
  const rest = tokenise(text.slice(word.start)).tokens[0];
  const end = rest ? word.start + rest.end : word.end;
  const spot = emptySpot(before, word.start);
  if (spot.kind === "column") {
    const cut = word.text.indexOf(":");
    const name = word.text.slice(0, cut);
    if (cut > 0 && isField(name)) {
      const typed = word.text.slice(cut + 1);
      const start = word.start + cut + 1;
      return { kind: "value", typed, start, end, column: name, isInList: false };
    }
  }
  return { ...spot, kind: spot.kind, typed: word.text, start: word.start, end };
}

/** At a place where a token would begin. */
function emptySpot(tokens: readonly Token[], at: number): Spot {
  const spot = { start: at, end: at, ...NOTHING };
  const last = tokens.at(-1);
  if (last?.kind === "operator") {
    return { ...spot, kind: "value", column: tokens.at(-2)?.text ?? "" };
  }
  if (last?.kind === "key") return { ...spot, kind: "value", column: last.text };
  if (last?.kind === "word" && last.text.endsWith(":") && isField(last.text.slice(0, -1))) {
    return { ...spot, kind: "value", column: last.text.slice(0, -1) };
  }
  const list = openList(tokens);
  if (list !== null) return { ...spot, kind: "value", column: list, isInList: true };
  if (isName(tokens, tokens.length - 1)) return { ...spot, kind: "sign", column: last!.text };
  return { ...spot, kind: "column" };
}

/** The column of a list of values that is not closed, or null. */
function openList(tokens: readonly Token[]): string | null {
  for (let i = tokens.length - 1; i > 1; i--) {
    const { kind, text } = tokens[i]!;
    if (kind === "mark" && text === ")") return null;
    if (kind !== "mark" || text !== "(") continue;
    if (!isWord(tokens[i - 1], "in")) return null;
    const name = tokens[i - (isWord(tokens[i - 2], "not") ? 3 : 2)];
    return name?.text ?? null;
  }
  return null;
}

/** Whether the token at `i` may be a column that is about to be compared, and not a value or a keyword. */
function isName(tokens: readonly Token[], i: number): boolean {
  const token = tokens[i];
  if (!token || (token.kind !== "word" && token.kind !== "string")) return false;
  if (["and", "or", "not", "in"].some((word) => isWord(token, word))) return false;
  if (token.kind === "word" && isField(token.text.split(":")[0]!) && token.text.includes(":")) {
    return false;
  }
  const before = tokens[i - 1];
  if (before?.kind === "operator" || before?.kind === "key") return false;
  return !(before?.kind === "word" && before.text.endsWith(":"));
}

// ---- choices

/** Fields of every run, with what they hold. */
export const RUN_FIELDS: readonly KnownColumn[] = [
  { name: "state", type: "text", runs: 0 },
  { name: "tag", type: "text", runs: 0 },
  { name: "name", type: "text", runs: 0 },
  { name: "group", type: "text", runs: 0 },
  { name: "job_type", type: "text", runs: 0 },
  { name: "created", type: "time", runs: 0 },
  { name: "finished", type: "time", runs: 0 },
  { name: "duration", type: "length", runs: 0 },
  { name: "notes", type: "text", runs: 0 },
  { name: "id", type: "text", runs: 0 },
  { name: "host", type: "text", runs: 0 },
  { name: "last_step", type: "number", runs: 0 },
  { name: "rows", type: "number", runs: 0 },
];

/** Columns whose name contains what was typed; those that begin with it first, then the most used. */
export function columnChoices(typed: string, columns: readonly KnownColumn[]): Choice[] {
  const wanted = typed.toLowerCase();
  const found = columns.flatMap((column) => {
    const rank = rankOf(column.name.toLowerCase(), wanted);
    return rank === null ? [] : [{ column, rank }];
  });
  found.sort((a, b) => a.rank - b.rank || b.column.runs - a.column.runs);
  return found.map(({ column: { name, type } }) => ({
    label: name,
    insert: type === "text" && !/^(config|summary)\./.test(name) ? `${name}:` : quoted(name),
    note: type,
  }));
}

/** 0 when a name or its last part begins with what was typed, 1 when it contains it, else null. */
function rankOf(name: string, typed: string): number | null {
  const short = name.replace(/^(config|summary|last|min|max|best)\./, "");
  if (name.startsWith(typed) || short.startsWith(typed)) return 0;
  return name.includes(typed) ? 1 : null;
}

const ORDER = ["<", "<=", ">", ">=", "=", "!="];
const SIGNS: Readonly<Record<string, readonly string[]>> = {
  number: [...ORDER, "in ("],
  time: [">", "<"],
  length: [">", "<"],
};
const TEXT_SIGNS = ["=", "!=", ":", "in (", "not in ("];
const SIGN_NOTES: Readonly<Record<string, string>> = {
  "=": "is",
  "!=": "is not, or is missing",
  ":": "contains",
  "in (": "is one of",
  "not in (": "is none of",
};

/** What may stand between a column and a value. */
export function signChoices(typed: string, type: string): Choice[] {
  const signs = SIGNS[type] ?? TEXT_SIGNS;
  return signs
    .filter((sign) => sign.startsWith(typed))
    .map((sign) => ({ label: sign, insert: sign, note: SIGN_NOTES[sign] ?? "" }));
}

/** Values that a time or a length of time may have; they are not looked up. */
export const TIMES: readonly Choice[] = [
  { label: "-1h", insert: "-1h", note: "the last hour" },
  { label: "-24h", insert: "-24h", note: "the last day" },
  { label: "-7d", insert: "-7d", note: "the last week" },
  { label: "-30d", insert: "-30d", note: "the last 30 days" },
];
export const LENGTHS: readonly Choice[] = ["1m", "10m", "1h", "1d"].map((text) => ({
  label: text,
  insert: text,
  note: "",
}));

/** The text and the cursor after a choice has been made. */
export function withChoice(text: string, spot: Spot, choice: Choice): [string, number] {
  const before = text.slice(0, spot.start);
  const after = text.slice(spot.end);
  if (spot.kind === "sign") {
    // A sign that is a word stands apart from the name: `lr in (`, but `lr<`.
    const made = before.trimEnd() + (/^[a-z]/.test(choice.insert) ? " " : "") + choice.insert;
    return [made + after, made.length];
  }
  const isDone = spot.kind === "value" && !spot.isInList;
  const made = before + choice.insert + (isDone && !/^\s/.test(after) ? " " : "");
  return [made + after, made.length];
}

/** What the cursor stands in once it is known which columns there are. */
export function resolvedSpot(text: string, cursor: number, columns: readonly KnownColumn[]): Spot {
  const spot = spotAt(text, cursor);
  const typeOf = (name: string) => findColumn(name, columns)?.type;
  if (spot.kind === "sign") {
    const type = typeOf(spot.column);
    const isSign = type !== undefined && signChoices(spot.typed, type).length > 0;
    return isSign ? spot : { ...spot, kind: "column", column: "" };
  }
  if (spot.kind === "column" && spot.typed !== "" && typeOf(spot.typed) !== undefined) {
    return { ...spot, kind: "sign", start: spot.end, typed: "", column: spot.typed };
  }
  return spot;
}

/** A column by its name, or by that of a config or summary value without the prefix. */
export function findColumn(name: string, columns: readonly KnownColumn[]): KnownColumn | undefined {
  for (const one of [name, `config.${name}`, `summary.${name}`]) {
    const found = columns.find((column) => column.name === one);
    if (found) return found;
  }
  return undefined;
}

/**
 * The filters that a form can hold: conditions joined by `and` and `or` without parentheses, where
 * `and` binds closer. Their text is the language of docs/reference/filters.md.
 */
import { inQuotes, isWord, quoted, type Token, tokenise } from "./filter_tokens.ts";

export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=" | ":" | "in" | "not in";
export const COMPARISONS: readonly Comparison[] = [
  "=",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  ":",
  "in",
  "not in",
];

/** A value to compare with; one in quotation marks is never read as a number. */
export interface Literal {
  text: string;
  isQuoted: boolean;
}

/** What one part of a filter asks of a run. */
export type Test =
  | { kind: "words"; text: string; isQuoted: boolean }
  | { kind: "regex"; pattern: string }
  | { kind: "compare"; column: string; sign: Comparison; values: readonly Literal[] };

export interface Condition {
  /** How it is joined with the one before it; the first one's says nothing. */
  join: "and" | "or";
  isNegated: boolean;
  test: Test;
}

/** Run fields that a filter compares with a colon; `config.x:v` and `summary.x:v` are read too. */
const FIELDS = new Set(
  (
    "uid id name state group job_type notes host created updated finished rows last_step ordinal " +
    "duration tags archived tag runtime step jobtype"
  ).split(" "),
);

/** The conditions of a filter, or null when no form can hold it. */
export function readConditions(text: string): Condition[] | null {
  if (text.trimStart().startsWith("{")) return null;
  const { tokens, fault } = tokenise(text);
  return fault === null ? new Reader(tokens).read() : null;
}

export function writeConditions(conditions: readonly Condition[]): string {
  return conditions
    .map((condition, i) => {
      const before = i === 0 ? "" : condition.join === "or" ? " or " : " and ";
      return before + (condition.isNegated ? "not " : "") + writeTest(condition.test);
    })
    .join("");
}

function writeTest(test: Test): string {
  if (test.kind === "regex") return `/${test.pattern}/`;
  if (test.kind === "words") {
    return test.isQuoted || readsAsField(test.text) ? inQuotes(test.text) : quoted(test.text);
  }
  const { column, sign } = test;
  // Beside its sign a name may read otherwise than alone: `a!` and `=`, `a:b` and `:`.
  const isUnclear = column.endsWith("!") || (sign === ":" && column.includes(":"));
  const name = isUnclear ? inQuotes(column) : quoted(column);
  const values = test.values.map(writeLiteral);
  if (sign === "in" || sign === "not in") return `${name} ${sign} (${values.join(", ")})`;
  return `${name}${sign}${values[0] ?? '""'}`;
}

function writeLiteral({ text, isQuoted }: Literal): string {
  return isQuoted ? inQuotes(text) : quoted(text);
}

class Reader {
  private at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  read(): Condition[] | null {
    const found: Condition[] = [];
    while (this.at < this.tokens.length) {
      const join = this.takeJoin(found.length);
      let isNegated = false;
      while (isWord(this.tokens[this.at], "not")) {
        isNegated = !isNegated;
        this.at += 1;
      }
      const test = join && this.takeTest();
      if (!join || !test) return null;
      found.push({ join, isNegated, test });
    }
    return found;
  }

  /** What joins a part with the one before it; `and` may be left out, but nothing leads or ends. */
  private takeJoin(index: number): "and" | "or" | null {
    const token = this.tokens[this.at];
    if (!isWord(token, "and") && !isWord(token, "or")) return "and";
    this.at += 1;
    if (index === 0 || this.at === this.tokens.length) return null;
    return isWord(token, "or") ? "or" : "and";
  }

  private takeTest(): Test | null {
    const token = this.tokens[this.at++];
    if (!token || token.kind === "mark" || token.kind === "operator") return null;
    if (token.kind === "regex") return { kind: "regex", pattern: token.text.slice(1, -1) };
    if (isWord(token, "and") || isWord(token, "or")) return null;
    if (token.kind === "key") return this.comparison(token.text, ":");
    const next = this.tokens[this.at];
    if (next?.kind === "operator") {
      this.at += 1;
      return this.comparison(token.text, next.text === "==" ? "=" : (next.text as Comparison));
    }
    if (isWord(next, "in") && this.opensList(1)) return this.list(token.text, "in", 1);
    if (isWord(next, "not") && isWord(this.tokens[this.at + 1], "in") && this.opensList(2)) {
      return this.list(token.text, "not in", 2);
    }
    if (token.kind === "string") return { kind: "words", text: token.text, isQuoted: true };
    return this.field(token) ?? { kind: "words", text: token.text, isQuoted: false };
  }

  /** `state:running` as a comparison; null for a word in which a colon means nothing. */
  private field(token: Token): Test | null {
    const cut = token.text.indexOf(":");
    const name = token.text.slice(0, cut);
    if (cut < 1 || !isField(name)) return null;
    const value = token.text.slice(cut + 1);
    if (value === "") return this.comparison(name, ":");
    return {
      kind: "compare",
      column: name,
      sign: ":",
      values: [{ text: value, isQuoted: false }],
    };
  }

  private comparison(column: string, sign: Comparison): Test | null {
    const value = this.takeValue();
    return value && { kind: "compare", column, sign, values: [value] };
  }

  private takeValue(): Literal | null {
    const token = this.tokens[this.at++];
    if (token?.kind !== "word" && token?.kind !== "string") return null;
    return { text: token.text, isQuoted: token.kind === "string" };
  }

  private opensList(ahead: number): boolean {
    return this.tokens[this.at + ahead]?.text === "(";
  }

  private list(column: string, sign: Comparison, words: number): Test | null {
    this.at += words + 1;
    const values: Literal[] = [];
    for (;;) {
      const token = this.tokens[this.at];
      if (!token) return null;
      if (token.kind === "mark" && token.text !== "(") {
        this.at += 1;
        if (token.text === ")") return { kind: "compare", column, sign, values };
        continue;
      }
      const value = this.takeValue();
      if (!value) return null;
      values.push(value);
    }
  }
}

function readsAsField(word: string): boolean {
  const cut = word.indexOf(":");
  return cut > 0 && isField(word.slice(0, cut));
}

export function isField(name: string): boolean {
  return FIELDS.has(name.toLowerCase()) || /^(config|summary)\./.test(name);
}

/** `text` without the part from `start` to `end` (UTF-16 units), and without the `and` that joined it. */
export function withoutPart(text: string, start: number, end: number): string {
  const before = text.slice(0, start).trimEnd();
  const after = text.slice(end).trimStart();
  const isLed = /(^|[\s(])and$/i.test(before);
  const isFollowed = /^and(?=[\s(]|$)/i.test(after);
  const head = isLed ? before.slice(0, -3).trimEnd() : before;
  const tail = !isLed && isFollowed ? after.slice(3).trimStart() : after;
  return head && tail ? `${head} ${tail}` : head + tail;
}

/**
 * Brushes on axes as parts of the run filter, and back.
 *
 * A brush is nothing but a part of the filter that the page understands: `config.lr >= 0.001 and
 * config.lr <= 0.01`, `config.opt in (adam, sgd)`, several on one axis in parentheses with `or`. What is
 * typed so is shown as a brush; what is brushed stands in the filter for every page, link and API.
 */
import {
  type Comparison,
  type Condition,
  isField,
  type Literal,
  readConditions,
  withoutPart,
} from "./filter_text.ts";
import { inQuotes, isWord, quoted, type Token, tokenise } from "./filter_tokens.ts";

/** What one brush keeps: numbers from `lo` to `hi`, both in it, or values by their text. */
export type Brush =
  | { readonly kind: "range"; readonly lo: number; readonly hi: number }
  | { readonly kind: "values"; readonly values: readonly string[] };

/** The brushes of axes, by column. A run has to pass one brush of each axis that has any. */
export type Brushes = ReadonlyMap<string, readonly Brush[]>;

export interface BrushedFilter {
  /** The filter without its brushes: which runs there are to brush. */
  readonly rest: string;
  readonly brushes: Brushes;
  /** Whether brushes can be added to it: not to JSON, nor to what cannot be read. */
  readonly isOpen: boolean;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Takes a filter apart into what brushes on these columns say, and the rest. */
export function readBrushes(filter: string, columns: ReadonlySet<string>): BrushedFilter {
  const spans = partsOf(filter);
  if (spans === null) {
    return { rest: filter, brushes: new Map(), isOpen: canGrow(filter) };
  }
  const brushes = new Map<string, readonly Brush[]>();
  let rest = filter;
  // From the end, so that what stands before keeps its place.
  for (let i = spans.length - 1; i >= 0; i--) {
    const { start, end } = spans[i]!;
    const found = readPart(filter.slice(start, end));
    if (found === null || !columns.has(found.column)) continue;
    const before = brushes.get(found.column);
    const both = before === undefined ? found.brushes : meet(before, found.brushes);
    // Two lists of brushes on one axis, of which both must hold, are no brush that can be shown.
    if (both === null) continue;
    brushes.set(found.column, both);
    rest = withoutPart(rest, start, end);
  }
  return { rest: rest.trim(), brushes, isOpen: true };
}

/** The filter that keeps what `rest` keeps and the brushes let through; columns in the order of the map. */
export function writeBrushes(rest: string, brushes: Brushes): string {
  const parts: string[] = [];
  const text = rest.trim();
  if (text !== "") parts.push(needsParentheses(text) && brushes.size > 0 ? `(${text})` : text);
  for (const [column, ofColumn] of brushes) {
    if (ofColumn.length > 0) parts.push(writeColumn(column, ofColumn));
  }
  return parts.join(" and ");
}

function writeColumn(column: string, brushes: readonly Brush[]): string {
  const clauses = brushes.map((brush) => writeBrush(column, brush));
  return clauses.length === 1 ? clauses[0]! : `(${clauses.join(" or ")})`;
}

function writeBrush(column: string, brush: Brush): string {
  const name = column.endsWith("!") ? inQuotes(column) : quoted(column);
  if (brush.kind === "values") {
    const values = brush.values.map(quoted);
    return values.length === 1 ? `${name} = ${values[0]}` : `${name} in (${values.join(", ")})`;
  }
  const { lo, hi } = brush;
  if (lo === hi) return `${name} = ${lo}`;
  const from = lo === Number.NEGATIVE_INFINITY ? [] : [`${name} >= ${lo}`];
  const to = hi === Number.POSITIVE_INFINITY ? [] : [`${name} <= ${hi}`];
  return [...from, ...to].join(" and ");
}

/** A filter with an `or` outside of parentheses is a part of another one only in parentheses. */
function needsParentheses(text: string): boolean {
  return partsOf(text) === null;
}

function canGrow(filter: string): boolean {
  const text = filter.trim();
  return text === "" || (!text.startsWith("{") && isBalanced(text));
}

function isBalanced(text: string): boolean {
  const { tokens, fault } = tokenise(text);
  let depth = 0;
  for (const token of tokens) {
    if (token.kind !== "mark") continue;
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    if (depth < 0) return false;
  }
  return fault === null && depth === 0;
}

/** The parts of which all must hold; null where an `or` stands between them, or where it cannot be read. */
function partsOf(filter: string): Span[] | null {
  if (filter.trimStart().startsWith("{")) return null;
  const { tokens, fault } = tokenise(filter);
  if (fault !== null || !isBalanced(filter)) return null;
  const spans: Span[] = [];
  let at = 0;
  while (at < tokens.length) {
    if (isWord(tokens[at], "and")) at += 1;
    if (isWord(tokens[at], "or") || at >= tokens.length) return null;
    const end = endOfPart(tokens, at);
    if (end === null) return null;
    spans.push({ start: tokens[at]!.start, end: tokens[end - 1]!.end });
    at = end;
  }
  return spans;
}

/** The index after the last token of the part that begins at `at`; null: it does not end. */
function endOfPart(tokens: readonly Token[], from: number): number | null {
  let at = from;
  while (isWord(tokens[at], "not")) at += 1;
  const first = tokens[at];
  if (first === undefined) return null;
  if (first.text === "(" && first.kind === "mark") return afterParenthesis(tokens, at);
  const isOpen =
    first.kind === "word" && first.text.endsWith(":") && isField(first.text.slice(0, -1));
  at += 1;
  const next = tokens[at];
  if (next?.kind === "operator") at += 2;
  else if (first.kind === "key" || isOpen) at += 1;
  else if (isWord(next, "in") && tokens[at + 1]?.text === "(")
    return afterParenthesis(tokens, at + 1);
  else if (isWord(next, "not") && isWord(tokens[at + 1], "in") && tokens[at + 2]?.text === "(") {
    return afterParenthesis(tokens, at + 2);
  }
  return at <= tokens.length ? at : null;
}

function afterParenthesis(tokens: readonly Token[], open: number): number | null {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!;
    if (kind !== "mark") continue;
    if (text === "(") depth += 1;
    if (text === ")") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return null;
}

interface Part {
  readonly column: string;
  readonly brushes: readonly Brush[];
}

/** What a part says as brushes on one column; null where it says anything else. */
function readPart(text: string): Part | null {
  const isGroup = text.startsWith("(") && text.endsWith(")");
  const conditions = readConditions(isGroup ? text.slice(1, -1) : text);
  if (conditions === null || conditions.length === 0) return null;
  const column = columnOf(conditions[0]!);
  if (column === null || conditions.some((one) => columnOf(one) !== column)) return null;
  const brushes: Brush[] = [];
  for (const clause of clausesOf(conditions)) {
    const brush = readClause(clause);
    if (brush === null) return null;
    brushes.push(brush);
  }
  return { column, brushes };
}

function columnOf({ isNegated, test }: Condition): string | null {
  return !isNegated && test.kind === "compare" ? test.column : null;
}

/** Conditions that hold together, cut where an `or` stands. */
function clausesOf(conditions: readonly Condition[]): Condition[][] {
  const clauses: Condition[][] = [];
  for (const condition of conditions) {
    if (clauses.length === 0 || condition.join === "or") clauses.push([condition]);
    else clauses.at(-1)!.push(condition);
  }
  return clauses;
}

function readClause(clause: readonly Condition[]): Brush | null {
  let brush: Brush | null = null;
  for (const { test } of clause) {
    if (test.kind !== "compare") return null;
    const one = readComparison(test.sign, test.values);
    if (one === null) return null;
    const met: readonly Brush[] | null = brush === null ? [one] : meet([brush], [one]);
    if (met === null) return null;
    brush = met[0]!;
  }
  return brush;
}

function readComparison(sign: Comparison, values: readonly Literal[]): Brush | null {
  if (sign === "=" || sign === "in") {
    return values.length === 0 ? null : { kind: "values", values: values.map(({ text }) => text) };
  }
  const [bound] = values;
  const number = bound === undefined || bound.isQuoted ? Number.NaN : numberOf(bound.text);
  if (Number.isNaN(number)) return null;
  if (sign === ">=") return { kind: "range", lo: number, hi: Number.POSITIVE_INFINITY };
  if (sign === "<=") return { kind: "range", lo: Number.NEGATIVE_INFINITY, hi: number };
  return null;
}

function numberOf(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

/** Brushes that keep what both keep; null where none can be shown that does. */
function meet(a: readonly Brush[], b: readonly Brush[]): readonly Brush[] | null {
  const [one, other] = [a[0], b[0]];
  if (a.length !== 1 || b.length !== 1 || one?.kind !== "range" || other?.kind !== "range") {
    return null;
  }
  const lo = Math.max(one.lo, other.lo);
  const hi = Math.min(one.hi, other.hi);
  return lo <= hi ? [{ kind: "range", lo, hi }] : null;
}

// ---- what brushes keep

/** A value as the filter compares its text: case does not matter there. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value.toLowerCase() : String(value).toLowerCase();
}

/** Whether a value passes one of an axis's brushes. A missing one passes none. */
export function passes(value: unknown, brushes: readonly Brush[]): boolean {
  if (value === null || value === undefined) return false;
  for (const brush of brushes) {
    if (brush.kind === "range") {
      if (typeof value === "number" && value >= brush.lo && value <= brush.hi) return true;
      continue;
    }
    const text = textOf(value);
    for (const one of brush.values) {
      if (one.toLowerCase() === text) return true;
      if (typeof value === "number" && numberOf(one) === value) return true;
    }
  }
  return false;
}

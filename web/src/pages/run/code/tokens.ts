/**
 * Words of source texts by their kind, for their colours. Not a parser: comments, strings, numbers, keywords and
 * what is called or defined, which is what a reader looks for.
 */

export type TokenKind = "" | "comment" | "string" | "number" | "keyword" | "name" | "decorator";
/** A kind and the text of it. */
export type Token = readonly [TokenKind, string];

export interface Language {
  /** Each alternative is a named group: a kind of token, or "word" for what may be a keyword. Global. */
  readonly pattern: RegExp;
  readonly keywords: ReadonlySet<string>;
}

/** The lines of a text, each in tokens that are made when they are asked for. */
export interface TokenLines {
  readonly length: number;
  at(line: number): readonly Token[];
}

/** The lines of a text; `null` for a language leaves them without colours. */
export function tokenLines(text: string, language: Language | null): TokenLines {
  const plain = text.replaceAll("\r\n", "\n").replace(/\n$/, "");
  if (language === null) {
    const lines = plain.split("\n");
    return { length: lines.length, at: (line) => [["", lines[line] ?? ""]] };
  }
  const lines: Token[][] = [[]];
  const put = (kind: TokenKind, part: string) => {
    // A string or a comment may go on over several lines.
    part.split("\n").forEach((piece, i) => {
      if (i > 0) lines.push([]);
      if (piece !== "") lines.at(-1)!.push([kind, piece]);
    });
  };
  let at = 0;
  for (const found of plain.matchAll(language.pattern)) {
    if (found.index > at) put("", plain.slice(at, found.index));
    put(kindOf(found, language), found[0]);
    at = found.index + found[0].length;
  }
  if (at < plain.length) put("", plain.slice(at));
  return { length: lines.length, at: (line) => lines[line] ?? [] };
}

function kindOf(found: RegExpMatchArray, language: Language): TokenKind {
  const groups = found.groups!;
  if (groups.word !== undefined) return language.keywords.has(groups.word) ? "keyword" : "";
  for (const kind of ["comment", "string", "number", "name", "decorator"] as const) {
    if (groups[kind] !== undefined) return kind;
  }
  return "";
}

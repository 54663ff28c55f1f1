/** A table as text to put into a document: Markdown as GitHub reads it, LaTeX with the rules of booktabs. */

/** A cell as it is read, and whether it is a number. */
export interface WrittenCell {
  readonly text: string;
  readonly isNumber: boolean;
}

export interface WrittenTable {
  readonly heads: readonly string[];
  /** As many cells in each row as there are heads. */
  readonly rows: readonly (readonly WrittenCell[])[];
}

/** Whether each column holds numbers alone: those stand at the right. */
function areNumeric({ heads, rows }: WrittenTable): boolean[] {
  return heads.map((_, at) => {
    const said = rows.map((row) => row[at]!).filter(({ text }) => text !== "");
    return said.length > 0 && said.every(({ isNumber }) => isNumber);
  });
}

/** Spaces and line ends as one space, and nothing that no document can hold. */
function onOneLine(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}/gu, "")
    .trim();
}

// ---- Markdown (GitHub Flavored Markdown 0.29, 4.10 Tables; CommonMark 2.4 Backslash escapes)

/** A text that reads as itself: what would be markup is escaped. */
export function escapeMarkdown(text: string): string {
  return onOneLine(text).replace(/[\\`*_{}[\]<>|~$&!#]/g, "\\$&");
}

/** A table with a line of heads and one for each row, padded so that it can be read as it stands. */
export function markdownTable(table: WrittenTable): string {
  const numeric = areNumeric(table);
  const heads = table.heads.map(escapeMarkdown);
  const rows = table.rows.map((row) => row.map(({ text }) => escapeMarkdown(text)));
  const widths = heads.map((head, at) =>
    rows.reduce((width, row) => Math.max(width, row[at]!.length), Math.max(3, head.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells
      .map((cell, at) => (numeric[at] ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join(" | ")} |`;
  const rule = widths.map((width, at) =>
    numeric[at] ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return `${[line(heads), line(rule), ...rows.map(line)].join("\n")}\n`;
}

// ---- LaTeX

const LATEX: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  // After the end of a row or a rule these would be read as its arguments.
  "[": "{[}",
  "]": "{]}",
  "*": "{*}",
};

/** A text that is set as it reads. */
export function escapeLatex(text: string): string {
  return (
    onOneLine(text)
      .replace(/[\\~^<>|[\]*#$%&_{}]/g, (letter) => LATEX[letter] ?? `\\${letter}`)
      // Two hyphens would become a dash.
      .replace(/-(?=-)/g, "-{}")
  );
}

const NUMBER = /^(-?)([\d.,]+)(?:e(-?\d+))?$/;

/** A number with a true minus and a power of ten. */
function latexNumber(text: string): string {
  if (text === "∞" || text === "-∞") return `$${text.replace("∞", "\\infty")}$`;
  const found = NUMBER.exec(text);
  if (found === null) return escapeLatex(text);
  const [, minus = "", digits = "", power] = found;
  if (minus === "" && power === undefined) return digits;
  const size = digits.replaceAll(",", "{,}");
  return power === undefined ? `$-${size}$` : `$${minus}${size} \\times 10^{${power}}$`;
}

/** A `tabular` between the rules of the package booktabs. */
export function latexTable(table: WrittenTable): string {
  const numeric = areNumeric(table);
  const row = (cells: readonly string[]) => `${cells.join(" & ")} \\\\`;
  const rows = table.rows.map((cells) =>
    row(cells.map(({ text, isNumber }) => (isNumber ? latexNumber(text) : escapeLatex(text)))),
  );
  return `${[
    "% \\usepackage{booktabs}",
    `\\begin{tabular}{${numeric.map((is) => (is ? "r" : "l")).join("")}}`,
    "\\toprule",
    row(table.heads.map(escapeLatex)),
    "\\midrule",
    ...rows,
    "\\bottomrule",
    "\\end{tabular}",
  ].join("\n")}\n`;
}

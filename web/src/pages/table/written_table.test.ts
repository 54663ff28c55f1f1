import { Marked } from "marked";
import { describe, expect, it } from "vitest";
import type { Run } from "../../data/wire.ts";
import { writtenTable } from "./save_table.ts";
import {
  escapeLatex,
  latexTable,
  markdownTable,
  type WrittenCell,
  type WrittenTable,
} from "./written_table.ts";

const word = (text: string): WrittenCell => ({ text, isNumber: false });
const number = (text: string): WrittenCell => ({ text, isNumber: true });

/** Names that would be markup in one of the two. */
const HOSTILE = [
  "a|b",
  "back\\slash\\",
  "`code` *bold* _it_ ~~gone~~",
  "<b>x</b> &amp; &copy;",
  "[link](http://x) ![img](y)",
  "$x^2$ {y} 50% #1 a_b~c",
  "two\nlines\tand tab",
  "[3pt] --- x",
  "*",
  "",
];

const TABLE: WrittenTable = {
  heads: ["Run", "val/loss", "note|s"],
  rows: HOSTILE.map((name, i) => [word(name), number(String(i / 8)), word("")]),
};

/** The texts of the cells of a table, as a reader of Markdown shows them. */
function readMarkdown(text: string): string[][] {
  const html = new Marked({ gfm: true, async: false }).parse(text) as string;
  const rows = html.split("<tr>").slice(1);
  return rows.map((row) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, inner]) => {
      // An address becomes a link that reads as it stands.
      const read = inner!.replace(/<a href="[^"]*">(.*?)<\/a>/g, "$1");
      expect(read).not.toMatch(/</);
      return read
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&quot;", '"')
        .replaceAll("&#39;", "'")
        .replaceAll("&amp;", "&");
    }),
  );
}

describe("a table as Markdown", () => {
  it("reads as what stands in it, whatever that is", () => {
    const [heads, ...rows] = readMarkdown(markdownTable(TABLE));
    expect(heads).toEqual(["Run", "val/loss", "note|s"]);
    expect(rows.map(([name]) => name)).toEqual(HOSTILE.map((name) => name.replace(/\s+/g, " ")));
    expect(rows.map(([, loss]) => loss)).toEqual(HOSTILE.map((_, i) => String(i / 8)));
  });

  it("has numbers at the right and one width for each column", () => {
    const text = markdownTable({
      heads: ["Run", "lr"],
      rows: [
        [word("first"), number("0.1")],
        [word("x"), number("-1.5e-7")],
      ],
    });
    expect(text).toBe(
      [
        "| Run   |      lr |",
        "| ----- | ------: |",
        "| first |     0.1 |",
        "| x     | -1.5e-7 |",
        "",
      ].join("\n"),
    );
  });
});

describe("a table as LaTeX", () => {
  it("has the rules of booktabs, and numbers at the right as mathematics", () => {
    const text = latexTable({
      heads: ["Run", "val_loss"],
      rows: [
        [word("a&b"), number("0.25")],
        [word("[b]"), number("-1.5e-7")],
        [word("c"), number("-2")],
        [word("d"), number("-∞")],
        [word("e"), number("NaN")],
      ],
    });
    expect(text).toBe(`% \\usepackage{booktabs}
\\begin{tabular}{lr}
\\toprule
Run & val\\_loss \\\\
\\midrule
a\\&b & 0.25 \\\\
{[}b{]} & $-1.5 \\times 10^{-7}$ \\\\
c & $-2$ \\\\
d & $-\\infty$ \\\\
e & NaN \\\\
\\bottomrule
\\end{tabular}
`);
  });

  it("leaves no letter that LaTeX would read as a command", () => {
    expect(escapeLatex("\\ { } # $ % & _ ~ ^ < > |")).toBe(
      "\\textbackslash{} \\{ \\} \\# \\$ \\% \\& \\_ \\textasciitilde{} \\textasciicircum{} " +
        "\\textless{} \\textgreater{} \\textbar{}",
    );
    expect(escapeLatex("a--b---c")).toBe("a-{}-b-{}-{}-c");
    expect(escapeLatex("two\nlines\u0000")).toBe("two lines");
    const rows = latexTable(TABLE).split("\n").slice(5, -3);
    expect(rows).toHaveLength(HOSTILE.length);
    // Two separators in each row, and no row that begins as an argument of the one before.
    for (const row of rows) {
      expect(row.replaceAll("\\&", "").split("&")).toHaveLength(3);
      expect(row).not.toMatch(/^\s*[[*]/);
    }
  });
});

describe("the runs table as texts", () => {
  it("has the columns in their order, named in full only where two are alike", () => {
    const run = {
      name: "one",
      tags: ["a", "b"],
      columns: { "config.lr": 0.001, "summary.lr": 0.12345678, "min.loss": "NaN" },
    } as unknown as Run;
    expect(writtenTable([run], ["tags", "config.lr", "summary.lr", "min.loss", "notes"])).toEqual({
      heads: ["Run", "tags", "config.lr", "summary.lr", "min loss", "notes"],
      rows: [
        [word("one"), word("a, b"), number("0.001"), number("0.1235"), number("NaN"), word("")],
      ],
    });
  });
});

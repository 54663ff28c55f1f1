import { describe, expect, it } from "vitest";
import { languageOf } from "./languages.ts";
import { readPatch } from "./patch.ts";
import { type Token, tokenLines } from "./tokens.ts";

function tokens(name: string, text: string): Token[] {
  const lines = tokenLines(text, languageOf(name, text));
  return Array.from({ length: lines.length }, (_, n) => lines.at(n)).flat() as Token[];
}

/** The texts of one kind. */
function all(name: string, text: string, kind: string): string[] {
  return tokens(name, text)
    .filter(([one]) => one === kind)
    .map(([, part]) => part);
}

describe("colours of sources", () => {
  const PYTHON = `import torch  # the import
@torch.no_grad()
def train(lr=1e-3, name=f"run {1}"):
    """Trains.

    For long."""
    return None if lr > 0x1F else 'it\\'s'
`;

  it("keeps every character, on its line", () => {
    const lines = tokenLines(PYTHON, languageOf("a.py", PYTHON));
    const text = Array.from({ length: lines.length }, (_, n) =>
      lines
        .at(n)
        .map(([, part]) => part)
        .join(""),
    );
    expect(`${text.join("\n")}\n`).toBe(PYTHON);
  });

  it("tells the words of Python apart", () => {
    expect(all("a.py", PYTHON, "keyword")).toEqual([
      "import",
      "def",
      "return",
      "None",
      "if",
      "else",
    ]);
    expect(all("a.py", PYTHON, "comment")).toEqual(["# the import"]);
    expect(all("a.py", PYTHON, "number")).toEqual(["1e-3", "0x1F"]);
    expect(all("a.py", PYTHON, "string")).toEqual([
      'f"run {1}"',
      '"""Trains.',
      '    For long."""',
      "'it\\'s'",
    ]);
    expect(all("a.py", PYTHON, "decorator")).toEqual(["@torch.no_grad"]);
    expect(all("a.py", PYTHON, "name")).toEqual(["train"]);
  });

  it("does not lose itself in strings that do not end", () => {
    expect(all("a.py", "x = 'open\ny = 2", "number")).toEqual(["2"]);
    expect(all("a.py", 'x = """open\ny = 2', "string")).toEqual(['"""open', "y = 2"]);
  });

  it("knows shells, settings and what has a first line that says it", () => {
    expect(all("run.sh", 'for x in 1; do echo "$x" --now # it\ndone', "keyword")).toEqual([
      "for",
      "in",
      "do",
      "done",
    ]);
    expect(
      all("c.yaml", "lr: 0.1 # low\nopt:\n  - name: adam\n    nesterov: true", "name"),
    ).toEqual(["lr", "opt", "name", "nesterov"]);
    const yaml =
      "cpu: 2.50GHz x 2\nday: 2024-01-02\nlr: -1e-4 # 7\nsizes: [8, 16,32]\n- 5\nrange: 1-3\nn: 3 runs";
    expect(all("c.yaml", yaml, "number")).toEqual(["1e-4", "8", "16", "32", "5"]);
    expect(all("c.json", '{"a": [1, true, "x"]}', "name")).toEqual(['"a"']);
    expect(all("pyproject.toml", "[a.b]\nc = 1", "decorator")).toEqual(["[a.b]"]);
    expect(all("a.cu", "/* x\ny */ __global__ void f() { return; }", "comment")).toEqual([
      "/* x",
      "y */",
    ]);
    expect(all("train", "#!/usr/bin/env python3\nimport os", "keyword")).toEqual(["import"]);
    expect(languageOf("notes.txt", "import os")).toBeNull();
  });
});

describe("patches", () => {
  const PATCH = `diff --git a/a.py b/a.py
index 1234567..89abcde 100644
--- a/a.py
+++ b/a.py
@@ -1,3 +1,3 @@ def f():
 same
--- a comment in SQL
+++ counted
 end
diff --git "a/na\\303\\257ve.py" "b/na\\303\\257ve.py"
new file mode 100644
--- /dev/null
+++ "b/na\\303\\257ve.py"
@@ -0,0 +1 @@
+one
\\ No newline at end of file
`;

  it("reads files, hunks and the numbers of lines", () => {
    const { files, lines } = readPatch(PATCH);
    expect(files.map(({ path, added, removed }) => [path, added, removed])).toEqual([
      ["a.py", 1, 1],
      ["na\\303\\257ve.py", 1, 0],
    ]);
    expect(lines.map(({ kind }) => kind)).toEqual([
      ...["file", "hunk", "same", "removed", "added", "same"],
      ...["file", "note", "hunk", "added", "note"],
    ]);
    expect(lines[3]).toEqual({
      kind: "removed",
      text: "-- a comment in SQL",
      before: 2,
      after: null,
    });
    expect(lines[5]).toMatchObject({ text: "end", before: 3, after: 3 });
  });

  it("reads what diff -u writes, without git", () => {
    const { files } = readPatch(
      "--- old/x.c\t2026-01-01\n+++ new/x.c\t2026-01-02\n@@ -1 +1 @@\n-a\n+b\n",
    );
    expect(files).toMatchObject([{ path: "old/x.c", added: 1, removed: 1 }]);
  });

  it("shows as notes what is no patch", () => {
    expect(readPatch("nothing\nhere").lines.map(({ kind }) => kind)).toEqual(["note", "note"]);
  });
});

import { describe, expect, it } from "vitest";
import { formatSize } from "../../../base/sizes.ts";
import type { RunFile } from "../../../data/run_files.ts";
import { isNumeric, readCsv, readTableJson, separatorOf, sortedPlaces } from "./csv.ts";
import { isText, kindOf } from "./file_kinds.ts";
import { foldersAbove, treeRows } from "./file_tree.ts";

function file(name: string, size = 1): RunFile {
  return { name, size, sha256: name, type: null, updated: 0 };
}

describe("trees of files", () => {
  const files = [file("b.txt"), file("code/a10.py", 5), file("code/a2.py", 2), file("code/x/y.py")];

  it("have folders first, and numbers by their value", () => {
    const rows = treeRows(files, () => true);
    expect(rows.map(({ path, depth }) => [path, depth])).toEqual([
      ["code", 0],
      ["code/x", 1],
      ["code/x/y.py", 2],
      ["code/a2.py", 1],
      ["code/a10.py", 1],
      ["b.txt", 0],
    ]);
    expect(rows[0]).toMatchObject({ size: 8, count: 3, file: null });
  });

  it("leave out what is in closed folders", () => {
    expect(treeRows(files, (path) => path === "code").map(({ name }) => name)).toEqual([
      ...["code", "x", "a2.py", "a10.py", "b.txt"],
    ]);
    expect(foldersAbove("code/x/y.py")).toEqual(["code", "code/x"]);
  });

  it("bear names that are odd", () => {
    const rows = treeRows([file("/top"), file("a//b"), file("..")], () => true);
    expect(
      rows
        .filter(({ file }) => file !== null)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([...["..", "/top", "a//b"]]);
  });
});

describe("tables in files", () => {
  it("reads quotes, line ends of all kinds and empty cells", () => {
    const text = '\ufeffa,b\r\n"1, ""one""",2\n"two\nlines",\r\n,x,';
    expect(readCsv(text, ",", 10)).toEqual({
      columns: ["a", "b"],
      rows: [
        ['1, "one"', "2"],
        ["two\nlines", ""],
        ["", "x", ""],
      ],
    });
    expect(readCsv("a\n1\n2\n3", ",", 2).rows).toEqual([["1"], ["2"]]);
    expect(readCsv('a\n"open', ",", 5).rows).toEqual([["open"]]);
  });

  it("tells the separator", () => {
    expect(separatorOf("a.csv", "x;y;z\n1,5;2;3")).toBe(";");
    expect(separatorOf("a.tsv", "x")).toBe("\t");
    expect(separatorOf("a.csv", "x")).toBe(",");
  });

  it("reads tables of W&B", () => {
    expect(
      readTableJson({ columns: ["a", 1], data: [[1, { x: 2 }], "no row", [null, "t"]] }, 9),
    ).toEqual({
      columns: ["a", "1"],
      rows: [
        ["1", '{"x":2}'],
        ["", "t"],
      ],
    });
    expect(readTableJson({ columns: 3 }, 9)).toBeNull();
  });

  it("sorts numbers by value, then texts, empty cells last", () => {
    const table = readCsv("v\n10\nb\n9\n\n-1e3\na", ",", 99);
    const order = (isDown: boolean) => sortedPlaces(table, 0, isDown).map((i) => table.rows[i]![0]);
    expect(order(false)).toEqual(["-1e3", "9", "10", "a", "b", ""]);
    expect(order(true).at(-1)).toBe("");
    expect(isNumeric(table, 0)).toBe(false);
    expect(isNumeric(readCsv("v\n1\n\n2.5", ",", 9), 0)).toBe(true);
  });
});

describe("kinds of files", () => {
  it("go by the name, and text by its bytes", () => {
    expect(kindOf("media/table/x.table.json")).toBe("table");
    expect(["a.PNG", "b.onnx", "diff.patch", "requirements.txt", "LICENSE"].map(kindOf)).toEqual([
      ...["image", "onnx", "patch", "text", "text"],
    ]);
    const bytes = (text: string) => new TextEncoder().encode(text);
    expect(isText(bytes("naïve\n"))).toBe(true);
    expect(isText(Uint8Array.of(1, 0, 2))).toBe(false);
    expect(isText(Uint8Array.from({ length: 400 }, (_, i) => 128 + (i % 60)))).toBe(false);
  });
});

describe("sizes", () => {
  it("have three digits", () => {
    expect([0, 999, 1000, 12_345, 999_499, 999_500, 1.5e9].map(formatSize)).toEqual([
      ...["0 B", "999 B", "1.00 kB", "12.3 kB", "999 kB", "1.00 MB", "1.50 GB"],
    ]);
  });
});

import { describe, expect, it } from "vitest";
import { parseTable } from "../../data/tables.ts";
import { choose, csvOf, group, join, stack } from "./table_rows.ts";

const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer;
const ada = parseTable(
  bytes(
    '{"columns":["name","score","ok"],"data":[["b",2,true],["a",NaN,false],["NaN c",10,true]]}',
  ),
);
const bob = parseTable(bytes('{"columns":["name","score"],"data":[["a",1],["b",null],["a",3]]}'));
const TABLES = [
  { run: "1", label: "ada", table: ada },
  { run: "2", label: "bob", table: bob },
];
const names = (rows: readonly number[]) => rows.map((row) => ada.rows[row]![0]);
const NONE = { words: "", filters: {}, sort: null };

describe("tables", () => {
  it("reads numbers that JSON has not, and leaves such words in texts alone", () => {
    expect(ada.columns.map(({ kind }) => kind)).toEqual(["text", "number", "yes"]);
    expect(ada.rows[1]![1]).toBeNaN();
    expect(ada.rows[2]![0]).toBe("NaN c");
    expect(() => parseTable(bytes("[1]"))).toThrow("no table");
    expect(() => parseTable(bytes("{"))).toThrow("no table");
  });

  it("sorts with what is missing last, either way", () => {
    const by = (isDown: boolean) => choose(ada, { ...NONE, sort: { column: "score", isDown } });
    expect(names(by(false))).toEqual(["b", "NaN c", "a"]);
    expect(names(by(true))).toEqual(["NaN c", "b", "a"]);
  });

  it("filters by words and by columns", () => {
    const left = (words: string, filters: Record<string, string> = {}) =>
      names(choose(ada, { ...NONE, words, filters }));
    expect(left("true 10")).toEqual(["NaN c"]);
    expect(left("", { score: ">= 2" })).toEqual(["b", "NaN c"]);
    expect(left("", { name: "/^[ab]$/", ok: "= true" })).toEqual(["b"]);
    expect(left("", { name: "!= a", score: "<3" })).toEqual(["b"]);
    expect(left("", { name: "/(/" })).toEqual(["b", "a", "NaN c"]);
  });

  it("puts runs below one another, and beside one another by a column", () => {
    const all = stack(TABLES);
    expect(all.columns.map(({ name }) => name)).toEqual(["run", "name", "score", "ok"]);
    expect(all.rows[3]).toEqual(["bob", "a", 1, null]);
    expect(all.owners).toEqual(["1", "1", "1", "2", "2", "2"]);
    const joined = join(TABLES, "name");
    expect(joined.columns.map(({ name }) => name)).toEqual([
      "name",
      "score · ada",
      "ok · ada",
      "score · bob",
    ]);
    expect(joined.rows).toEqual([
      ["b", 2, true, null],
      ["a", Number.NaN, false, 1],
      ["NaN c", 10, true, null],
      ["a", null, null, 3],
    ]);
  });

  it("groups with counts and means", () => {
    const grouped = group(bob, [0, 1, 2], "name");
    expect(grouped.columns.map(({ name }) => name)).toEqual(["name", "rows", "mean score"]);
    expect(grouped.rows).toEqual([
      ["a", 2, 2],
      ["b", 1, null],
    ]);
  });

  it("writes CSV that runs nothing in a spreadsheet", () => {
    const table = parseTable(bytes('{"columns":["t"],"data":[["=1+1"],["a,\\"b\\""],[-2]]}'));
    expect(csvOf(table, [0, 1, 2])).toBe('t\r\n\'=1+1\r\n"a,""b"""\r\n-2\r\n');
  });
});

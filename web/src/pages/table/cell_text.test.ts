import { expect, test } from "vitest";
import type { Run } from "../../data/wire.ts";
import { aligned, cellText, columnValue, exactText, numberOf, tailOf } from "./cell_text.ts";

test("measured numbers read with four digits, integers and written ones as they are", () => {
  const measured = [32, 0.005, 0.31234567, 1234567, 1.5e-7, "NaN", "-Infinity"];
  expect(measured.map((value) => cellText("summary.x", value))).toEqual([
    "32",
    "0.005000",
    "0.3123",
    "1.235M",
    "1.5e-7",
    "NaN",
    "-∞",
  ]);
  expect([0.005, 0.1 + 0.2, true].map((value) => cellText("config.x", value))).toEqual([
    "0.005",
    "0.3000",
    "true",
  ]);
  expect(cellText("created", 0)).toMatch(/1970|1969/);
  expect(cellText("duration", 75)).toBe("1 m 15 s");
  expect(cellText("notes", "two\nlines")).toBe("two lines");
});

test("numbers of a column stand with their points under each other", () => {
  const texts = ["32", "0.005", "12.25", "1.5e-7"];
  const tail = Math.max(...texts.map(tailOf));
  expect(tail).toBe(5);
  const lines = texts.map((text) => aligned(text, tail));
  expect(new Set(lines.map((line) => line.length - line.search(/[.\u2008]/)))).toEqual(
    new Set([5]),
  );
  expect(lines.map((line) => line.trimEnd())).toEqual(texts);
});

test("what is copied is exact and nothing that a spreadsheet runs", () => {
  expect(exactText("summary.x", 0.1 + 0.2)).toBe("0.30000000000000004");
  expect(exactText("config.x", "=1+1")).toBe("'=1+1");
  expect(exactText("config.x", "a\tb\nc")).toBe("a b c");
  expect(exactText("config.x", -3)).toBe("-3");
  expect(exactText("created", 1.5)).toBe("1970-01-01T00:00:01.500Z");
  expect(exactText("config.x", "-Infinity")).toBe("-Infinity");
});

test("a value is a fact of the run or a column that was asked for", () => {
  const run = {
    state: "running",
    tags: ["a", "b"],
    columns: { "config.lr": 0.1 },
  } as unknown as Run;
  expect(columnValue(run, "state")).toBe("running");
  expect(columnValue(run, "tags")).toBe("a, b");
  expect(columnValue(run, "config.lr")).toBe(0.1);
  expect(columnValue(run, "config.other")).toBeUndefined();
  expect(numberOf("Infinity")).toBe(Number.POSITIVE_INFINITY);
  expect(numberOf("infinity")).toBeNull();
});

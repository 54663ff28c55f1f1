import { describe, expect, it } from "vitest";
import { type Brush, passes, readBrushes, writeBrushes } from "./brushes.ts";

const COLUMNS = new Set(["config.lr", "config.opt", "min.val/loss", "config.batch size"]);
const range = (lo: number, hi: number): Brush => ({ kind: "range", lo, hi });
const values = (...texts: string[]): Brush => ({ kind: "values", values: texts });

describe("readBrushes", () => {
  it("finds ranges and values among the other parts of a filter", () => {
    const filter =
      "mild state:running config.lr >= 0.001 and config.lr <= 0.01 config.opt in (adam, sgd)";
    const { rest, brushes, isOpen } = readBrushes(filter, COLUMNS);
    expect(rest).toBe("mild state:running");
    expect(brushes.get("config.lr")).toEqual([range(0.001, 0.01)]);
    expect(brushes.get("config.opt")).toEqual([values("adam", "sgd")]);
    expect(isOpen).toBe(true);
  });

  it("reads several brushes of one axis, and one that is open at an end", () => {
    const filter = "(config.lr >= 1 and config.lr <= 2 or config.lr >= 5)";
    const { rest, brushes } = readBrushes(filter, COLUMNS);
    expect(rest).toBe("");
    expect(brushes.get("config.lr")).toEqual([range(1, 2), range(5, Number.POSITIVE_INFINITY)]);
  });

  it("leaves alone what is no brush", () => {
    for (const filter of [
      "not config.lr >= 1",
      "config.lr > 1",
      "config.other = 3",
      "lr >= 1",
      "config.lr >= 1 or config.opt = adam",
      "(config.lr >= 1 or config.opt = adam)",
      '{"config.lr": 1}',
      "config.lr >=",
      "(config.lr = 1",
      'config.lr >= "1"',
    ]) {
      expect(readBrushes(filter, COLUMNS).brushes.size, filter).toBe(0);
      expect(readBrushes(filter, COLUMNS).rest, filter).toBe(filter);
    }
    expect(readBrushes('{"config.lr": 1}', COLUMNS).isOpen).toBe(false);
    expect(readBrushes("(config.lr = 1", COLUMNS).isOpen).toBe(false);
    expect(readBrushes("a or b", COLUMNS).isOpen).toBe(true);
  });
});

describe("writeBrushes", () => {
  it("writes what it reads, whatever else the filter asks for", () => {
    const rests = [
      "",
      "mild",
      "a or b",
      "not (state:failed or state:crashed)",
      "config.opt != x",
      "a and b",
    ];
    const sets: [string, Brush[]][][] = [
      [],
      [["config.lr", [range(0.001, 0.01)]]],
      [["config.lr", [range(1e-5, Number.POSITIVE_INFINITY)]]],
      [
        ["config.lr", [range(1, 2), range(3, 4), values("7")]],
        ["config.opt", [values("adam", "a b", "and")]],
        ["min.val/loss", [range(Number.NEGATIVE_INFINITY, -2.5e300)]],
        ["config.batch size", [range(-1, 1)]],
      ],
    ];
    for (const rest of rests) {
      for (const set of sets) {
        const written = writeBrushes(rest, new Map(set));
        const read = readBrushes(written, COLUMNS);
        expect([...read.brushes].sort(), written).toEqual([...set].sort());
        const isWrapped = rest.includes(" or b") && set.length > 0;
        expect(read.rest, written).toBe(isWrapped ? `(${rest})` : rest);
      }
    }
  });

  it("reads as the filter language is read", () => {
    expect(writeBrushes("", new Map([["config.lr", [range(0.001, 0.01)]]]))).toBe(
      "config.lr >= 0.001 and config.lr <= 0.01",
    );
    expect(writeBrushes("a or b", new Map([["config.opt", [values("adam")]]]))).toBe(
      "(a or b) and config.opt = adam",
    );
  });
});

describe("passes", () => {
  it("compares numbers by size and everything else by its text", () => {
    expect(passes(0.5, [range(0, 1)])).toBe(true);
    expect(passes(2, [range(0, 1), range(2, 2)])).toBe(true);
    expect(passes("NaN", [range(0, 1)])).toBe(false);
    expect(passes(null, [range(0, 1), values("null")])).toBe(false);
    expect(passes("Adam", [values("adam")])).toBe(true);
    expect(passes(true, [values("true")])).toBe(true);
    expect(passes(0.1, [values("1e-1")])).toBe(true);
  });
});

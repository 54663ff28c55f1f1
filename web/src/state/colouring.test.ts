import { describe, expect, it } from "vitest";
import { SLOTS } from "../base/palette.ts";
import { rampColor } from "../base/ramp.ts";
import type { ColumnValues } from "../data/run_routes.ts";
import type { Json, Run } from "../data/wire.ts";
import { captureOf, coloursOfValues, NO_VALUE, readColouring } from "./colouring.ts";
import { paintGroups, takeSlots } from "./groups.ts";
import { Workspace } from "./workspace.ts";

function run(ordinal: number, columns: Record<string, Json> = {}, name = `run-${ordinal}`): Run {
  return { uid: `u${ordinal}`, id: name, name, ordinal, color: null, version: 1, columns } as Run;
}

function values(found: Json[], min: number | null = null, max: number | null = null): ColumnValues {
  return {
    values: found.map((value) => ({ value, runs: 1 })),
    distinct: found.length,
    min,
    max,
  };
}

describe("what runs are coloured by", () => {
  it("is read from the view; groups colour their runs unless it says otherwise", () => {
    expect(readColouring({ color: "", g: [] })).toEqual({ by: "run" });
    expect(readColouring({ color: "", g: ["config.lr"] })).toEqual({ by: "group" });
    expect(readColouring({ color: "run", g: ["config.lr"] })).toEqual({ by: "run" });
    expect(readColouring({ color: "group", g: [] })).toEqual({ by: "column", column: "group" });
    expect(readColouring({ color: "re:(a:b)", g: [] })).toEqual({
      by: "pattern",
      pattern: "(a:b)",
    });
  });

  it("is a ramp for numbers, over decades a logarithmic one", () => {
    const { paint, legend } = coloursOfValues("config.lr", values([1e-4, 1e-2], 1e-4, 1e-2));
    expect(legend).toMatchObject({ kind: "ramp", isLog: true });
    expect(paint(run(0, { "config.lr": 1e-4 }))).toBe(rampColor(0));
    expect(paint(run(1, { "config.lr": 1e-3 }))).toBe(rampColor(0.5));
    expect(paint(run(2, { "config.lr": 1e-2 }))).toBe(rampColor(1));
    expect(paint(run(3))).toBe(NO_VALUE);
    expect(paint(run(4, { "config.lr": "NaN" }))).toBe(NO_VALUE);
    const even = coloursOfValues("rows", values([10, 30], 10, 30));
    expect(even.legend).toMatchObject({ isLog: false });
  });

  it("is a slot for each other value, whatever order they come in", () => {
    const one = coloursOfValues("config.opt", values(["sgd", "adam", true]));
    const other = coloursOfValues("config.opt", values([true, "adam", "sgd"]));
    const adam = run(0, { "config.opt": "adam" });
    expect(one.paint(adam)).toBe(SLOTS[0]);
    expect(other.paint(adam)).toBe(SLOTS[0]);
    expect(one.paint(run(1, { "config.opt": true }))).not.toBe(one.paint(adam));
  });

  it("is what a regular expression captures of the name", () => {
    expect(captureOf("(\\w+)-")!("snow-9")).toBe("snow");
    expect(captureOf("\\d")!("snow-9")).toBe("9");
    expect(captureOf("x")!("snow-9")).toBeNull();
    expect(captureOf("(")).toBeNull();
  });
});

describe("slots of groups", () => {
  it("are that of the oldest run, and no slot is given twice while there are others", () => {
    expect([
      ...takeSlots([
        ["b", 22],
        ["a", 2],
        ["c", 3],
      ]),
    ]).toEqual([
      ["a", 2],
      ["c", 3],
      ["b", 4],
    ]);
    const many = takeSlots(Array.from({ length: 45 }, (_, i) => [`g${i}`, 7 * i] as const));
    expect(new Set([...many.values()].slice(0, 20)).size).toBe(20);
    expect(many.size).toBe(45);
  });

  it("stay when a younger group appears", () => {
    const groups = [5, 25, 9].map((ordinal) => ({ path: [ordinal], ordinal }));
    const before = paintGroups(groups);
    const after = paintGroups([...groups, { path: [6], ordinal: 46 }]);
    for (const [id, paint] of before) expect(after.get(id)).toBe(paint);
  });
});

describe("the paint of a workspace", () => {
  it("is the same function until something is coloured otherwise", () => {
    const ws = new Workspace("local", "digits");
    ws.view.value = { ...ws.view.value, color: "re:^[a-z]+" };
    ws.learn([run(3, {}, "day-3"), run(4, {}, "night-4"), run(5, {}, "day-5")]);
    const { paint } = ws;
    const first = paint.value;
    expect(first(run(3, {}, "day-3"))).toBe(first(run(5, {}, "day-5")));
    expect(first(run(3, {}, "day-3"))).not.toBe(first(run(4, {}, "night-4")));
    ws.learn([{ ...run(5, {}, "day-5"), version: 2, rows: 9 }]);
    expect(paint.value).toBe(first);
    ws.learn([run(6, {}, "noon-6")]);
    expect(paint.value).not.toBe(first);
    expect(paint.value(run(3, {}, "day-3"))).toBe(first(run(3, {}, "day-3")));
  });
});

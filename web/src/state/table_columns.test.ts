import { describe, expect, test } from "vitest";
import type { Column } from "../data/wire.ts";
import {
  clampWidth,
  describeColumn,
  moved,
  ownWidth,
  plainColumn,
  pressSort,
  readColumn,
  suggestTableColumns,
  writeColumn,
} from "./table_columns.ts";

describe("the spelling of a column", () => {
  const names = [
    "created",
    "config.lr",
    "summary.val/loss",
    "a~bar",
    "a~w12",
    "a~w12~heat",
    "~",
    "x\ny~bar",
  ];
  test.each(names)("%j survives with every width and shade", (name) => {
    for (const width of [ownWidth(name), 48, 300]) {
      for (const shade of ["none", "bar", "heat"] as const) {
        const column = { name, width, shade };
        expect(readColumn(writeColumn(column))).toEqual(column);
      }
    }
  });

  test("a plain column is its name", () => {
    expect(writeColumn(plainColumn("config.lr"))).toBe("config.lr");
    expect(writeColumn({ ...plainColumn("config.lr"), shade: "bar" })).toBe("config.lr~bar");
    expect(writeColumn({ ...plainColumn("config.lr"), width: 77 })).toBe("config.lr~w77");
  });

  test("a width that cannot be is brought within limits", () => {
    expect(readColumn("a~w3").width).toBe(48);
    expect(clampWidth(1e9)).toBe(800);
  });
});

test("a heading says the key and what of it", () => {
  expect(describeColumn("config.optimizer.lr")).toEqual({
    group: "config",
    label: "optimizer.lr",
    aggregate: null,
  });
  expect(describeColumn("min.val/loss")).toEqual({
    group: "summary",
    label: "val/loss",
    aggregate: "min",
  });
  expect(describeColumn("job_type").label).toBe("job type");
});

describe("a press on a heading", () => {
  test("sorts ascending, then descending, and back", () => {
    expect(pressSort("-created", "config.lr", false)).toBe("config.lr");
    expect(pressSort("config.lr", "config.lr", false)).toBe("-config.lr");
    expect(pressSort("-config.lr", "config.lr", false)).toBe("config.lr");
    expect(pressSort("config.lr", "created", false)).toBe("-created");
  });

  test("with Shift adds a column, turns it, and takes it out", () => {
    expect(pressSort("config.opt", "summary.loss", true)).toBe("config.opt,summary.loss");
    expect(pressSort("config.opt,summary.loss", "summary.loss", true)).toBe(
      "config.opt,-summary.loss",
    );
    expect(pressSort("config.opt,-summary.loss", "summary.loss", true)).toBe("config.opt");
    expect(pressSort("-config.opt", "config.opt", true)).toBe("config.opt");
  });

  test("without Shift makes a column of several the only one, as it is", () => {
    expect(pressSort("config.opt,-summary.loss", "summary.loss", false)).toBe("-summary.loss");
  });
});

test("a column moves to where it is dropped", () => {
  expect(moved(["a", "b", "c", "d"], 0, 2)).toEqual(["b", "c", "a", "d"]);
  expect(moved(["a", "b", "c", "d"], 3, 0)).toEqual(["d", "a", "b", "c"]);
});

test("suggests what most runs have, without machines and documents, or only what differs", () => {
  const column = (name: string, runs: number, type = "number"): Column => ({ name, runs, type });
  const columns = [
    column("config.rare", 1),
    column("config.seed", 9),
    column("config.lr", 1),
    column("config.deep", 9, "object"),
    column("summary.system/cpu", 9),
    column("summary.loss", 9),
  ];
  expect(suggestTableColumns(columns, null)).toEqual([
    ...["created", "duration", "tags"],
    ...["config.lr", "config.seed", "config.rare", "summary.loss"],
  ]);
  expect(suggestTableColumns(columns, new Set(["config.lr"]))).toEqual([
    ...["created", "duration", "tags"],
    "config.lr",
  ]);
});

import { describe, expect, it } from "vitest";
import {
  keysOfChart,
  type LayoutCategory,
  type LayoutChart,
  MOST_CHART_KEYS,
  mergeLayouts,
  readLayout,
} from "./layout.ts";
import { marginBand } from "./margins.ts";

const losses: LayoutChart = { kind: "multiline", title: "losses", patterns: ["loss/.*"] };

describe("readLayout", () => {
  it("reads categories with both kinds of charts, and leaves out what is neither", () => {
    const value = {
      _type: "layout",
      categories: [
        {
          title: "all",
          closed: true,
          charts: [
            { title: "losses", multiline: ["loss/.*", 3] },
            { title: "band", margin: [{ value: "v", lower: "l", upper: "u" }] },
            { title: "nothing" },
          ],
        },
        "no category",
      ],
    };
    expect(readLayout(value)).toEqual([
      {
        title: "all",
        isClosed: true,
        charts: [
          losses,
          { kind: "margin", title: "band", margins: [{ value: "v", lower: "l", upper: "u" }] },
        ],
      },
    ]);
    expect(readLayout({ _type: "text", categories: [] })).toEqual([]);
    expect(readLayout(null)).toEqual([]);
  });
});

describe("mergeLayouts", () => {
  it("makes one category of those of one title, with each chart once", () => {
    const category = (
      title: string,
      isClosed: boolean,
      ...charts: LayoutChart[]
    ): LayoutCategory => {
      return { title, isClosed, charts };
    };
    const accuracy: LayoutChart = { kind: "multiline", title: "accuracy", patterns: ["acc"] };
    const further: LayoutChart = { kind: "multiline", title: "losses", patterns: ["val/loss"] };
    const merged = mergeLayouts([
      [category("a", true, losses), category("b", true, accuracy)],
      [category("a", false, losses, further), category("b", true)],
    ]);
    expect(merged).toEqual([
      category("a", false, { ...losses, patterns: ["loss/.*", "val/loss"] }),
      category("b", true, accuracy),
    ]);
  });
});

describe("keysOfChart", () => {
  it("matches as TensorBoard does, from the beginning of a key", () => {
    const names = ["loss/a", "val/loss/a", "loss/b", "loss"];
    expect(keysOfChart(losses, names)).toEqual({
      keys: ["loss/a", "loss/b"],
      more: 0,
      fault: null,
    });
    const named: LayoutChart = { kind: "multiline", title: "", patterns: ["(?P<x>val)/", "loss$"] };
    expect(keysOfChart(named, names).keys).toEqual(["val/loss/a", "loss"]);
  });

  it("says what cannot be read, and draws the rest", () => {
    const broken: LayoutChart = { kind: "multiline", title: "", patterns: ["(", "loss"] };
    expect(keysOfChart(broken, ["loss"])).toEqual({ keys: ["loss"], more: 0, fault: "(" });
  });

  it("has room for so many keys", () => {
    const names = Array.from({ length: MOST_CHART_KEYS + 3 }, (_, i) => `loss/${i}`);
    const { keys, more } = keysOfChart(losses, names);
    expect([keys.length, more]).toEqual([MOST_CHART_KEYS, 3]);
  });
});

describe("marginBand", () => {
  const series = (x: number[], y: number[]) => ({
    ...{ mode: "points" as const, run: "r", key: "k", total: y.length, starts: [0] },
    ...{ x: Float64Array.from(x), y: Float64Array.from(y) },
  });

  it("takes the bounds at each position of the value, the last ones before it where they lack it", () => {
    const band = marginBand(
      "id",
      series([0, 10, 20], [1, 2, 3]),
      series([0, 20], [0.5, 2.5]),
      series([0, 10, 20], [1.5, 2.5, 3.5]),
    );
    expect([...(band.x as Float64Array)]).toEqual([0, 10, 20]);
    expect([...band.center]).toEqual([1, 2, 3]);
    expect([...band.lo]).toEqual([0.5, 0.5, 2.5]);
    expect([...band.hi]).toEqual([1.5, 2.5, 3.5]);
  });

  it("has no bound where none was logged yet, and sorts what went back", () => {
    const band = marginBand("id", series([5, 0], [2, 1]), series([3], [0]), undefined);
    expect([...(band.x as Float64Array)]).toEqual([0, 5]);
    expect([...band.center]).toEqual([1, 2]);
    expect([...band.lo]).toEqual([1, 0]);
    expect([...band.hi]).toEqual([1, 2]);
  });

  it("takes the extremes of buckets as bounds", () => {
    const columns = {
      ...{ mode: "columns" as const, run: "r", key: "k", total: 10, starts: [0], sorted: true },
      ...{ x0: Float64Array.from([0, 5]), x1: Float64Array.from([4, 9]) },
      first: Float64Array.from([1, 2]),
      min: Float64Array.from([0, 1]),
      max: Float64Array.from([3, 4]),
      last: Float64Array.from([2, 3]),
      flags: new Uint8Array(2),
    };
    const band = marginBand("id", columns, columns, columns);
    expect([...band.center]).toEqual([2, 3]);
    expect([...band.lo]).toEqual([0, 1]);
    expect([...band.hi]).toEqual([3, 4]);
  });
});

import { describe, expect, it } from "vitest";
import { figureIn } from "./figure.ts";

const read = (data: unknown[], layout: unknown = {}) => figureIn({ data, layout }, "run", "light");
const packed = btoa(String.fromCharCode(...new Uint8Array(Float64Array.of(1, 2, 4).buffer)));

describe("figures of plotly", () => {
  it("draws lines and points of packed and plain lists, with their titles", () => {
    const { chart, title } = read(
      [
        {
          type: "scatter",
          mode: "lines+markers",
          x: { dtype: "f8", bdata: packed },
          y: [3, null, 5],
          name: "a",
        },
      ],
      { title: { text: "<b>Loss</b>" }, xaxis: { title: { text: "epoch" } } },
    );
    expect(title).toBe("Loss");
    expect(chart!.marks.map(({ type, label }) => [type, label])).toEqual([
      ["line", "a"],
      ["points", "a"],
    ]);
    const [line] = chart!.marks;
    expect(line).toMatchObject({ xs: Float64Array.of(1, 2, 4) });
    expect(chart!.x.title).toBe("epoch");
  });

  it("draws bars beside one another, each from 0 over its name", () => {
    const { chart } = read([
      { type: "bar", x: ["p", "q"], y: [1, 2] },
      { type: "bar", x: ["q", "r"], y: [3, 4], marker: { color: "#ff0000" } },
    ]);
    expect(chart!.x.names).toEqual(["p", "q", "r"]);
    const [, second] = chart!.marks;
    expect(second).toMatchObject({ color: "#ff0000", y1: Float64Array.of(3, 4) });
    expect(second!.type === "rects" && [...second!.x0]).toEqual([1.5, 2.5]);
  });

  it("counts for a histogram and colours a heat map", () => {
    const histogram = read([{ type: "histogram", x: [1, 1, 2, Number.NaN] }]).chart!;
    const [counts] = histogram.marks;
    expect(counts!.type === "rects" && counts!.y1.reduce((a, b) => a + b)).toBe(3);
    const { chart } = read([
      {
        type: "heatmap",
        z: [
          [1, 2],
          [3, 4],
        ],
        x: ["a", "b"],
      },
    ]);
    expect(chart!.x.names).toEqual(["a", "b"]);
    expect(chart!.marks[0]).toMatchObject({ texts: ["1", "2", "3", "4"] });
  });

  it("draws nothing of other kinds and of several pairs of axes", () => {
    expect(read([{ type: "surface", z: [] }])).toMatchObject({ chart: null, kinds: ["surface"] });
    expect(read([{ y: [1] }, { y: [1], xaxis: "x2", yaxis: "y2" }]).chart).toBeNull();
    expect(figureIn(null, "run", "light").chart).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import {
  type Chart,
  frameOf,
  hitAt,
  hitBeside,
  nameAxis,
  numberAxis,
  type RectsMark,
  wholeOf,
  zeroAxis,
} from "./chart.ts";

const line = {
  ...({ type: "line", run: "a", label: "a", color: "#000000", dash: [] } as const),
  xs: Float64Array.of(0, 1, 2),
  ys: Float64Array.of(5, 7, 6),
};
const chart: Chart = {
  x: { title: "x", lo: 0, hi: 2, names: null },
  y: { title: "y", lo: 5, hi: 7, names: null },
  marks: [line],
};
const SIZE = { width: 252, height: 128 };
const PADS = { left: 40, bottom: 20 };

describe("charts of tables", () => {
  it("finds the point that is nearest, within reach", () => {
    const frame = frameOf(chart, SIZE, wholeOf(chart), PADS);
    expect(frame).toMatchObject({ left: 40, top: 8, width: 200, height: 100 });
    expect(hitAt(chart.marks, frame, 142, 10, 26)).toEqual({ mark: line, index: 1 });
    expect(hitAt(chart.marks, frame, 142, 60, 26)).toBeNull();
  });

  it("finds the box under the pointer, in a matrix that is read from above", () => {
    const cells: RectsMark = {
      ...{ type: "rects", run: "a", label: "", color: "#000000" },
      x0: Float64Array.of(0, 1, 0, 1),
      x1: Float64Array.of(1, 2, 1, 2),
      y0: Float64Array.of(0, 0, 1, 1),
      y1: Float64Array.of(1, 1, 2, 2),
    };
    const matrix: Chart = {
      x: nameAxis("", ["p", "q"]),
      y: nameAxis("", ["p", "q"]),
      isUpsideDown: true,
      marks: [cells],
    };
    const frame = frameOf(matrix, SIZE, wholeOf(matrix), PADS);
    expect(hitAt(matrix.marks, frame, 190, 20, 26)).toEqual({ mark: cells, index: 1 });
    expect(hitAt(matrix.marks, frame, 50, 100, 26)).toEqual({ mark: cells, index: 2 });
    expect(hitAt(matrix.marks, frame, 20, 100, 26)).toBeNull();
  });

  it("goes along a line and from one to the next by keys", () => {
    const other = { ...line, run: "b" };
    const marks = [line, other];
    const first = hitBeside(marks, null, "ArrowRight")!;
    expect(first).toEqual({ mark: line, index: 0 });
    expect(hitBeside(marks, first, "ArrowRight")).toEqual({ mark: line, index: 1 });
    expect(hitBeside(marks, first, "End")).toEqual({ mark: line, index: 2 });
    expect(hitBeside(marks, first, "ArrowDown")).toEqual({ mark: other, index: 0 });
    expect(hitBeside(marks, first, "a")).toBeNull();
  });

  it("leaves what is not finite out of the axes", () => {
    const values = [Float64Array.of(Number.NaN, 2, 4, Number.POSITIVE_INFINITY)];
    expect(numberAxis("", values)).toMatchObject({ lo: 1.9, hi: 4.1 });
    expect(zeroAxis("", values)).toMatchObject({ lo: 0, hi: 4.16 });
    expect(zeroAxis("", [])).toMatchObject({ lo: 0, hi: 1 });
  });
});

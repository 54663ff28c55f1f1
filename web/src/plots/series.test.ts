import { describe, expect, it } from "vitest";
import {
  type Affine,
  append,
  at,
  type ColumnsSeries,
  isAffine,
  length,
  type Numbers,
  type PointsSeries,
  toColumns,
  type XArray,
  xFacts,
} from "./series.ts";

function points(x: XArray | number[], y: Numbers | number[], starts = [0]): PointsSeries {
  return {
    ...{ mode: "points", run: "r", key: "loss", total: y.length, starts },
    x: Array.isArray(x) ? Float64Array.from(x) : x,
    y: Array.isArray(y) ? Float64Array.from(y) : y,
  };
}

const affine = (start: number, stride: number, count: number): Affine => ({
  ...{ start, stride, length: count },
});

describe("append", () => {
  it("keeps evenly spaced positions a rule while they go on", () => {
    const longer = append(points(affine(0, 5, 3), [1, 2, 3]), points(affine(15, 5, 2), [4, 5]));
    expect(longer).toMatchObject({ x: affine(0, 5, 5) });
    const single = append(points(affine(0, 5, 3), [1, 2, 3]), points(affine(15, 1, 1), [4]));
    expect(single).toMatchObject({ x: affine(0, 5, 4) });
    const jump = append(points(affine(0, 5, 3), [1, 2, 3]), points(affine(16, 5, 2), [4, 5]));
    if (jump.mode !== "points") throw new Error(jump.mode);
    expect(isAffine(jump.x)).toBe(false);
    expect([0, 1, 2, 3, 4].map((i) => at(jump.x, i))).toEqual([0, 5, 10, 16, 21]);
  });

  it("keeps every value bit for bit, over kinds of arrays", () => {
    const head = points([0, 1], Float32Array.of(0.1, -0));
    const tail = points([2, 3], Float64Array.of(0.1, Number.NaN));
    const joined = append(head, tail) as PointsSeries;
    expect([...joined.y]).toEqual([Math.fround(0.1), -0, 0.1, Number.NaN]);
  });

  it("leaves the shorter series as it was, also when it is appended to twice", () => {
    const base = append(points([0], [10]), points([1], [11]));
    const one = append(base, points([2], [12])) as PointsSeries;
    const other = append(base, points([2], [99])) as PointsSeries;
    expect([...(base as PointsSeries).y]).toEqual([10, 11]);
    expect([...one.y]).toEqual([10, 11, 12]);
    expect([...other.y]).toEqual([10, 11, 99]);
  });

  it("copies a long series once in a while and not each time", () => {
    let series = append(points(affine(0, 1, 1000), new Float64Array(1000)), points([1000.5], [1]));
    const buffers = new Set<ArrayBufferLike>();
    for (let i = 0; i < 400; i++) {
      series = append(series, points([1001 + i], [i]));
      buffers.add((series as PointsSeries).y.buffer);
    }
    expect(buffers.size).toBe(1);
    expect(length(series)).toBe(1401);
  });

  it("turns points behind columns into columns of one point", () => {
    const columns = toColumns(points([0, 1], [1, 2]));
    const longer = append(columns, points([5, 6], [Number.NaN, Number.NEGATIVE_INFINITY]));
    if (longer.mode !== "columns") throw new Error(longer.mode);
    expect([...(longer.x1 as Float64Array)]).toEqual([0, 1, 5, 6]);
    expect([...longer.flags]).toEqual([0, 0, 1, 4]);
    expect([...longer.min]).toEqual([1, 2, Number.NaN, Number.NaN]);
    expect(longer.last[3]).toBe(Number.NEGATIVE_INFINITY);
    expect(longer.sorted).toBe(true);
    expect((append(longer, points([4], [0])) as ColumnsSeries).sorted).toBe(false);
  });

  it("moves the sessions of the appended part", () => {
    const longer = append(points([0, 1, 2], [1, 1, 1], [0, 2]), points([3, 0], [1, 1], [0, 1]));
    expect(longer.starts).toEqual([0, 2, 4]);
  });

  it("takes the new total even when no point came", () => {
    const more = { ...points([], []), total: 12 };
    expect(append(points([0], [1]), more)).toMatchObject({ total: 12 });
  });
});

describe("xFacts", () => {
  it("knows order, ends and the smallest distance from 0", () => {
    expect(xFacts(points([0, 2, 2, 7], [1, 1, 1, 1]))).toEqual({
      ...{ min: 0, max: 7, tiny: 2, sorted: true },
    });
    expect(xFacts(points([0, 2, 1], [1, 1, 1])).sorted).toBe(false);
    expect(xFacts(points([0, Number.NaN, 3], [1, 1, 1]))).toMatchObject({ max: 3, sorted: false });
    expect(xFacts(points([], [])).min).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    [0, 1, 5],
    [-7, 3, 9],
    [-6, 3, 2],
    [5, 0, 4],
    [0, 0, 3],
    [-0.5, 0.25, 3],
    [12, 7, 1],
  ])("knows the same of a rule from %d in steps of %d as of its %d positions", (...rule) => {
    const x = affine(...rule);
    const spelled = Array.from({ length: x.length }, (_, i) => at(x, i));
    const facts = xFacts(points(x, new Float64Array(x.length)));
    expect(facts).toEqual(xFacts(points(spelled, spelled)));
  });

  it("agrees with a scan after appending", () => {
    const parts = [points([0, 1], [1, 1]), points([1, 4], [1, 1]), points([3], [1])];
    let joined = parts[0]!;
    for (const part of parts.slice(1)) {
      xFacts(joined);
      joined = append(joined, part) as PointsSeries;
      expect(xFacts(joined)).toEqual(
        xFacts(points(Float64Array.from(joined.x as never), joined.y)),
      );
    }
    expect(xFacts(joined).sorted).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { colorTable } from "../../base/colormaps.ts";
import { paintHeat } from "./heat.ts";
import { npyHeader, npyType } from "./npy.ts";
import {
  elementsOf,
  elementText,
  leadingOf,
  sliceOf,
  statisticsOf,
  tensorIn,
} from "./tensor_value.ts";

const packed = (dtype: string, numbers: ArrayBufferView) =>
  `${dtype}:${btoa(String.fromCharCode(...new Uint8Array(numbers.buffer)))}`;
const made = (dtype: string, shape: number[], data: string) =>
  tensorIn({ _type: "tensor", dtype, shape, data })!;

describe("tensor values", () => {
  it("are read where they are whole", async () => {
    for (const value of [
      null,
      { _type: "image" },
      { _type: "tensor", dtype: "<f4", shape: [-1] },
      { _type: "tensor", dtype: 4, shape: [] },
      { _type: "tensor", dtype: "<f4", shape: [0.5] },
    ]) {
      expect(tensorIn(value)).toBeNull();
    }
    const value = made("<f4", [2, 2], packed("<f4", Float32Array.of(1, 2, 3, 0.1)));
    expect(value.kind).toBe("float32");
    const elements = await elementsOf(value);
    expect(elementText(elements, 3)).toBe("0.1");
    const short = made("<f4", [3], packed("<f4", Float32Array.of(1)));
    await expect(elementsOf(short)).rejects.toThrow("shape [3] cannot have 1 values");
    const none = tensorIn({ _type: "tensor", dtype: "string", shape: [2] })!;
    await expect(elementsOf(none)).rejects.toThrow("are not kept");
  });

  it("have their own type again where a narrower one stands for it", async () => {
    const wide = await elementsOf(made("<f8", [2], packed("<i4", Int32Array.of(7, -1))));
    expect(wide.numbers).toEqual(Float64Array.of(7, -1));
    const truth = await elementsOf(made("bool", [2], packed("|u1", Uint8Array.of(0, 1))));
    expect([elementText(truth, 0), elementText(truth, 1)]).toEqual(["false", "true"]);
    const large = await elementsOf(made("int64", [1], packed("<i8", BigInt64Array.of(2n ** 60n))));
    expect(elementText(large, 0)).toBe("1152921504606846976");
  });

  it("amount to what numpy says", () => {
    const found = statisticsOf(Float64Array.of(1, 2, 4, 0, Number.NaN, Infinity));
    expect(found).toMatchObject({ min: 0, max: 4, mean: 1.75, zeros: 1, odd: 2 });
    expect(found.std).toBeCloseTo(1.479019945774904, 12);
  });

  it("have a matrix at each place of their leading dimensions", () => {
    expect(leadingOf([4, 5, 6], "2")).toEqual([2]);
    expect(leadingOf([4, 5, 6], "9,x")).toEqual([3]);
    expect(leadingOf([2, 3, 5, 6], "1,2")).toEqual([1, 2]);
    expect(sliceOf([2, 3, 5, 6], [1, 2])).toEqual({ rows: 5, columns: 6, start: 150 });
    expect(sliceOf([7], [])).toEqual({ rows: 1, columns: 7, start: 0 });
  });
});

describe("paintHeat", () => {
  const numbers = Float64Array.of(0, 10, 5, Number.NaN);
  const whole = { rows: 2, columns: 2, start: 0 };

  it("colours each value", () => {
    const found = paintHeat({ dtype: "<f8", numbers }, whole, [0, 10], "viridis", 2, 2);
    const table = colorTable("viridis");
    expect([...found.subarray(0, 3)]).toEqual([...table.subarray(0, 3)]);
    expect([...found.subarray(4, 8)]).toEqual([...table.subarray(765), 255]);
    expect([...found.subarray(8, 11)]).toEqual([...table.subarray(384, 387)]);
    expect(found[15]).toBe(0);
  });

  it("keeps the extreme where a pixel stands for several values, and a NaN above all", () => {
    const many = Float64Array.from({ length: 100 }, (_, i) => (i === 37 ? 9 : 5));
    const one = { rows: 1, columns: 100, start: 0 };
    const found = paintHeat({ dtype: "<f8", numbers: many }, one, [0, 10], "gray", 10, 1);
    expect([...found].filter((_, i) => i % 4 === 0)).toEqual([
      ...[128, 128, 128, 230, 128, 128, 128, 128, 128, 128],
    ]);
    many[38] = Number.NaN;
    const again = paintHeat({ dtype: "<f8", numbers: many }, one, [0, 10], "gray", 10, 1);
    expect(again[15]).toBe(0);
  });
});

describe("files of numpy", () => {
  it("have a header of whole lines of 64 bytes", () => {
    const bytes = npyHeader("<f4", [3]);
    expect(bytes.length % 64).toBe(0);
    const text = new TextDecoder("latin1").decode(bytes.subarray(10));
    expect(text.trim()).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }");
    expect(npyType("complex64", "<f4", [3, 2])).toEqual({ dtype: "<c8", shape: [3] });
    expect(npyType("float32", "<f4", [3, 2])).toEqual({ dtype: "<f4", shape: [3, 2] });
  });
});

import { describe, expect, it } from "vitest";
import { assemble, itemOf, meshIn } from "./mesh_data.ts";

const reference = (dtype: string, shape: number[]) => ({ url: "/api/v1/blobs/x", dtype, shape });

describe("the arrays of a mesh", () => {
  it("are read from a value, whatever else is in it", () => {
    const vertices = reference("<f4", [1, 4, 3]);
    expect(meshIn({ _type: "mesh", vertices, faces: "none", config: null })).toEqual({
      vertices,
      faces: null,
      colors: null,
      config: {},
    });
    expect(meshIn({ _type: "mesh", vertices: reference("<f4", [4, 3]) })).toBeNull();
    expect(meshIn({ _type: "image" })).toBeNull();
    expect(meshIn(null)).toBeNull();
  });

  it("are those of one item of the batch", () => {
    const { buffer } = Float32Array.from({ length: 12 }, (_, i) => i);
    const array = reference("<f4", [2, 2, 3]);
    expect([...(itemOf(buffer, array, 1) as Float32Array)]).toEqual([6, 7, 8, 9, 10, 11]);
    expect(() => itemOf(buffer.slice(0, 40), array, 1)).toThrow("cut off");
    expect(() => itemOf(buffer, { ...array, dtype: "|O" }, 0)).toThrow("cannot be drawn");
  });

  it("leaves out triangles without vertices, and numbers that are none", () => {
    const vertices = [0, 0, 0, 1, 0, 0, 0, Number.NaN, 2];
    const item = assemble(vertices, [0, 1, 2, 0, 1, 3, -1, 0, 1], null, false);
    expect([...item.faces!]).toEqual([0, 1, 2]);
    expect(item.low).toEqual([0, 0, 0]);
    expect(item.high).toEqual([1, 0, 2]);
    expect(assemble(vertices, [], null, false).faces).toBeNull();
    expect(assemble([], null, null, false).high).toEqual([0, 0, 0]);
  });

  it("takes colours as bytes or as shares", () => {
    const colors = (values: number[], isFloat: boolean) => [
      ...assemble([0, 0, 0], null, values, isFloat).colors!,
    ];
    expect(colors([255, 0, 128], false)).toEqual([255, 0, 128]);
    expect(colors([1, 0, 0.5], true)).toEqual([255, 0, 128]);
    expect(colors([200, 0, 300], true)).toEqual([200, 0, 255]);
    expect(assemble([0, 0, 0, 1, 1, 1], null, [255, 0, 0], false).colors).toBeNull();
  });
});

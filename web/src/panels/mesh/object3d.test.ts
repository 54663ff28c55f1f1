import { describe, expect, it } from "vitest";
import { readGltf } from "./gltf.ts";
import { edgesOf, readObj, readPoints, readStl } from "./object3d_data.ts";

const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer;
const json = (value: unknown) => bytes(JSON.stringify(value));

describe("3D objects", () => {
  it("reads clouds with and without colours", () => {
    const plain = readPoints(
      json([
        [0, 0, 0],
        [1, 2, 3],
      ]),
    );
    expect([...plain.positions]).toEqual([0, 0, 0, 1, 2, 3]);
    expect(plain.colors).toBeNull();
    expect([...readPoints(json([[0, 0, 0, 9, 8, 7]])).colors!]).toEqual([9, 8, 7]);
    expect(
      readPoints(
        json([
          [0, 0, 0, 1],
          [0, 0, 0, 2],
        ]),
      ).colors,
    ).toHaveLength(6);
  });

  it("draws the twelve edges of a box whose corners come in any order", () => {
    const corners = [3, 0, 6, 5, 1, 7, 2, 4].map(
      (bits) => [bits & 1 ? 4 : 0, bits & 2 ? 5 : 0, bits & 4 ? 6 : 0] as const,
    );
    const edges = edgesOf(corners);
    const lengths = edges.map(([a, b]) =>
      Math.hypot(...corners[a]!.map((value, i) => value - corners[b]![i]!)),
    );
    expect(lengths.sort()).toEqual([4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6]);
    const scene = readPoints(
      json({ type: "lidar/beta", points: [], boxes: [{ corners, color: [1, 2, 3] }] }),
    );
    expect(scene.segments).toHaveLength(12 * 6);
    expect([...scene.segmentColors!.slice(0, 3)]).toEqual([1, 2, 3]);
    expect(scene.high).toEqual([4, 5, 6]);
  });

  it("reads OBJ with faces of four corners and numbers from the end", () => {
    const square = readObj(
      bytes("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1/1 2/2 3/3 4/4\nf -4 -3 -2\n"),
    );
    expect([...square.faces!]).toEqual([0, 1, 2, 0, 2, 3, 0, 1, 2]);
    expect(() => readObj(bytes("# nothing"))).toThrow("no vertices");
  });

  it("reads STL as text and as bytes", () => {
    const text =
      "solid a\nfacet\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1e0 0\nendloop\n";
    expect([...readStl(bytes(text)).positions]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0]);
    const binary = new DataView(new ArrayBuffer(84 + 50));
    binary.setUint32(80, 1, true);
    binary.setFloat32(84 + 12 + 12, 2, true);
    expect([...readStl(binary.buffer).positions]).toEqual([0, 0, 0, 2, 0, 0, 0, 0, 0]);
  });

  it("reads glTF with the places of its nodes and the colours of its materials", () => {
    const data = Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0);
    const text = btoa(String.fromCharCode(...new Uint8Array(data.buffer)));
    const file = {
      buffers: [{ uri: `data:application/octet-stream;base64,${text}`, byteLength: 36 }],
      bufferViews: [{ buffer: 0, byteLength: 36 }],
      accessors: [{ bufferView: 0, componentType: 5126, count: 3, type: "VEC3" }],
      materials: [{ pbrMetallicRoughness: { baseColorFactor: [1, 0.5, 0, 1] } }],
      meshes: [{ primitives: [{ attributes: { POSITION: 0 }, material: 0 }] }],
      nodes: [
        { children: [1], translation: [10, 0, 0] },
        { mesh: 0, scale: [2, 2, 2] },
      ],
      scenes: [{ nodes: [0] }],
    };
    const item = readGltf(json(file));
    expect([...item.positions]).toEqual([10, 0, 0, 12, 0, 0, 10, 2, 0]);
    expect([...item.faces!]).toEqual([0, 1, 2]);
    expect([...item.colors!.slice(0, 3)]).toEqual([255, 128, 0]);
    const elsewhere = { ...file, buffers: [{ uri: "https://example.org/a.bin", byteLength: 36 }] };
    expect(() => readGltf(json(elsewhere))).toThrow("another file");
  });
});

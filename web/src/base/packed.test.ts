import { describe, expect, it } from "vitest";
import { unpack } from "./packed.ts";

/** As epochal.formats.media.pack writes them. */
function pack(name: string, array: ArrayBufferView): string {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return `${name}:${btoa(String.fromCharCode(...bytes))}`;
}

describe("unpack", () => {
  it("gives back what was packed, in every type", () => {
    const values = [0, -1.5, 1e300, Number.NaN, Number.NEGATIVE_INFINITY];
    expect([...unpack(pack("<f8", Float64Array.from(values)))!]).toEqual(values);
    expect([...unpack(pack("<f4", Float32Array.from([0.5, -2])))!]).toEqual([0.5, -2]);
    expect([...unpack(pack("<i4", Int32Array.from([-7, 2147483647])))!]).toEqual([-7, 2147483647]);
    expect([...unpack(pack("<i8", BigInt64Array.from([-7n, 2n ** 52n])))!]).toEqual([-7, 2 ** 52]);
    expect([...unpack(pack("|u1", Uint8Array.from([0, 255])))!]).toEqual([0, 255]);
    // Made with numpy: pack(np.array([0.0, 0.5])).
    expect([...unpack("<f4:AAAAAAAAAD8=")!]).toEqual([0, 0.5]);
  });

  it("answers null for what is no packed array", () => {
    for (const text of [null, 3, "", "AAAA", "<f2:AAAA", "<f8:%%%"])
      expect(unpack(text)).toBeNull();
  });
});

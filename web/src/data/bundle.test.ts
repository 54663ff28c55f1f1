import { describe, expect, it } from "vitest";
import { decodeBundle } from "./bundle.ts";

/** The layout of docs/reference/http.md, written by hand. */
function encode(header: object, body: Uint8Array): ArrayBuffer {
  let text = JSON.stringify(header);
  while ((text.length + 8) % 8 !== 0) text += " ";
  const bytes = new Uint8Array(8 + text.length + body.length);
  bytes.set(new TextEncoder().encode("EPB1"));
  new DataView(bytes.buffer).setUint32(4, text.length, true);
  bytes.set(new TextEncoder().encode(text), 8);
  bytes.set(body, 8 + text.length);
  return bytes.buffer;
}

describe("decodeBundle", () => {
  it("makes views of the arrays without copying", () => {
    const body = new Uint8Array(new Float64Array([0.5, Number.NaN, -0]).buffer);
    const bytes = encode({ version: 3 }, body);
    const bundle = decodeBundle<{ version: number }>(bytes);
    const y = bundle.array({ dtype: "f8", offset: 0, length: 3 });
    expect(bundle.header.version).toBe(3);
    expect([...y]).toEqual([0.5, Number.NaN, -0]);
    expect(y.buffer).toBe(bytes);
  });

  it("reads float32, int32, int64 and bytes at their offsets", () => {
    const body = new Uint8Array(40);
    body.set(new Uint8Array(new Float32Array([0.25, 8]).buffer), 0);
    body.set(new Uint8Array(new Int32Array([-7]).buffer), 8);
    body.set(new Uint8Array(new BigInt64Array([-(2n ** 53n)]).buffer), 16);
    body.set([1, 2, 4], 24);
    const bundle = decodeBundle(encode({}, body));
    expect([...bundle.array({ dtype: "f4", offset: 0, length: 2 })]).toEqual([0.25, 8]);
    expect([...bundle.array({ dtype: "i4", offset: 8, length: 1 })]).toEqual([-7]);
    expect([...bundle.array({ dtype: "i8", offset: 16, length: 1 })]).toEqual([-(2 ** 53)]);
    expect([...bundle.array({ dtype: "u1", offset: 24, length: 3 })]).toEqual([1, 2, 4]);
  });

  it("keeps an even axis as its rule", () => {
    const bundle = decodeBundle(encode({}, new Uint8Array(0)));
    const reference = { dtype: "affine", start: 10, stride: 5, length: 3 } as const;
    expect(bundle.axis(reference)).toEqual(reference);
    expect([...bundle.array(reference)]).toEqual([10, 15, 20]);
  });

  it("says what is wrong with bytes that are no bundle", () => {
    expect(() => decodeBundle(new TextEncoder().encode("<!doctype html>").buffer)).toThrow(
      "15 bytes that do not begin with EPB1",
    );
    const cut = encode({ series: [] }, new Uint8Array(0)).slice(0, 16);
    expect(() => decodeBundle(cut)).toThrow("cut off");
  });
});

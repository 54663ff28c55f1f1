/** The decoder of binary bundles (docs/reference/http.md, "Bundles"): views on the body, no copies. */
import type { Affine, Numbers, XArray } from "../plots/series.ts";

export type ArrayReference =
  | { dtype: "f8" | "f4" | "i8" | "i4" | "u1"; offset: number; length: number }
  | { dtype: "affine"; start: number; stride: number; length: number };

export interface Bundle<Header> {
  header: Header;
  /** A view on the body; int64 alone is copied (to float64: exact up to 2^53). */
  array(reference: ArrayReference): Numbers;
  /** As `array`, but evenly spaced positions stay a rule. */
  axis(reference: ArrayReference): XArray;
}

const MAGIC = 0x31425045; // "EPB1", little-endian

/** Decodes a bundle. Throws when the bytes are no bundle or are cut off. */
export function decodeBundle<Header>(bytes: ArrayBuffer): Bundle<Header> {
  const size = bytes.byteLength;
  const view = new DataView(bytes);
  if (size < 8 || view.getUint32(0, true) !== MAGIC) {
    throw new Error(`The answer is no bundle: ${size} bytes that do not begin with EPB1.`);
  }
  const body = 8 + view.getUint32(4, true);
  if (body > size) throw new Error(`The bundle's header is cut off: ${body} of ${size} bytes.`);
  const text = new TextDecoder().decode(new Uint8Array(bytes, 8, body - 8));
  const header = JSON.parse(text) as Header;

  function array(reference: ArrayReference): Numbers {
    if (reference.dtype === "affine") return spell(reference);
    const at = body + reference.offset;
    const { length } = reference;
    switch (reference.dtype) {
      case "f8":
        return new Float64Array(bytes, at, length);
      case "f4":
        return new Float32Array(bytes, at, length);
      case "i4":
        return new Int32Array(bytes, at, length);
      case "u1":
        return new Uint8Array(bytes, at, length);
      case "i8":
        return Float64Array.from(new BigInt64Array(bytes, at, length), Number);
    }
  }

  return {
    header,
    array,
    axis: (reference) => (reference.dtype === "affine" ? reference : array(reference)),
  };
}

function spell({ start, stride, length }: Affine): Float64Array {
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) out[i] = start + stride * i;
  return out;
}

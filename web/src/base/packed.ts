/** Packed arrays of media values: type, colon, base64 of little-endian bytes (docs/reference/media.md). */

type Reader = (view: DataView, at: number) => number;

const READERS: Readonly<Record<string, readonly [size: number, read: Reader]>> = {
  "<f8": [8, (view, at) => view.getFloat64(at, true)],
  "<f4": [4, (view, at) => view.getFloat32(at, true)],
  "<i8": [8, (view, at) => Number(view.getBigInt64(at, true))],
  "<i4": [4, (view, at) => view.getInt32(at, true)],
  "|u1": [1, (view, at) => view.getUint8(at)],
};

/** The numbers of a packed text; null for a text that is none. Integers above 2^53 are rounded. */
export function unpack(text: unknown): Float64Array | null {
  if (typeof text !== "string") return null;
  const cut = text.indexOf(":");
  const reader = READERS[text.slice(0, cut)];
  if (reader === undefined) return null;
  const [size, read] = reader;
  let bytes: string;
  try {
    bytes = atob(text.slice(cut + 1));
  } catch {
    return null;
  }
  const view = new DataView(Uint8Array.from(bytes, (one) => one.charCodeAt(0)).buffer);
  return Float64Array.from({ length: Math.floor(bytes.length / size) }, (_, i) =>
    read(view, i * size),
  );
}

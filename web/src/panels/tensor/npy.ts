/**
 * Tensors as files that `numpy.load` reads.
 *
 * Format 1.0 of numpy/lib/format.py: \x93NUMPY, two bytes of the version, uint16 length of the header, the header
 * (a Python dict, filled with blanks to a multiple of 64 bytes, a line's end at last), the values.
 */

/** The bytes before the values. Raises RangeError for a shape whose header is longer than 65,535 bytes. */
export function npyHeader(dtype: string, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${dtype}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const padded = text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11, " ");
  const length = padded.length + 1;
  if (length > 65535) throw new RangeError("This shape is too long for a file of numpy's.");
  const bytes = new Uint8Array(10 + length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  bytes.set(new TextEncoder().encode(`${padded}\n`), 10);
  return bytes;
}

/** Complex numbers come as pairs: type and shape as numpy has them. */
export function npyType(
  kind: string,
  dtype: string,
  shape: readonly number[],
): { dtype: string; shape: readonly number[] } {
  const isPair = kind.startsWith("complex") && /^<f[48]$/.test(dtype) && shape.at(-1) === 2;
  if (!isPair) return { dtype, shape };
  return { dtype: dtype === "<f4" ? "<c8" : "<c16", shape: shape.slice(0, -1) };
}

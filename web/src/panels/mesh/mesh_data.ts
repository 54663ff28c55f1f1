/** The arrays of a mesh value, fetched and checked. */
import { getBytes } from "../../data/client.ts";
import { mediaUrl } from "../../data/objects.ts";

export interface ArrayReference {
  url: string;
  dtype: string;
  /** [batch, n, 3] */
  shape: readonly number[];
}

export interface MeshValue {
  vertices: ArrayReference;
  faces: ArrayReference | null;
  colors: ArrayReference | null;
  config: Readonly<Record<string, unknown>>;
}

/** One item of a batch. */
export interface MeshItem {
  /** x, y, z of each vertex. */
  readonly positions: Float32Array;
  /** Three vertices of each triangle; null for a cloud of points. */
  readonly faces: Uint32Array | null;
  /** Red, green, blue of each vertex, 0 to 255; null where none were logged. */
  readonly colors: Uint8Array | null;
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
  /** Lines beside the mesh: x, y, z of both ends of each, and their colours as bytes. */
  readonly segments?: Float32Array;
  readonly segmentColors?: Uint8Array;
}

/** Numbers that are drawn at most of one array: three of a vertex. */
const MOST_NUMBERS = 30_000_000;

/** The members of a value that the panel reads; null for what is no mesh. */
export function meshIn(value: unknown): MeshValue | null {
  const found = value as Record<string, unknown> | null | undefined;
  if (found?._type !== "mesh") return null;
  const vertices = arrayIn(found.vertices);
  if (vertices === null) return null;
  const config = found.config;
  return {
    vertices,
    faces: arrayIn(found.faces),
    colors: arrayIn(found.colors),
    config: typeof config === "object" && config !== null ? (config as MeshValue["config"]) : {},
  };
}

function arrayIn(value: unknown): ArrayReference | null {
  const { url, dtype, shape } = (value ?? {}) as Partial<ArrayReference>;
  if (typeof url !== "string" || typeof dtype !== "string" || !Array.isArray(shape)) return null;
  return shape.length === 3 && shape[2] === 3 ? { url, dtype, shape } : null;
}

const TYPES: Readonly<
  Record<string, readonly [number, (buffer: ArrayBuffer) => ArrayLike<number>]>
> = {
  "<f4": [4, (buffer) => new Float32Array(buffer)],
  "<f8": [8, (buffer) => new Float64Array(buffer)],
  "<i4": [4, (buffer) => new Int32Array(buffer)],
  "<i8": [8, (buffer) => Float64Array.from(new BigInt64Array(buffer), Number)],
  "|u1": [1, (buffer) => new Uint8Array(buffer)],
};

/** The numbers of one item in the bytes of a batch. Throws an Error that says what does not fit. */
export function itemOf(
  buffer: ArrayBuffer,
  array: ArrayReference,
  item: number,
): ArrayLike<number> {
  const type = TYPES[array.dtype];
  if (type === undefined) throw new Error(`A mesh of ${array.dtype} cannot be drawn.`);
  const [size, read] = type;
  const count = array.shape[1]! * 3;
  if (count > MOST_NUMBERS) throw new Error("This mesh is too large to be drawn in a browser.");
  const start = item * count * size;
  if (start + count * size > buffer.byteLength) {
    throw new Error(`The mesh is cut off: ${buffer.byteLength} bytes for shape [${array.shape}].`);
  }
  return read(buffer.slice(start, start + count * size));
}

/** Puts an item together; triangles that name vertices which are not there are left out. */
export function assemble(
  vertices: ArrayLike<number>,
  faces: ArrayLike<number> | null,
  colors: ArrayLike<number> | null,
  isFloat: boolean,
): MeshItem {
  const positions = Float32Array.from(vertices, (v) => (Number.isFinite(v) ? v : 0));
  const count = positions.length / 3;
  const low: [number, number, number] = [Infinity, Infinity, Infinity];
  const high: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i++) {
    const axis = i % 3;
    low[axis] = Math.min(low[axis]!, positions[i]!);
    high[axis] = Math.max(high[axis]!, positions[i]!);
  }
  return {
    positions,
    faces: faces === null || faces.length === 0 ? null : triangles(faces, count),
    colors: colors === null || colors.length < positions.length ? null : bytes(colors, isFloat),
    low: count > 0 ? low : [0, 0, 0],
    high: count > 0 ? high : [0, 0, 0],
  };
}

function triangles(faces: ArrayLike<number>, count: number): Uint32Array {
  const found = new Uint32Array(faces.length);
  let end = 0;
  for (let i = 0; i + 2 < faces.length; i += 3) {
    const [a, b, c] = [faces[i]!, faces[i + 1]!, faces[i + 2]!];
    if (!(a >= 0 && b >= 0 && c >= 0 && a < count && b < count && c < count)) continue;
    found.set([a, b, c], end);
    end += 3;
  }
  return found.subarray(0, end);
}

/** Colours as bytes; floats that never exceed 1 are shares. */
function bytes(colors: ArrayLike<number>, isFloat: boolean): Uint8Array {
  let most = 0;
  for (let i = 0; i < colors.length; i++) most = Math.max(most, colors[i]!);
  const scale = isFloat && most <= 1 ? 255 : 1;
  return Uint8Array.from({ length: colors.length }, (_, i) =>
    Math.max(0, Math.min(255, Math.round(colors[i]! * scale))),
  );
}

const MOST_HELD = 24;
const held = new Map<string, Promise<ArrayBuffer>>();

/** The bytes at an address; the last ones are kept, as a slider comes back to them. */
function bytesAt(url: string): Promise<ArrayBuffer> {
  let found = held.get(url);
  if (found === undefined) {
    found = getBytes(mediaUrl({ url }));
    found.catch(() => held.delete(url));
  }
  held.delete(url);
  held.set(url, found);
  if (held.size > MOST_HELD) held.delete(held.keys().next().value!);
  return found;
}

export async function loadItem(value: MeshValue, item: number): Promise<MeshItem> {
  const part = async (array: ArrayReference | null) =>
    array === null || item >= array.shape[0]!
      ? null
      : itemOf(await bytesAt(array.url), array, item);
  const [vertices, faces, colors] = await Promise.all([
    part(value.vertices),
    part(value.faces),
    part(value.colors),
  ]);
  if (vertices === null) throw new Error(`There is no item ${item + 1} in this batch.`);
  return assemble(vertices, faces, colors, value.colors?.dtype.startsWith("<f") ?? false);
}

/**
 * The triangles and points of a glTF 2.0 file: positions, colours of vertices and of materials, places of
 * nodes. Textures, skins and movement are left out. Facts: the glTF 2.0 specification, sections 3 and 4.
 */
import { assemble, type MeshItem } from "./mesh_data.ts";

const MAGIC = 0x46546c67; // "glTF"
const JSON_CHUNK = 0x4e4f534a;
const BINARY_CHUNK = 0x004e4942;
const TRIANGLES = 4;
const POINTS = 0;
const MOST_NODES = 100_000;

interface Gltf {
  buffers?: { uri?: string; byteLength: number }[];
  bufferViews?: { buffer: number; byteOffset?: number; byteLength: number; byteStride?: number }[];
  accessors?: Accessor[];
  meshes?: { primitives: Primitive[] }[];
  materials?: { pbrMetallicRoughness?: { baseColorFactor?: number[] } }[];
  nodes?: Node[];
  scenes?: { nodes?: number[] }[];
  scene?: number;
}

interface Accessor {
  bufferView?: number;
  byteOffset?: number;
  componentType: number;
  normalized?: boolean;
  count: number;
  type: string;
}

interface Primitive {
  attributes: Record<string, number>;
  indices?: number;
  material?: number;
  mode?: number;
}

interface Node {
  mesh?: number;
  children?: number[];
  matrix?: number[];
  translation?: number[];
  rotation?: number[];
  scale?: number[];
}

/** Column by column, as in the file. */
type Matrix = readonly number[];

const SAME: Matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

export function readGltf(bytes: ArrayBuffer): MeshItem {
  const { json, binary } = open(bytes);
  const buffers = (json.buffers ?? []).map(({ uri }, i) => bufferOf(uri, i === 0 ? binary : null));
  const made = { vertices: [] as number[], colors: [] as number[], faces: [] as number[] };
  let hasColors = false;
  let left = MOST_NODES;
  const visit = (index: number, above: Matrix): void => {
    const node = json.nodes?.[index];
    left -= 1;
    if (node === undefined || left < 0) return;
    const matrix = times(above, placeOf(node));
    for (const primitive of json.meshes?.[node.mesh ?? -1]?.primitives ?? []) {
      hasColors = add(json, buffers, primitive, matrix, made) || hasColors;
    }
    for (const child of node.children ?? []) visit(child, matrix);
  };
  const roots = json.scenes?.[json.scene ?? 0]?.nodes ?? json.nodes?.map((_, i) => i) ?? [];
  for (const root of roots) visit(root, SAME);
  if (made.vertices.length === 0)
    throw new Error("This glTF file has no shapes that can be drawn.");
  const item = assemble(made.vertices, made.faces, hasColors ? made.colors : null, true);
  return item;
}

function open(bytes: ArrayBuffer): { json: Gltf; binary: ArrayBuffer | null } {
  const view = new DataView(bytes);
  const text = (part: ArrayBuffer) => JSON.parse(new TextDecoder().decode(part)) as Gltf;
  if (bytes.byteLength < 20 || view.getUint32(0, true) !== MAGIC)
    return { json: text(bytes), binary: null };
  let json: Gltf | null = null;
  let binary: ArrayBuffer | null = null;
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    const [length, type] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    const part = bytes.slice(at + 8, at + 8 + length);
    if (type === JSON_CHUNK) json = text(part);
    else if (type === BINARY_CHUNK) binary = part;
    at += 8 + length;
  }
  if (json === null) throw new Error("This GLB file is cut off: it has no description.");
  return { json, binary };
}

function bufferOf(uri: string | undefined, binary: ArrayBuffer | null): ArrayBuffer {
  if (uri === undefined && binary !== null) return binary;
  const found = /^data:[^,]*;base64,(.*)$/s.exec(uri ?? "");
  if (found === null)
    throw new Error("This glTF file has its shapes in another file, which was not logged.");
  return Uint8Array.from(atob(found[1]!), (one) => one.charCodeAt(0)).buffer;
}

const WIDTHS: Readonly<Record<string, number>> = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4 };
const READ: Readonly<
  Record<number, readonly [number, number, (v: DataView, at: number) => number]>
> = {
  5120: [1, 127, (view, at) => view.getInt8(at)],
  5121: [1, 255, (view, at) => view.getUint8(at)],
  5122: [2, 32767, (view, at) => view.getInt16(at, true)],
  5123: [2, 65535, (view, at) => view.getUint16(at, true)],
  5125: [4, 1, (view, at) => view.getUint32(at, true)],
  5126: [4, 1, (view, at) => view.getFloat32(at, true)],
};

/** The numbers of an accessor and how many each of its elements has; null where it is not there. */
function numbersOf(
  json: Gltf,
  buffers: readonly ArrayBuffer[],
  index: number | undefined,
): { values: Float64Array; width: number } | null {
  const accessor = json.accessors?.[index ?? -1];
  if (accessor === undefined) return null;
  const width = WIDTHS[accessor.type];
  const type = READ[accessor.componentType];
  const part = json.bufferViews?.[accessor.bufferView ?? -1];
  if (width === undefined || type === undefined || part === undefined) {
    throw new Error(
      "This glTF file is packed in a way that is not read here; save it to open it elsewhere.",
    );
  }
  const [size, most, read] = type;
  const stride = part.byteStride ?? width * size;
  const start = (part.byteOffset ?? 0) + (accessor.byteOffset ?? 0);
  const view = new DataView(buffers[part.buffer] ?? new ArrayBuffer(0));
  if (start + (accessor.count - 1) * stride + width * size > view.byteLength) {
    throw new Error("This glTF file is cut off.");
  }
  const values = new Float64Array(accessor.count * width);
  for (let i = 0; i < values.length; i++) {
    const at = start + Math.floor(i / width) * stride + (i % width) * size;
    values[i] = accessor.normalized ? read(view, at) / most : read(view, at);
  }
  return { values, width };
}

/** Adds what a primitive has; answers whether it has a colour of its own. */
function add(
  json: Gltf,
  buffers: readonly ArrayBuffer[],
  primitive: Primitive,
  matrix: Matrix,
  made: { vertices: number[]; colors: number[]; faces: number[] },
): boolean {
  const mode = primitive.mode ?? TRIANGLES;
  const positions = numbersOf(json, buffers, primitive.attributes.POSITION);
  if (positions === null || (mode !== TRIANGLES && mode !== POINTS)) return false;
  const first = made.vertices.length / 3;
  const { values } = positions;
  for (let i = 0; i < values.length; i += 3) {
    const [x, y, z] = [values[i]!, values[i + 1]!, values[i + 2]!];
    for (let row = 0; row < 3; row++) {
      made.vertices.push(
        matrix[row]! * x + matrix[row + 4]! * y + matrix[row + 8]! * z + matrix[row + 12]!,
      );
    }
  }
  const count = values.length / 3;
  const own = numbersOf(json, buffers, primitive.attributes.COLOR_0);
  const base = json.materials?.[primitive.material ?? -1]?.pbrMetallicRoughness?.baseColorFactor;
  for (let i = 0; i < count; i++) {
    for (let part = 0; part < 3; part++) {
      made.colors.push(
        (own?.values[i * own.width + part] ?? 1) * (base?.[part] ?? (own ? 1 : 0.6)),
      );
    }
  }
  if (mode === TRIANGLES) {
    const indices = numbersOf(json, buffers, primitive.indices)?.values;
    for (let i = 0; i < (indices?.length ?? count); i++)
      made.faces.push(first + (indices?.[i] ?? i));
  }
  return own !== null || base !== undefined;
}

function placeOf({ matrix, translation, rotation, scale }: Node): Matrix {
  if (matrix?.length === 16) return matrix;
  const [x, y, z, w] =
    rotation?.length === 4 ? (rotation as [number, number, number, number]) : [0, 0, 0, 1];
  const [sx, sy, sz] = scale?.length === 3 ? (scale as [number, number, number]) : [1, 1, 1];
  const [tx, ty, tz] =
    translation?.length === 3 ? (translation as [number, number, number]) : [0, 0, 0];
  return [
    ...[(1 - 2 * (y * y + z * z)) * sx, 2 * (x * y + z * w) * sx, 2 * (x * z - y * w) * sx, 0],
    ...[2 * (x * y - z * w) * sy, (1 - 2 * (x * x + z * z)) * sy, 2 * (y * z + x * w) * sy, 0],
    ...[2 * (x * z + y * w) * sz, 2 * (y * z - x * w) * sz, (1 - 2 * (x * x + y * y)) * sz, 0],
    ...[tx, ty, tz, 1],
  ];
}

function times(a: Matrix, b: Matrix): Matrix {
  return Array.from({ length: 16 }, (_, at) => {
    const [row, column] = [at % 4, Math.floor(at / 4)];
    let sum = 0;
    for (let k = 0; k < 4; k++) sum += a[row + 4 * k]! * b[k + 4 * column]!;
    return sum;
  });
}

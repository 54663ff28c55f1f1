/**
 * The 3D objects of the wandb client: clouds of points and scenes as JSON (`pts.json`), and files of other
 * programs, of which shape and colours are read: OBJ, STL, glTF and its binary form. No address in them is followed.
 */
import { SLOTS } from "../../base/palette.ts";
import { getBytes } from "../../data/client.ts";
import { mediaUrl } from "../../data/objects.ts";
import { readGltf } from "./gltf.ts";
import { assemble, type MeshItem } from "./mesh_data.ts";

export interface ObjectFile {
  url: string;
  /** `pts.json`, `obj`, ... */
  format: string;
  size: number;
  caption: string;
}

/** Bytes of an object that a page reads. */
const MOST_BYTES = 200_000_000;
export const READERS: Readonly<Record<string, (bytes: ArrayBuffer) => MeshItem>> = {
  "pts.json": readPoints,
  obj: readObj,
  stl: readStl,
  gltf: readGltf,
  glb: readGltf,
};

export function objectIn(value: unknown): ObjectFile | null {
  const { _type, url, format, size, caption } = (value ?? {}) as Record<string, unknown>;
  if (_type !== "object3d" || typeof url !== "string") return null;
  return {
    url,
    format: typeof format === "string" ? format : "",
    size: typeof size === "number" ? size : 0,
    caption: typeof caption === "string" ? caption : "",
  };
}

/** Raises Error with a sentence for what cannot be drawn. */
export async function loadObject({ url, format, size }: ObjectFile): Promise<MeshItem> {
  const read = READERS[format];
  if (read === undefined) {
    throw new Error(
      `A file of the format "${format}" is not drawn here; save it to open it elsewhere.`,
    );
  }
  if (size > MOST_BYTES) throw new Error("This object is too large to be drawn in a browser.");
  return read(await getBytes(mediaUrl({ url })));
}

// ---- points and scenes

type Triple = readonly [number, number, number];

/** A list of [x, y, z], [x, y, z, category] or [x, y, z, r, g, b], or a scene with `points` and `boxes`. */
export function readPoints(bytes: ArrayBuffer): MeshItem {
  const found: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const scene = (Array.isArray(found) ? { points: found } : (found ?? {})) as Record<
    string,
    unknown
  >;
  const points = Array.isArray(scene.points) ? scene.points.filter(Array.isArray) : [];
  const positions = points.flatMap((point) => point.slice(0, 3).map(Number));
  const hasColors = points.some((point) => point.length > 3);
  const colors = hasColors ? points.flatMap((point) => colorOf(point.map(Number))) : null;
  const boxes = Array.isArray(scene.boxes) ? scene.boxes.flatMap(boxIn) : [];
  const arrows = Array.isArray(scene.vectors) ? scene.vectors.flatMap(arrowIn) : [];
  const item = assemble(positions, null, colors, false);
  const segments = [...boxes, ...arrows];
  if (segments.length === 0) return item;
  const ends = Float32Array.from(segments.flatMap(({ ends }) => ends));
  return {
    ...reaching(item, ends),
    segments: ends,
    segmentColors: Uint8Array.from(
      segments.flatMap(({ ends, color }) =>
        Array.from({ length: ends.length / 3 }, () => color).flat(),
      ),
    ),
  };
}

/** Extends an item's reach by points, so that the camera sees them, too. */
function reaching(item: MeshItem, ends: Float32Array): MeshItem {
  const isEmpty = item.positions.length === 0;
  const low: [number, number, number] = isEmpty ? [ends[0]!, ends[1]!, ends[2]!] : [...item.low];
  const high: [number, number, number] = isEmpty ? [...low] : [...item.high];
  for (let i = 0; i < ends.length; i++) {
    low[i % 3] = Math.min(low[i % 3]!, ends[i]!);
    high[i % 3] = Math.max(high[i % 3]!, ends[i]!);
  }
  return { ...item, low, high };
}

/** A point's own colour, or that of its category. */
function colorOf(point: readonly number[]): readonly number[] {
  if (point.length >= 6) return point.slice(3, 6);
  const category = point[3];
  const slot = SLOTS[Math.abs(Math.trunc(category ?? 0) || 0) % SLOTS.length]!;
  const value = Number.parseInt(slot.light.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

interface Segments {
  /** x, y, z of both ends of each. */
  ends: number[];
  color: readonly number[];
}

const PLAIN = [230, 120, 40];

function boxIn(value: unknown): Segments[] {
  const { corners, color } = (value ?? {}) as Record<string, unknown>;
  if (!Array.isArray(corners) || corners.length !== 8) return [];
  const points = corners.map((corner) => tripleIn(corner));
  if (points.some((point) => point === null)) return [];
  const ends = edgesOf(points as Triple[]).flatMap(([a, b]) => [...points[a]!, ...points[b]!]);
  return [{ ends, color: tripleIn(color) ?? PLAIN }];
}

function arrowIn(value: unknown): Segments[] {
  const { start, end, color } = (value ?? {}) as Record<string, unknown>;
  const [from, to] = [tripleIn(start), tripleIn(end)];
  return from === null || to === null
    ? []
    : [{ ends: [...from, ...to], color: tripleIn(color) ?? PLAIN }];
}

function tripleIn(value: unknown): Triple | null {
  const found = Array.isArray(value) ? value.map(Number) : [];
  return found.length === 3 && found.every(Number.isFinite) ? (found as unknown as Triple) : null;
}

/**
 * The edges of a box whose corners come in any order: the three ways from one corner whose sums lead to
 * all others. Of eight points that are no box, all that are near one another.
 */
export function edgesOf(corners: readonly Triple[]): [number, number][] {
  const origin = corners[0]!;
  const away = (at: number) =>
    corners[at]!.map((value, i) => value - origin[i]!) as unknown as Triple;
  const reach = Math.max(...corners.flatMap((_, at) => away(at).map(Math.abs))) || 1;
  const find = (point: Triple) =>
    corners.findIndex((_, at) =>
      away(at).every((value, i) => Math.abs(value - point[i]!) < 1e-4 * reach),
    );
  for (let a = 1; a < 8; a++) {
    for (let b = a + 1; b < 8; b++) {
      for (let c = b + 1; c < 8; c++) {
        const ways = [away(a), away(b), away(c)];
        const places = Array.from({ length: 8 }, (_, bits) =>
          find(
            [0, 1, 2].map((axis) =>
              ways.reduce((sum, way, i) => sum + (bits & (1 << i) ? way[axis]! : 0), 0),
            ) as unknown as Triple,
          ),
        );
        if (new Set(places).size !== 8 || places.includes(-1)) continue;
        return places.flatMap((place, bits) =>
          [1, 2, 4].flatMap((bit): [number, number][] =>
            bits & bit ? [] : [[place, places[bits | bit]!]],
          ),
        );
      }
    }
  }
  return corners.flatMap((_, a) =>
    Array.from({ length: 7 - a }, (_, b): [number, number] => [a, a + b + 1]),
  );
}

// ---- files of other programs

/** Vertices, with colours where lines have them, and faces of any number of corners. */
export function readObj(bytes: ArrayBuffer): MeshItem {
  const vertices: number[] = [];
  const colors: number[] = [];
  const faces: number[] = [];
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    const [word, ...parts] = line.trim().split(/\s+/);
    if (word === "v") {
      const values = parts.map(Number);
      vertices.push(values[0] ?? 0, values[1] ?? 0, values[2] ?? 0);
      if (values.length >= 6) colors.push(values[3]!, values[4]!, values[5]!);
    } else if (word === "f") {
      // Numbers begin at 1, and negative ones count from the last vertex.
      const corners = parts.map((part) => {
        const number = Number.parseInt(part, 10);
        return number < 0 ? vertices.length / 3 + number : number - 1;
      });
      for (let i = 1; i + 1 < corners.length; i++)
        faces.push(corners[0]!, corners[i]!, corners[i + 1]!);
    }
  }
  if (vertices.length === 0) throw new Error("This OBJ file has no vertices.");
  return assemble(vertices, faces, colors.length === vertices.length ? colors : null, true);
}

export function readStl(bytes: ArrayBuffer): MeshItem {
  const view = new DataView(bytes);
  const count = bytes.byteLength >= 84 ? view.getUint32(80, true) : 0;
  const vertices: number[] = [];
  if (count > 0 && bytes.byteLength === 84 + 50 * count) {
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < 9; k++) vertices.push(view.getFloat32(84 + 50 * i + 12 + 4 * k, true));
    }
  } else {
    const text = new TextDecoder().decode(bytes);
    for (const [, x, y, z] of text.matchAll(/\bvertex\s+(\S+)\s+(\S+)\s+(\S+)/g)) {
      vertices.push(Number(x), Number(y), Number(z));
    }
  }
  if (vertices.length === 0) throw new Error("This STL file has no triangles.");
  return assemble(
    vertices,
    Array.from({ length: vertices.length / 3 }, (_, i) => i),
    null,
    false,
  );
}

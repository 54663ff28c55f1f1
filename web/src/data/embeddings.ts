/** Projections and neighbours of embeddings (docs/reference/http.md). */
import { unpack } from "../base/packed.ts";
import { getBytes, getJson, postForLines, RequestError, sendJson } from "./client.ts";
import { afterApi } from "./graphs.ts";
import { mediaUrl } from "./objects.ts";

export type MethodName = "pca" | "tsne" | "umap";
export type MetricName = "cosine" | "euclidean";

export interface Method {
  name: MethodName;
  available: boolean;
  /** How to get one that is not there. */
  install: string;
}

export interface TensorReference {
  url: string;
  dtype: string;
  shape: [number, number];
}

export interface Placement {
  method: MethodName;
  /** Points that are placed, of so many. */
  points: number;
  total: number;
  width: number;
  used_width: number;
  /** Which points those are; null: all of them. */
  rows: Float64Array | null;
  dimensions: number;
  /** Point by point. */
  coordinates: Float64Array;
  /** The share that each component explains, of principal components only. */
  variance: number[] | null;
}

export interface Progress {
  progress: number;
  message?: string;
}

export interface Neighbours {
  points: number[];
  distances: number[];
  among: number;
}

export async function askMethods(): Promise<Method[]> {
  return (await getJson<{ methods: Method[] }>("api/v1/embeddings/methods")).methods;
}

function named({ url, dtype, shape }: TensorReference): object {
  return { of: afterApi(url), dtype, shape };
}

export interface ProjectionWish {
  method: MethodName;
  dimensions: 2 | 3;
}

interface Line {
  progress?: number;
  message?: string;
  error?: { code: string; message: string };
  result?: Omit<Placement, "rows" | "coordinates"> & { rows: string | null; coordinates: string };
}

/** Tells the progress on the way. Aborting ends the work on the server, too. */
export async function askProjection(
  tensor: TensorReference,
  wish: ProjectionWish,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Placement> {
  const body = { ...named(tensor), ...wish };
  for await (const text of postForLines("api/v1/embeddings/project", body, signal)) {
    const line = JSON.parse(text) as Line;
    if (line.error) throw new RequestError(200, line.error.code, line.error.message);
    if (line.result) {
      return {
        ...line.result,
        rows: line.result.rows === null ? null : unpack(line.result.rows),
        coordinates: unpack(line.result.coordinates) ?? new Float64Array(),
      };
    }
    onProgress({ progress: line.progress ?? 0, ...(line.message && { message: line.message }) });
  }
  throw new RequestError(0, "cut_off", "The server stopped before the projection was made.");
}

export function askNeighbours(
  tensor: TensorReference,
  point: number,
  count: number,
  metric: MetricName,
  signal: AbortSignal,
): Promise<Neighbours> {
  const body = { ...named(tensor), point, count, metric };
  return sendJson("POST", "api/v1/embeddings/neighbours", body, signal);
}

/** A table of labels: tab separated, a line for each point, with or without a line of names before. */
export async function askLabels(reference: { url: string }, signal: AbortSignal): Promise<string> {
  return new TextDecoder().decode(await getBytes(mediaUrl(reference), signal));
}

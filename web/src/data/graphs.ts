/** Computation graphs, as `GET /api/v1/graphs` answers them. */
import { getJson } from "./client.ts";

export interface GraphNode {
  /** Unique; what stands before the last "/" are the groups that the node is in. */
  id: string;
  op: string;
  device?: string;
  /** What each output is: "float32 [1, 10]". */
  shapes?: string[];
  attributes?: Record<string, string>;
  /** Weights that only this node reads. */
  parameters?: string[];
  /** Operations, where its shapes tell. */
  flops?: number;
}

/** What a node took in a run of the graph. */
export interface NodeStatistics {
  time_us: number;
  memory_bytes: number;
  device: string;
}

/** From and to by place in `nodes`; which output of the first; 1 for a control edge. */
export type GraphEdge = readonly [number, number, number, number];

export interface GraphAnswer {
  format: string;
  title: string;
  producer: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** What some groups are, by their path: the class of a module. */
  groups: Record<string, string>;
  /** What a run of it took, by the names that nodes have there; of a RunMetadata only. */
  statistics: Record<string, NodeStatistics>;
  devices: string[];
  /** How many nodes and edges are not in the answer, because it would be too large. */
  left_out: number;
}

export function askGraph(url: string, format: string, signal: AbortSignal): Promise<GraphAnswer> {
  return getJson("api/v1/graphs", { of: afterApi(url), format }, signal);
}

/** What follows `/api/v1/` in the address of a reference: how other routes name its bytes. */
export function afterApi(url: string): string {
  return url.slice(url.indexOf("api/v1/") + "api/v1/".length);
}

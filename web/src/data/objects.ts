/** Media and other values of object series, as `POST /api/v1/objects` answers them. */
import { address, sendJson } from "./client.ts";
import type { Json } from "./wire.ts";

/**
 * The newest value of each series, the one at or before a step, or some evenly chosen ones. `x`: the axis on which
 * `at` is, and on which the index places the values, where that is not the step's.
 */
export type ObjectPick =
  | { last: true; x?: string }
  | { at: number; x?: string }
  | { every: number; range: readonly [number, number] | null };

/** Where bytes are; `mediaUrl` makes an address of it. */
export interface Reference {
  url: string;
  size?: number;
  dtype?: string;
  shape?: number[];
}

/** A value of docs/reference/media.md, or any other JSON that a script has logged. */
export type MediaValue = { _type: string; [member: string]: unknown } | Json;

export interface ObjectValue {
  writer: number;
  row: number;
  step: number;
  /** Seconds since the epoch. */
  time: number;
  value: MediaValue;
}

/** Where every value of a series stands, in log order. */
export interface ObjectIndex {
  writers: number[];
  rows: number[];
  steps: number[];
  times: number[];
  /** On the pick's axis, where it names one; no number before its metric was logged. */
  x?: (number | string)[];
}

/** What one run has under one key. */
export interface ObjectEntry {
  run: string;
  key: string;
  media: string | null;
  /** Number of values in the series. */
  total: number;
  marks: string;
  values: ObjectValue[];
  index?: ObjectIndex;
}

export interface ObjectsAnswer {
  version: number;
  objects: ObjectEntry[];
}

/** Runs without a key have no entry. At most 1000 runs and 100 keys. */
export function askObjects(
  runs: readonly string[],
  keys: readonly string[],
  pick: ObjectPick,
  index: boolean,
  signal?: AbortSignal,
): Promise<ObjectsAnswer> {
  return sendJson("POST", "api/v1/objects", { runs, keys, pick, index }, signal);
}

/** What the server names bytes by; a script may have logged any other text as a `url`. */
const OWN =
  /api\/v1\/(?:(?:blobs|sources)\/[\w/-]+|(?:runs|client-artifacts)\/[\w-]+\/files\/[^?#]+)$/;

/**
 * The address of a reference's bytes; of an image, as small as `thumb` pixels a side. What an answer
 * names stands below the base of the page, wherever a proxy or a notebook shows that. An address
 * elsewhere, which no reference has, becomes one at which there is nothing.
 */
export function mediaUrl(reference: { url: string }, thumb?: number): string {
  const own = OWN.exec(reference.url);
  return address(own === null ? "api/v1/blobs/none" : own[0], { thumb });
}

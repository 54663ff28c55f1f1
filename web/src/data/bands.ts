/** The bands route: groups of runs as a centre and a band around it. */
import type { BandSeries } from "../plots/bands.ts";
import type { Smoothing } from "../plots/smooth.ts";
import { type ArrayReference, decodeBundle } from "./bundle.ts";
import { postForBytes } from "./client.ts";
import type { Range } from "./snap.ts";

export type BandCenter = "mean" | "median" | "min" | "max";
export type BandKind = "std" | "se" | "ci" | "minmax" | "iqr" | "none";

export interface BandQuestion {
  groups: readonly { name: string; runs: readonly string[] }[];
  keys: string[];
  x: string;
  range: Range | null;
  px: number;
  log?: true;
  smooth?: Smoothing;
  center: BandCenter;
  band: BandKind;
}

interface BandHeader {
  group: string;
  key: string;
  runs: number;
  exact: boolean;
  x: ArrayReference;
  center: ArrayReference;
  lo: ArrayReference;
  hi: ArrayReference;
  n: ArrayReference;
}

export function decodeBands(bytes: ArrayBuffer): BandSeries[] {
  const { header, array, axis } = decodeBundle<{ bands: BandHeader[] }>(bytes);
  return header.bands.map(({ group, key, runs, exact, x, center, lo, hi, n }) => ({
    ...{ group, key, runs, exact, x: axis(x) },
    ...{ center: array(center), lo: array(lo), hi: array(hi), n: array(n) },
  }));
}

export async function askBands(question: BandQuestion, signal: AbortSignal): Promise<BandSeries[]> {
  return decodeBands(await postForBytes("api/v1/bands", question, signal));
}

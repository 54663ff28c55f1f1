/** The routes of sweeps. */
import { projectPath } from "./api.ts";
import { getJson, sendJson } from "./client.ts";
import type { RunState } from "./wire.ts";

export type SweepState = "PENDING" | "RUNNING" | "PAUSED" | "FINISHED" | "CANCELED";

export interface Sweep {
  /** The last part of its address. */
  id: string;
  name: string;
  state: SweepState;
  method: string;
  metric: string | null;
  goal: "minimize" | "maximize" | null;
  description: string | null;
  best: number | null;
  runs: number;
  live: number;
  /** How many runs it will have; null where there is no end of them. */
  expected: number | null;
  created: number;
  updated: number;
  heartbeat: number | null;
}

export interface SweepRun {
  uid: string;
  id: string;
  name: string;
  state: RunState;
  created: number;
  duration: number;
  values: Readonly<Record<string, unknown>>;
  best: number | null;
  is_stopped: boolean;
  is_prior: boolean;
}

export interface SweepAgent {
  name: string;
  host: string;
  state: "running" | "exited" | "silent";
  runs: number;
  created: number;
  heartbeat: number;
}

export interface SweepDetail {
  sweep: Sweep;
  /** YAML. */
  config: string;
  warnings: readonly string[];
  /** Names of the searched ones. */
  parameters: readonly string[];
  target: number | null;
  run_cap: number | null;
  early_terminate: string | null;
  /** The best first. */
  runs: readonly SweepRun[];
  agents: readonly SweepAgent[];
  /** The run filter that finds them all. */
  filter: string;
}

function path(entity: string, project: string, sweep: string): string {
  return `${projectPath(entity, project)}/sweeps/${encodeURIComponent(sweep)}`;
}

export async function getSweeps(entity: string, project: string): Promise<Sweep[]> {
  return (await getJson<{ sweeps: Sweep[] }>(`${projectPath(entity, project)}/sweeps`)).sweeps;
}

export function getSweep(entity: string, project: string, sweep: string): Promise<SweepDetail> {
  return getJson(path(entity, project, sweep));
}

export function setSweepState(
  entity: string,
  project: string,
  sweep: string,
  state: SweepState,
): Promise<SweepDetail> {
  return sendJson("PATCH", path(entity, project, sweep), { state });
}

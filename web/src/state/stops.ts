/** Which runs' scripts can be stopped from here, and stopping them. */
import { askToStop, getContents } from "../data/run_files.ts";
import type { Run } from "../data/wire.ts";
import { namesOf } from "./edits.ts";
import { notify, notifyError } from "./toasts.ts";

export interface Stoppable {
  readonly possible: readonly Run[];
  /** Runs that have been asked already and go on. */
  readonly asked: number;
}

/** Runs that are asked about at once; of more, a script is stopped run by run. */
const MOST_RUNS = 50;
const ENDED: ReadonlySet<Run["state"]> = new Set(["finished", "failed", "killed"]);

export async function stoppableOf(runs: readonly Run[]): Promise<Stoppable> {
  const going = runs.filter(({ state, trashed }) => !ENDED.has(state) && !trashed);
  if (going.length > MOST_RUNS) return { possible: [], asked: 0 };
  const answers = await Promise.allSettled(going.map(({ uid }) => getContents(uid)));
  // A run of which nothing can be learned is none that can be stopped.
  const stops = answers.map((one) => (one.status === "fulfilled" ? one.value.stop : "none"));
  return {
    possible: going.filter((_, i) => stops[i] === "possible"),
    asked: stops.filter((stop) => stop === "asked").length,
  };
}

export async function stopRuns(runs: readonly Run[]): Promise<void> {
  const answers = await Promise.allSettled(runs.map(({ uid }) => askToStop(uid)));
  const reached = runs.filter((_, i) => answers[i]!.status === "fulfilled");
  if (reached.length > 0) {
    const [be, whose] = reached.length === 1 ? ["is", "its script hears"] : ["are", "they hear"];
    notify(`${namesOf(reached)} ${be} asked to stop; ${whose} of it within half a minute.`);
  }
  const failed = answers.find((one) => one.status === "rejected");
  if (failed !== undefined) notifyError(failed.reason);
}

/** How the runs shown want their values to be drawn; loaded with the first panel of a table or of images. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { askCharts, type RunCharts } from "../data/charts.ts";
import { notifyError } from "./toasts.ts";
import type { Workspace } from "./workspace.ts";

type Known = ReadonlyMap<string, RunCharts>;

const MOST_RUNS = 200;
const KNOWN = new WeakMap<Workspace, ReadonlySignal<Known>>();

/** By run; runs that are not in it are still asked about. */
export function runChartsOf(ws: Workspace): ReadonlySignal<Known> {
  let found = KNOWN.get(ws);
  if (found === undefined) {
    found = watch(ws);
    KNOWN.set(ws, found);
  }
  return found;
}

function watch(ws: Workspace): ReadonlySignal<Known> {
  const known = signal<Known>(new Map());
  const asked = new Map<string, number>();

  async function ask(runs: readonly string[]): Promise<void> {
    try {
      for (let at = 0; at < runs.length; at += MOST_RUNS) {
        const charts = await askCharts(runs.slice(at, at + MOST_RUNS));
        known.value = new Map([...known.peek(), ...Object.entries(charts)]);
      }
    } catch (error) {
      for (const run of runs) asked.delete(run);
      notifyError(error);
    }
  }

  // A chart may be asked for later than its table comes: with each change of the run's document.
  effect(() => {
    const wanted = ws.shownOrder.value.filter((run) => {
      const version = ws.known.value.get(run)?.version ?? 0;
      const isNew = asked.get(run) !== version && !hasEnded(ws, run, asked);
      if (isNew) asked.set(run, version);
      return isNew;
    });
    if (wanted.length > 0) void ask(wanted);
  });
  return known;
}

/** Whether nothing more is to come of a run that has been asked about. */
function hasEnded(ws: Workspace, run: string, asked: ReadonlyMap<string, number>): boolean {
  return asked.has(run) && ws.known.value.get(run)?.state !== "running";
}

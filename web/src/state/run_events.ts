/** What happened to the runs shown, on the axes of the charts; loaded after the first charts are drawn. */
import { effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import { askEvents, type EventKind, type RunEvent } from "../data/events.ts";
import { paced } from "./pace.ts";
import type { Workspace } from "./workspace.ts";

type Known = ReadonlyMap<string, readonly RunEvent[]>;

/** With more runs than these, only alerts are shown unless somebody asks for all events. */
export const FEW_RUNS = 10;
const MOST_RUNS = 500;
/** While runs go on, their events are asked for again at this pace. */
const REST_MS = 3000;
const NONE: readonly EventKind[] = [];
const ALERTS: readonly EventKind[] = ["alert"];
/** All but where a run began: that is where its line begins. */
const TELLING: readonly EventKind[] = ["resume", "end", "alert", "artifact"];

const KNOWN = new WeakMap<Workspace, Map<string, ReadonlySignal<Known>>>();

/** Which kinds of events are shown: null for all, [] for none. */
export function shownKinds(ws: Workspace): readonly EventKind[] | null {
  const { events } = ws.view.value;
  if (events === "off") return NONE;
  if (events === "on") return null;
  return ws.shownOrder.value.length <= FEW_RUNS ? TELLING : ALERTS;
}

/** The events of runs on an axis (as the server names it), by run; those of runs that it lacks are asked for. */
export function runEventsOf(ws: Workspace, axis: string): ReadonlySignal<Known> {
  const byAxis = KNOWN.get(ws) ?? new Map<string, ReadonlySignal<Known>>();
  KNOWN.set(ws, byAxis);
  // Not a part of what asks for it first: it goes on for all charts of the axis.
  const found = byAxis.get(axis) ?? untracked(() => watch(ws, axis));
  byAxis.set(axis, found);
  return found;
}

function watch(ws: Workspace, axis: string): ReadonlySignal<Known> {
  const known = signal<Known>(new Map());
  const asked = new Map<string, string>();
  const stampOf = (run: string) => {
    const kinds = shownKinds(ws);
    return `${kinds === null ? "all" : kinds.join()} ${ws.known.value.get(run)?.version}`;
  };

  const ask = paced(async () => {
    const kinds = shownKinds(ws);
    const wanted = ws.shownOrder.peek().filter((run) => asked.get(run) !== stampOf(run));
    if (kinds?.length === 0) return;
    for (let at = 0; at < wanted.length; at += MOST_RUNS) {
      const runs = wanted.slice(at, at + MOST_RUNS);
      for (const run of runs) asked.set(run, stampOf(run));
      try {
        const answer = await askEvents(runs, axis, kinds);
        known.value = new Map([
          ...known.peek(),
          ...runs.map((run) => [run, answer[run] ?? []] as const),
        ]);
      } catch {
        // The charts themselves say that the server does not answer; with the next change it is asked again.
        for (const run of runs) asked.delete(run);
      }
    }
  }, REST_MS);

  effect(() => {
    const isAsked = ws.shownOrder.value.some((run) => asked.get(run) !== stampOf(run));
    if (isAsked) untracked(() => ask());
  });
  return known;
}

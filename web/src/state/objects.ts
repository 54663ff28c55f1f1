/**
 * The media of a workspace, for the panels that show them.
 *
 * Loaded with the first panel of media: nothing of it is in the page of a project without any.
 */
import { effect, type ReadonlySignal, type Signal, signal, useComputed } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { RequestError } from "../data/client.ts";
import { ObjectLoader, type ObjectWatch } from "../data/object_loader.ts";
import { askObjects, type ObjectEntry, type ObjectPick } from "../data/objects.ts";
import type { Key } from "../data/wire.ts";
import type { Workspace } from "./workspace.ts";

export interface Objects {
  /** One for each shown run that has the key, in the order of the run list. */
  readonly entries: readonly ObjectEntry[];
  /** Whether an answer for some run is still to come; `entries` then has what was there before. */
  readonly isLoading: boolean;
  readonly error: RequestError | null;
  readonly retry: () => void;
}

export interface ObjectOptions {
  /** Panels out of sight are asked for after those in sight. */
  isVisible?: boolean;
  /** Whether entries say where every value of their series stands. */
  index?: boolean;
  /** Of these runs only; null: of all that are shown. */
  runs?: readonly string[] | null;
}

const LOADERS = new WeakMap<Workspace, ObjectLoader>();

/** The loader that all panels of a workspace share. */
export function objectsOf(ws: Workspace): ObjectLoader {
  let loader = LOADERS.get(ws);
  if (loader === undefined) {
    const made = new ObjectLoader(askObjects, (work) => requestAnimationFrame(work));
    ws.onChanged((runs) => made.markChanged(runs));
    LOADERS.set(ws, made);
    loader = made;
  }
  return loader;
}

/** What is shown at the page's step, or its place on another axis: the newest value that is not after it. */
export function stepPick(ws: Workspace): ObjectPick {
  const { axis, at } = ws.place.value;
  if (at === null) return { last: true };
  return axis === "step" ? { at } : { at, x: axis };
}

/** The step that the page leads to; on another axis the largest of what is shown there; null: the newest of each run. */
export function stepShown(ws: Workspace, entries: readonly ObjectEntry[]): number | null {
  const { axis, at } = ws.place.value;
  if (axis === "step" || at === null) return at;
  const steps = entries.flatMap(({ values }) => values.map(({ step }) => step));
  return steps.length === 0 ? null : Math.max(...steps);
}

const NOTHING: Objects = { entries: [], isLoading: true, error: null, retry: () => undefined };

/** What one column of a panel shows: the values of a key; `pick` null: those at the page's step. */
export interface ObjectAsk {
  metric: Key;
  pick: ObjectPick | null;
}

/**
 * The values of a key that the runs shown have, kept up to date while the calling component is mounted.
 *
 * Without a pick: those at the page's step. Reading the signal renders the component anew when an answer
 * comes; what is there stays until then.
 */
export function useObjects(
  ws: Workspace,
  metric: Key,
  pick: ObjectPick | null = null,
  options: ObjectOptions = {},
): ReadonlySignal<Objects> {
  const all = useManyObjects(ws, [{ metric, pick }], options);
  return useComputed(() => all.value[0] ?? NOTHING);
}

/** `useObjects` for several keys or picks at once; the answer has one for each, in the order asked. */
export function useManyObjects(
  ws: Workspace,
  asks: readonly ObjectAsk[],
  { isVisible = true, index = false, runs = null }: ObjectOptions = {},
): ReadonlySignal<readonly Objects[]> {
  const state = useMemo(() => signal<readonly Objects[]>([]), []);
  const asked = useMemo(() => signal<Asked>({ wants: [], isVisible, index, runs }), []);
  const wants = asks.map(({ metric, pick }) => ({ key: metric.name, pick }));
  const next = { wants, isVisible, index, runs };
  if (JSON.stringify(asked.peek()) !== JSON.stringify(next)) asked.value = next;
  useEffect(() => watch(ws, asked, state), [ws, asked, state]);
  return state;
}

interface Asked {
  wants: readonly { key: string; pick: ObjectPick | null }[];
  isVisible: boolean;
  index: boolean;
  runs: readonly string[] | null;
}

function watch(
  ws: Workspace,
  asked: ReadonlySignal<Asked>,
  state: Signal<readonly Objects[]>,
): () => void {
  const loader = objectsOf(ws);
  const watches: ObjectWatch[] = [];
  const show = () => {
    state.value = watches.map((one) => ({
      entries: one.entries(),
      isLoading: one.isLoading(),
      error: one.error,
      retry: () => {
        one.retry();
        show();
      },
    }));
  };
  const stop = effect(() => {
    const { wants, isVisible: visible, index, runs: only } = asked.value;
    const runs = only ?? ws.shownOrder.value;
    const atStep = stepPick(ws);
    for (const one of watches.splice(wants.length)) one.close();
    wants.forEach(({ key, pick }, i) => {
      const want = { key, runs, pick: pick ?? atStep, index, visible };
      const one = watches[i];
      if (one === undefined) watches.push(loader.open(want, show));
      else one.update(want);
    });
    show();
  });
  return () => {
    stop();
    for (const one of watches) one.close();
  };
}

/**
 * The media of a workspace, for the panels that show them.
 *
 * Loaded with the first panel of media: nothing of it is in the page of a project without any.
 */
import { effect, type ReadonlySignal, type Signal, signal, useComputed } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { RequestError } from "../data/client.ts";
import { ObjectLoader } from "../data/object_loader.ts";
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

/** What is shown at the page's step: the newest value that is not after it. */
export function stepPick(ws: Workspace): ObjectPick {
  const step = ws.step.value;
  return step === null ? { last: true } : { at: step };
}

const NOTHING: Objects = { entries: [], isLoading: true, error: null, retry: () => undefined };

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
  { isVisible = true, index = false }: ObjectOptions = {},
): ReadonlySignal<Objects> {
  const state = useMemo(() => signal<Objects>(NOTHING), []);
  const asked = useMemo(() => signal<Asked>({ key: "", pick: null, isVisible, index }), []);
  keep(asked, { key: metric.name, pick, isVisible, index });
  useEffect(() => watch(ws, asked, state), [ws, asked, state]);
  return useComputed(() => state.value);
}

interface Asked {
  key: string;
  pick: ObjectPick | null;
  isVisible: boolean;
  index: boolean;
}

/** Sets a signal only when what it says is something else. */
function keep(asked: Signal<Asked>, next: Asked): void {
  if (JSON.stringify(asked.peek()) !== JSON.stringify(next)) asked.value = next;
}

function watch(ws: Workspace, asked: Signal<Asked>, state: Signal<Objects>): () => void {
  const want = () => {
    const { key, pick, isVisible, index } = asked.value;
    const runs = ws.shownOrder.value;
    return { key, runs, pick: pick ?? stepPick(ws), index, visible: isVisible };
  };
  const show = () => {
    state.value = {
      entries: watched.entries(),
      isLoading: watched.isLoading(),
      error: watched.error,
      retry: () => {
        watched.retry();
        show();
      },
    };
  };
  const watched = objectsOf(ws).open(want(), show);
  const stop = effect(() => {
    watched.update(want());
    show();
  });
  return () => {
    stop();
    watched.close();
  };
}

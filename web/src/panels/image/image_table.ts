/** What stands where in a panel of images: a row for each run, a column for each image it has, or each step. */

import type { ObjectEntry } from "../../data/objects.ts";
import type { Key } from "../../data/wire.ts";
import { type ObjectAsk, type Objects, useManyObjects, useObjects } from "../../state/objects.ts";
import { keysIn } from "../../state/panel_edits.ts";
import { optionsOf } from "../../state/panel_options.ts";
import { union } from "../../state/steps.ts";
import type { Workspace } from "../../state/workspace.ts";
import { type ImageValue, imagesIn, someOf } from "./image_value.ts";

export interface Cell {
  id: string;
  run: string;
  image: ImageValue;
  /** The step at which it was logged. */
  step: number;
  /** The key, and of several images in a value the number of this one. */
  label: string;
}

export interface ImageTable {
  objects: Objects;
  runs: readonly string[];
  columns: readonly { id: string; label: string }[];
  /** By run and column; missing where a run has none. */
  cells: ReadonlyMap<string, Cell>;
  isSwapped: boolean;
}

export function cellId(run: string, column: string): string {
  return `${run} ${column}`;
}

/** Images of a value that have columns of their own. */
const MOST_ITEMS = 64;

/** The images of a panel; `room` is how many columns of steps there is room for. */
export function useImageTable(
  ws: Workspace,
  metric: Key,
  id: string,
  room: number,
  isVisible: boolean,
): ImageTable {
  const { columns: mode, swap } = optionsOf(ws, id);
  const isBySteps = mode === "steps";
  const newest = useObjects(ws, metric, null, { isVisible, index: isBySteps }).value;
  const metrics = isBySteps ? [metric] : imageKeys(ws, metric, id);
  const steps = isBySteps ? someOf(stepsOf(newest.entries, ws.place.value.at), room) : [];
  const asks: ObjectAsk[] = isBySteps
    ? steps.map((at) => ({ metric, pick: { at } }))
    : metrics.map((one) => ({ metric: one, pick: null }));
  const answers = useManyObjects(ws, asks, { isVisible }).value;

  const table = { columns: [] as { id: string; label: string }[], cells: new Map<string, Cell>() };
  const present = new Set<string>();
  asks.forEach(({ metric: { name } }, i) => {
    const entries = answers[i]?.entries ?? [];
    const images = entries.map(({ values }) => imagesIn(values[0]?.value).slice(0, MOST_ITEMS));
    const count = images.reduce((most, one) => Math.max(most, one.length), 0);
    for (let item = 0; item < count; item++) {
      const column = `${i}.${item}`;
      const number = count > 1 ? `${item + 1}` : "";
      const label = isBySteps ? `${steps[i]}` : asks.length > 1 ? leafOf(name) : "";
      table.columns.push({ id: column, label: [label, number].filter(Boolean).join(" · ") });
      entries.forEach(({ run, values }, row) => {
        const image = images[row]![item];
        if (image === undefined) return;
        present.add(run);
        const cell = { id: cellId(run, column), run, image, step: values[0]!.step };
        table.cells.set(cell.id, { ...cell, label: number === "" ? name : `${name} ${number}` });
      });
    }
  });
  return {
    ...table,
    objects: { ...newest, isLoading: newest.isLoading || answers.some((one) => one.isLoading) },
    runs: ws.shownOrder.value.filter((run) => present.has(run)),
    isSwapped: swap === "1",
  };
}

/** The keys whose images stand side by side in a panel, its own first. */
export function imageKeys(ws: Workspace, metric: Key, id: string): Key[] {
  const others = keysIn(ws, id)
    .slice(1)
    .map((one) => ws.panels.value.get(one))
    .filter((panel) => panel?.kind === "image");
  return [metric, ...others.map((panel) => panel!.key)];
}

/** Every step at which a run has something, up to the page's place on its axis. */
function stepsOf(entries: readonly ObjectEntry[], until: number | null): number[] {
  return union(
    entries.map(({ index }) => {
      const steps = index?.steps ?? [];
      if (until === null) return steps;
      return steps.filter((step, i) => Number(index?.x?.[i] ?? step) <= until);
    }),
  );
}

function leafOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

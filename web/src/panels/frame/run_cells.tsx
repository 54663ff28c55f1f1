/** Cells of one size, one for each thing that the runs shown have at a step, with the run's name below. */
import type { ComponentChildren, JSX } from "preact";
import { groupDigits } from "../../base/numbers.ts";
import type { ObjectEntry } from "../../data/objects.ts";
import type { Workspace } from "../../state/workspace.ts";
import { fillCells } from "./fit_cells.ts";
import type { PanelPlace } from "./panel_place.tsx";
import { RunTag } from "./run_tag.tsx";
import "../../styles/run_cells.css";

interface RunCellsProps<V> {
  ws: Workspace;
  place: PanelPlace;
  entries: readonly ObjectEntry[];
  /** What of an entry is shown, one thing or several. */
  read: (entry: ObjectEntry) => readonly V[];
  /** Width of a cell over its height. */
  aspect: number;
  /** Room that is taken above the cells, in CSS pixels. */
  above?: number;
  caption?: (value: V) => string;
  children: (
    value: V,
    entry: ObjectEntry,
    size: { width: number; height: number },
  ) => ComponentChildren;
}

const HEAD = 28;
const LABEL = 22;
const GAP = 6;

export function RunCells<V>(props: RunCellsProps<V>): JSX.Element {
  const { ws, place, entries, read, aspect, above = 0, caption, children } = props;
  const cells = entries.flatMap((entry) =>
    read(entry).map((value, item) => ({ entry, value, item })),
  );
  const box = {
    width: place.width - 2 - 2 * GAP,
    height: place.height - HEAD - above - 2 * GAP,
    ...{ gap: GAP, label: LABEL, least: 180 },
  };
  // One thing has all the room there is, whatever its shape.
  const fit =
    cells.length === 1
      ? { width: box.width, height: Math.max(80, box.height - LABEL) }
      : fillCells(Math.max(1, cells.length), aspect, box);
  return (
    <div class="run-cells">
      {cells.map(({ entry, value, item }) => (
        <div key={`${entry.run} ${item}`} class="run-cell" style={{ width: `${fit.width}px` }}>
          <div style={{ height: `${fit.height}px` }}>{children(value, entry, fit)}</div>
          <div class="run-cell-label">
            <RunTag ws={ws} uid={entry.run} />
            <span class="quiet">
              {[`step ${groupDigits(entry.values[0]!.step)}`, caption?.(value)]
                .filter(Boolean)
                .join(" · ")}
            </span>
          </div>
        </div>
      ))}
    </div>
  );
}

/** The values of an entry that a reader takes, one or several in a list. */
export function itemsIn<V>(entry: ObjectEntry, read: (value: unknown) => V | null): V[] {
  const value = entry.values[0]?.value as Record<string, unknown> | null | undefined;
  const items = typeof value === "object" && Array.isArray(value?.items) ? value.items : [value];
  return items.flatMap((item: unknown) => read(item) ?? []);
}

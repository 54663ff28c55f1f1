/** Meshes and point clouds of the runs shown, at the page's step, side by side and seen from one side. */
import { type Signal, signal, useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { FRONT, type Orbit } from "../../base/orbit.ts";
import type { ObjectEntry } from "../../data/objects.ts";
import { useObjects } from "../../state/objects.ts";
import { panelId } from "../../state/panel_kinds.ts";
import { optionsOf, setOption } from "../../state/panel_options.ts";
import type { Workspace } from "../../state/workspace.ts";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { RunTag } from "../frame/run_tag.tsx";
import { MeshCell } from "./mesh_cell.tsx";
import { type MeshValue, meshIn } from "./mesh_data.ts";
import type { ColorBy } from "./scene.ts";
import "../../styles/mesh.css";

/** The camera that all meshes of a workspace share unless a panel is told otherwise. */
const shared = new WeakMap<Workspace, Signal<Orbit>>();

function sharedOrbit(ws: Workspace): Signal<Orbit> {
  let found = shared.get(ws);
  if (found === undefined) {
    found = signal(FRONT);
    shared.set(ws, found);
  }
  return found;
}

/** The bar takes two rows in a narrow panel. */
const BAR = 30;
const NARROW = 480;
const CAPTION = 26;
const LABEL = 22;
const GAP = 6;
const LEAST_CELL = 150;

const COLORS: readonly { value: ColorBy; label: string }[] = [
  { value: "logged", label: "colours as logged" },
  { value: "height", label: "by height" },
  { value: "none", label: "one colour" },
];

export function MeshPanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const id = panelId(metric, "mesh");
  const objects = useObjects(ws, metric, null, { isVisible }).value;
  const entries = objects.entries.filter((entry) => meshIn(entry.values[0]?.value) !== null);
  const options = useComputed(() => optionsOf(ws, id)).value;
  const isFree = options.free === "1";
  const own = useMemo(() => new Map<string, Signal<Orbit>>(), []);
  const orbitOf = (run: string): Signal<Orbit> => {
    if (!isFree) return sharedOrbit(ws);
    let found = own.get(run);
    if (found === undefined) {
      // From where it was seen before.
      found = signal(sharedOrbit(ws).peek());
      own.set(run, found);
    }
    return found;
  };
  const values = entries.map((entry) => meshIn(entry.values[0]!.value)!);
  const batch = Math.max(1, ...values.map((value) => value.vertices.shape[0]!));
  const item = Math.min(batch - 1, Math.max(0, Math.floor(Number(options.item ?? 0)) || 0));
  const room = {
    width: place.width - 2 * GAP - 2,
    height: place.height - CAPTION - (place.width < NARROW ? 2 : 1) * BAR - 2 * GAP - 2,
  };
  const fit = cellsIn(Math.max(1, entries.length), room);
  const size = Number(options.size);
  const look = {
    colorBy: colorOf(options.color),
    isWireframe: options.wire === "1",
    pointSize: size >= 1 && size <= 20 ? size : null,
  };
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="mesh"
      place={place}
      isFull={isFull}
      objects={{ ...objects, entries }}
    >
      <div class="mesh-body">
        <MeshBar
          ws={ws}
          id={id}
          look={look}
          isFree={isFree}
          values={values}
          item={item}
          batch={batch}
          onReset={() => {
            for (const entry of entries) orbitOf(entry.run).value = FRONT;
          }}
        />
        <div class="mesh-cells" style={{ gap: `${GAP}px`, padding: `${GAP}px` }}>
          {entries.map((entry, i) => (
            <div key={entry.run} class="mesh-one" data-run={ws.known.value.get(entry.run)?.id}>
              <MeshCell
                value={values[i]!}
                item={Math.min(item, values[i]!.vertices.shape[0]! - 1)}
                label={labelOf(ws, metric.name, entry)}
                width={fit.width}
                height={fit.height}
                isVisible={isVisible}
                isFull={isFull}
                orbit={orbitOf(entry.run)}
                look={look}
              />
              <div class="mesh-label">
                <RunTag ws={ws} uid={entry.run} />
                <span class="quiet">step {groupDigits(entry.values[0]!.step)}</span>
              </div>
            </div>
          ))}
        </div>
      </div>
    </MediaFrame>
  );
}

/** The size of cells that share a place: those whose smaller side is longest, scrolled where they would be too small. */
export function cellsIn(
  count: number,
  room: { width: number; height: number },
): { width: number; height: number } {
  let best = { width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const width = Math.floor((room.width - (columns - 1) * GAP) / columns);
    const rows = Math.ceil(count / columns);
    const height = Math.floor((room.height - (rows - 1) * GAP) / rows) - LABEL;
    if (Math.min(width, height) > Math.min(best.width, best.height)) best = { width, height };
  }
  if (Math.min(best.width, best.height) >= LEAST_CELL) return best;
  // The scroll bar takes room, too.
  const across = Math.max(1, Math.floor((room.width - 12 + GAP) / (LEAST_CELL + GAP)));
  const width = Math.floor((room.width - 12 - (across - 1) * GAP) / across);
  return { width, height: Math.min(width, Math.max(LEAST_CELL, room.height - LABEL)) };
}

function colorOf(text: string | undefined): ColorBy {
  return text === "height" || text === "none" ? text : "logged";
}

function labelOf(ws: Workspace, key: string, entry: ObjectEntry): string {
  const run = ws.known.value.get(entry.run)?.name ?? entry.run;
  return `Mesh ${key} of ${run} at step ${groupDigits(entry.values[0]!.step)}`;
}

interface BarProps {
  ws: Workspace;
  id: string;
  look: { colorBy: ColorBy; isWireframe: boolean; pointSize: number | null };
  isFree: boolean;
  values: readonly MeshValue[];
  item: number;
  batch: number;
  onReset: () => void;
}

function MeshBar(props: BarProps): JSX.Element {
  const { ws, id, look, isFree, values, item, batch, onReset } = props;
  const set = (name: string, value: string | null) => setOption(ws, id, name, value);
  const hasFaces = values.some((value) => value.faces !== null);
  const hasPoints = values.some((value) => value.faces === null);
  return (
    <div class="mesh-bar">
      <select
        aria-label="Colour of the mesh"
        value={look.colorBy}
        onChange={(event) => {
          const { value } = event.currentTarget;
          set("color", value === "logged" ? null : value);
        }}
      >
        {COLORS.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {hasFaces && (
        <label>
          <input
            type="checkbox"
            checked={look.isWireframe}
            onChange={(event) => set("wire", event.currentTarget.checked ? "1" : null)}
          />
          wireframe
        </label>
      )}
      {hasPoints && (
        <label>
          points
          <input
            type="range"
            min="1"
            max="20"
            aria-label="Size of the points"
            value={look.pointSize ?? 3}
            onChange={(event) => set("size", event.currentTarget.value)}
          />
        </label>
      )}
      <label title="All meshes of the page are seen from the same side">
        <input
          type="checkbox"
          checked={!isFree}
          onChange={(event) => set("free", event.currentTarget.checked ? null : "1")}
        />
        linked cameras
      </label>
      {batch > 1 && (
        <select
          aria-label="Item of the batch"
          value={String(item)}
          onChange={(event) =>
            set("item", event.currentTarget.value === "0" ? null : event.currentTarget.value)
          }
        >
          {Array.from({ length: Math.min(batch, 1000) }, (_, i) => (
            <option key={i} value={String(i)}>
              {i + 1} of {batch}
            </option>
          ))}
        </select>
      )}
      <span class="spread" />
      <button type="button" class="chip" onClick={onReset}>
        Reset view
      </button>
    </div>
  );
}

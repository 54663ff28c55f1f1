/** Meshes of runs side by side, seen from one side, with what can be set of them above. */
import { type Signal, signal, useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { FRONT, type Orbit } from "../../base/orbit.ts";
import { optionsOf } from "../../state/panel_options.ts";
import type { Workspace } from "../../state/workspace.ts";
import type { PanelPlace } from "../frame/panel_place.tsx";
import { RunTag } from "../frame/run_tag.tsx";
import { MeshBar } from "./mesh_bar.tsx";
import { MeshCell, type MeshSource } from "./mesh_cell.tsx";
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

/** One mesh of a run. */
export interface Staged {
  readonly run: string;
  readonly step: number;
  readonly source: MeshSource;
  /** What it is, in words. */
  readonly label: string;
  readonly caption: string;
}

interface MeshStageProps {
  ws: Workspace;
  id: string;
  place: PanelPlace;
  isVisible: boolean;
  isFull: boolean;
  things: readonly Staged[];
  hasFaces: boolean;
  hasPoints: boolean;
  /** Of batches: which item is shown, of how many. */
  item: number;
  batch: number;
}

export function MeshStage(props: MeshStageProps): JSX.Element {
  const { ws, id, place, isVisible, isFull, things, hasFaces, hasPoints, item, batch } = props;
  const options = useComputed(() => optionsOf(ws, id)).value;
  const isFree = options.free === "1";
  const own = useMemo(() => new Map<string, Signal<Orbit>>(), []);
  const orbitOf = (thing: string): Signal<Orbit> => {
    if (!isFree) return sharedOrbit(ws);
    let found = own.get(thing);
    if (found === undefined) {
      // From where it was seen before.
      found = signal(sharedOrbit(ws).peek());
      own.set(thing, found);
    }
    return found;
  };
  const room = {
    width: place.width - 2 * GAP - 2,
    height: place.height - CAPTION - (place.width < NARROW ? 2 : 1) * BAR - 2 * GAP - 2,
  };
  const fit = cellsIn(Math.max(1, things.length), room);
  const size = Number(options.size);
  const look = {
    colorBy: colorOf(options.color),
    isWireframe: options.wire === "1",
    pointSize: size >= 1 && size <= 20 ? size : null,
  };
  // Several things of a run are told apart by their number.
  const keyed = things.map((thing, i) => {
    const number = things.slice(0, i).filter(({ run }) => run === thing.run).length;
    return { ...thing, key: number === 0 ? thing.run : `${thing.run} ${number}` };
  });
  return (
    <div class="mesh-body">
      <MeshBar
        {...{ ws, id, look, isFree, hasFaces, hasPoints, item, batch }}
        onReset={() => {
          for (const { key } of keyed) orbitOf(key).value = FRONT;
        }}
      />
      <div class="mesh-cells" style={{ gap: `${GAP}px`, padding: `${GAP}px` }}>
        {keyed.map(({ key, run, step, source, label, caption }) => (
          <div key={key} class="mesh-one" data-run={ws.known.value.get(run)?.id}>
            <MeshCell
              source={source}
              label={label}
              width={fit.width}
              height={fit.height}
              isVisible={isVisible}
              isFull={isFull}
              orbit={orbitOf(key)}
              look={look}
            />
            <div class="mesh-label">
              <RunTag ws={ws} uid={run} />
              <span class="quiet">
                {[`step ${groupDigits(step)}`, caption].filter(Boolean).join(" · ")}
              </span>
            </div>
          </div>
        ))}
      </div>
    </div>
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

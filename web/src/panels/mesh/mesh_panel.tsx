/** Meshes and point clouds of the runs shown, at the page's step. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { groupDigits } from "../../base/numbers.ts";
import type { ObjectEntry } from "../../data/objects.ts";
import { useObjects } from "../../state/objects.ts";
import { panelId } from "../../state/panel_kinds.ts";
import { optionsOf } from "../../state/panel_options.ts";
import type { Workspace } from "../../state/workspace.ts";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import type { MeshSource } from "./mesh_cell.tsx";
import { loadItem, type MeshValue, meshIn } from "./mesh_data.ts";
import { MeshStage } from "./mesh_stage.tsx";

export function MeshPanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const id = panelId(metric, "mesh");
  const objects = useObjects(ws, metric, null, { isVisible }).value;
  const entries = objects.entries.filter((entry) => meshIn(entry.values[0]?.value) !== null);
  const wanted = useComputed(() => Number(optionsOf(ws, id).item ?? 0)).value;
  const values = entries.map((entry) => meshIn(entry.values[0]!.value)!);
  const batch = Math.max(1, ...values.map((value) => value.vertices.shape[0]!));
  const item = Math.min(batch - 1, Math.max(0, Math.floor(wanted) || 0));
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="mesh"
      place={place}
      isFull={isFull}
      objects={{ ...objects, entries }}
    >
      <MeshStage
        {...{ ws, id, place, isVisible, isFull, item, batch }}
        hasFaces={values.some((value) => value.faces !== null)}
        hasPoints={values.some((value) => value.faces === null)}
        things={entries.map((entry, i) => ({
          run: entry.run,
          step: entry.values[0]!.step,
          source: sourceOf(values[i]!, item),
          label: labelOf(ws, metric.name, entry),
          caption: "",
        }))}
      />
    </MediaFrame>
  );
}

function sourceOf(value: MeshValue, wanted: number): MeshSource {
  const item = Math.min(wanted, value.vertices.shape[0]! - 1);
  return {
    identity: `${JSON.stringify(value)} ${item}`,
    config: value.config,
    load: () => loadItem(value, item),
  };
}

function labelOf(ws: Workspace, key: string, entry: ObjectEntry): string {
  const run = ws.known.value.get(entry.run)?.name ?? entry.run;
  return `Mesh ${key} of ${run} at step ${groupDigits(entry.values[0]!.step)}`;
}

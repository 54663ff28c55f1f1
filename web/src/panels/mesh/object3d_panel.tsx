/** 3D objects of the wandb client, of the runs shown, at the page's step. */
import type { JSX } from "preact";
import { groupDigits } from "../../base/numbers.ts";
import { mediaUrl, type ObjectEntry } from "../../data/objects.ts";
import { useObjects } from "../../state/objects.ts";
import { panelId } from "../../state/panel_kinds.ts";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { MeshStage, type Staged } from "./mesh_stage.tsx";
import { loadObject, type ObjectFile, objectIn } from "./object3d_data.ts";

export function Object3dPanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const id = panelId(metric, "object3d");
  const objects = useObjects(ws, metric, null, { isVisible }).value;
  const found = objects.entries.flatMap((entry) =>
    objectsIn(entry).map((file, i) => ({ entry, file, i })),
  );
  const run = (uid: string) => ws.known.value.get(uid)?.name ?? uid;
  const leaf = metric.name.slice(metric.name.lastIndexOf("/") + 1);
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="object3d"
      place={place}
      isFull={isFull}
      objects={{ ...objects, entries: found.map(({ entry }) => entry) }}
      menu={() =>
        found.slice(0, 40).map(({ entry, file, i }) => (
          <a
            key={`${entry.run} ${i}`}
            class="menu-item"
            href={mediaUrl(file)}
            download={`${leaf}.${file.format}`}
          >
            Save that of {run(entry.run)}
          </a>
        ))
      }
    >
      <MeshStage
        {...{ ws, id, place, isVisible, isFull }}
        item={0}
        batch={1}
        hasFaces={found.some(({ file }) => file.format !== "pts.json")}
        hasPoints={found.some(({ file }) => file.format === "pts.json")}
        things={found.map(
          ({ entry, file }): Staged => ({
            run: entry.run,
            step: entry.values[0]!.step,
            source: { identity: file.url, config: {}, load: () => loadObject(file) },
            label: `Object ${metric.name} of ${run(entry.run)} at step ${groupDigits(entry.values[0]!.step)}`,
            caption: file.caption,
          }),
        )}
      />
    </MediaFrame>
  );
}

function objectsIn(entry: ObjectEntry): ObjectFile[] {
  const value = entry.values[0]?.value as Record<string, unknown> | null | undefined;
  const items = typeof value === "object" && Array.isArray(value?.items) ? value.items : [value];
  return items.flatMap((item: unknown) => objectIn(item) ?? []);
}

/** A panel with room for one of the runs shown: the one that the address names, else the first that has something. */
import type { JSX } from "preact";
import type { ObjectEntry, ObjectPick } from "../../data/objects.ts";
import { useObjects } from "../../state/objects.ts";
import { type MediaKind, panelId } from "../../state/panel_kinds.ts";
import { optionsOf, setOption } from "../../state/panel_options.ts";
import { MediaFrame, type MediaPanelProps } from "./media_frame.tsx";
import { RunChoice } from "./run_choice.tsx";

interface OneRunPanelProps<V> {
  /** What the panel was given. */
  panel: MediaPanelProps;
  kind: MediaKind;
  /** Which value of a run; null: the one at the page's step. */
  pick: ObjectPick | null;
  /** What the panel needs of a run's value; null for what it cannot show. */
  read: (entry: ObjectEntry) => V | null;
  children: (value: V, id: string, entry: ObjectEntry) => JSX.Element;
}

export function OneRunPanel<V>(props: OneRunPanelProps<V>): JSX.Element {
  const { panel, kind, pick, read, children } = props;
  const { ws, metric, place, isVisible, isFull = false } = panel;
  const id = panelId(metric, kind);
  const objects = useObjects(ws, metric, pick, { isVisible }).value;
  const entries = objects.entries.filter((entry) => read(entry) !== null);
  const asked = optionsOf(ws, id).run;
  const chosen = entries.find((entry) => ws.known.value.get(entry.run)?.id === asked) ?? entries[0];
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind={kind}
      place={place}
      isFull={isFull}
      objects={{ ...objects, entries }}
      tools={
        entries.length > 1 && (
          <RunChoice
            ws={ws}
            runs={entries.map((entry) => entry.run)}
            chosen={chosen!.run}
            onPick={(run) => setOption(ws, id, "run", run)}
          />
        )
      }
    >
      {chosen && children(read(chosen)!, id, chosen)}
    </MediaFrame>
  );
}

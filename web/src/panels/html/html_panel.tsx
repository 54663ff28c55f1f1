/** Pages that scripts have logged, each in a frame that is of no origin: they run, and reach nothing. */
import type { JSX } from "preact";
import { address } from "../../data/client.ts";
import { useObjects } from "../../state/objects.ts";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { itemsIn, RunCells } from "../frame/run_cells.tsx";

interface PageValue {
  digest: string;
  caption: string;
}

/** Only a page whose bytes are named by their digest: the server has an address for those. */
function pageIn(value: unknown): PageValue | null {
  const { _type, blob, caption } = (value ?? {}) as Record<string, unknown>;
  if (_type !== "html" || typeof blob !== "string" || !/^[\da-f]{64}$/.test(blob)) return null;
  return { digest: blob, caption: typeof caption === "string" ? caption : "" };
}

export function HtmlPanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const objects = useObjects(ws, metric, null, { isVisible }).value;
  const read = (entry: Parameters<typeof itemsIn>[0]) => itemsIn(entry, pageIn);
  const entries = objects.entries.filter((entry) => read(entry).length > 0);
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="html"
      place={place}
      isFull={isFull}
      objects={{ ...objects, entries }}
    >
      <RunCells
        ws={ws}
        place={place}
        entries={entries}
        read={read}
        aspect={1.2}
        caption={({ caption }) => caption}
      >
        {({ digest }, entry) => (
          <iframe
            key={digest}
            class="page-frame"
            sandbox="allow-scripts"
            referrerpolicy="no-referrer"
            loading="lazy"
            title={`${metric.name} of ${ws.known.value.get(entry.run)?.name ?? entry.run}`}
            src={address(`api/v1/pages/${digest}`)}
          />
        )}
      </RunCells>
    </MediaFrame>
  );
}

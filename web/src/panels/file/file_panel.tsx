/** What no other panel draws, molecules among it: files to be saved. */
import type { JSX } from "preact";
import { groupDigits } from "../../base/numbers.ts";
import { formatSize } from "../../base/sizes.ts";
import { mediaUrl } from "../../data/objects.ts";
import { useObjects } from "../../state/objects.ts";
import { Icon } from "../../widgets/icon.tsx";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { itemsIn } from "../frame/run_cells.tsx";
import { RunTag } from "../frame/run_tag.tsx";

interface FileValue {
  url: string;
  /** Null: unknown. */
  size: number | null;
  name: string;
  caption: string;
}

function fileIn(value: unknown, key: string): FileValue | null {
  const { _type, url, size, name, format, caption } = (value ?? {}) as Record<string, unknown>;
  if ((_type !== "file" && _type !== "molecule") || typeof url !== "string") return null;
  const ending = typeof format === "string" && /^[\w.]{1,20}$/.test(format) ? `.${format}` : "";
  const leaf = key.slice(key.lastIndexOf("/") + 1);
  return {
    url,
    size: typeof size === "number" ? size : null,
    name: typeof name === "string" && name !== "" ? name : leaf + ending,
    caption: typeof caption === "string" ? caption : "",
  };
}

export function FilePanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const objects = useObjects(ws, metric, null, { isVisible }).value;
  return (
    <MediaFrame ws={ws} metric={metric} kind="file" place={place} isFull={isFull} objects={objects}>
      <ul class="logged-files">
        {objects.entries.flatMap((entry) =>
          itemsIn(entry, (value) => fileIn(value, metric.name)).map((file, i) => (
            <li key={`${entry.run} ${i}`}>
              <RunTag ws={ws} uid={entry.run} />
              <a href={mediaUrl(file)} download={file.name} title={file.caption || undefined}>
                <Icon name="down" /> {file.name}
              </a>
              <span class="quiet">
                {[
                  file.size === null ? "" : formatSize(file.size),
                  `step ${groupDigits(entry.values[0]!.step)}`,
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </li>
          )),
        )}
      </ul>
    </MediaFrame>
  );
}

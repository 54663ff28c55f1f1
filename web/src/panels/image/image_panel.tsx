/** Images of the runs shown, at the page's step. */
import type { JSX } from "preact";
import { mediaUrl } from "../../data/objects.ts";
import { useObjects } from "../../state/objects.ts";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";

interface ImageValue {
  _type: "image";
  url: string;
  width: number;
  height: number;
  format: string;
  caption?: string;
}

/** The images in a value, one or several. */
function imagesIn(value: unknown): ImageValue[] {
  const one = value as { _type?: unknown; items?: unknown[] } | null;
  if (one?._type === "image") return [one as unknown as ImageValue];
  return one?._type === "images" && Array.isArray(one.items) ? one.items.flatMap(imagesIn) : [];
}

export function ImagePanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const objects = useObjects(ws, metric, null, { isVisible }).value;
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="image"
      place={place}
      isFull={isFull}
      objects={objects}
    >
      <div class="image-cells">
        {objects.entries.flatMap((entry) =>
          imagesIn(entry.values[0]?.value).map((image, i) => (
            <figure key={`${entry.run} ${i}`} class="image-cell">
              <img src={mediaUrl(image, 256)} alt={image.caption ?? ""} loading="lazy" />
              <figcaption>
                {ws.known.value.get(entry.run)?.name} · {entry.values[0]!.step}
              </figcaption>
            </figure>
          )),
        )}
      </div>
    </MediaFrame>
  );
}

/** Figures of plotly, of the runs shown: drawn by plotly.js, which is loaded with the first, and always to be saved. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { getBytes } from "../../data/client.ts";
import { mediaUrl, type ObjectEntry } from "../../data/objects.ts";
import { useObjects } from "../../state/objects.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { itemsIn, RunCells } from "../frame/run_cells.tsx";
import { FigureFrame } from "./figure_frame.tsx";

interface FigureValue {
  url: string;
  size: number;
}

/** Bytes of a figure that a page reads. */
const MOST_BYTES = 50_000_000;

function fileIn(value: unknown): FigureValue | null {
  const { _type, url, size } = (value ?? {}) as Record<string, unknown>;
  if (_type !== "plotly" || typeof url !== "string") return null;
  return { url, size: typeof size === "number" ? size : 0 };
}

export function PlotlyPanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const objects = useObjects(ws, metric, null, { isVisible }).value;
  const read = (entry: ObjectEntry) => itemsIn(entry, fileIn);
  const entries = objects.entries.filter((entry) => read(entry).length > 0);
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="plotly"
      place={place}
      isFull={isFull}
      objects={{ ...objects, entries }}
    >
      <RunCells ws={ws} place={place} entries={entries} read={read} aspect={1.3}>
        {(file, entry) => (
          <OneFigure key={file.url} ws={ws} file={file} run={entry.run} name={metric.name} />
        )}
      </RunCells>
    </MediaFrame>
  );
}

interface FigureProps {
  ws: Workspace;
  file: FigureValue;
  run: string;
  name: string;
}

function OneFigure({ ws, file, run, name }: FigureProps): JSX.Element {
  const [bytes, setBytes] = useState<ArrayBuffer | null>(null);
  const [error, setError] = useState("");
  const [title, setTitle] = useState("");
  useEffect(() => {
    let isGone = false;
    readFigure(file).then(
      (found) => isGone || setBytes(found),
      (caught: Error) => isGone || setError(caught.message),
    );
    return () => {
      isGone = true;
    };
  }, [file.url]);
  const who = ws.known.value.get(run)?.name ?? run;
  const link = (
    <a
      class="icon-button"
      href={mediaUrl(file)}
      download={`${name.replaceAll("/", "-")}.plotly.json`}
      aria-label={`Save the figure of ${who}`}
      title="Save the figure"
    >
      <Icon name="down" />
    </a>
  );
  if (error !== "") {
    return (
      <div class="plain-notice">
        <p>{error}</p>
        {link}
      </div>
    );
  }
  if (bytes === null) return <div class="media-skeleton" />;
  return (
    <div class="figure-one">
      <FigureFrame
        bytes={bytes}
        label={`${name} of ${who}${title && `, ${title}`}`}
        onDrawn={(said) => ("error" in said ? setError(said.error) : setTitle(said.title))}
      />
      {link}
    </div>
  );
}

async function readFigure(file: FigureValue): Promise<ArrayBuffer> {
  if (file.size > MOST_BYTES) throw new Error("This figure is too large to be drawn in a browser.");
  return getBytes(mediaUrl(file));
}

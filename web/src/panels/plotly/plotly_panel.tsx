/** Figures of plotly, of the runs shown: drawn as charts of ours where they can be, and always to be saved. */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { getBytes } from "../../data/client.ts";
import { mediaUrl, type ObjectEntry } from "../../data/objects.ts";
import { useObjects } from "../../state/objects.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { ChartView } from "../frame/chart_view.tsx";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { itemsIn, RunCells } from "../frame/run_cells.tsx";
import { factsOf, figureIn } from "./figure.ts";

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
  const [found, setFound] = useState<{ content: unknown } | { error: string } | null>(null);
  useEffect(() => {
    let isGone = false;
    readFigure(file).then(
      (content) => isGone || setFound({ content }),
      (error: Error) => isGone || setFound({ error: error.message }),
    );
    return () => {
      isGone = true;
    };
  }, [file.url]);
  const shown = theme.value;
  const figure = useMemo(
    () => (found !== null && "content" in found ? figureIn(found.content, run, shown) : null),
    [found, run, shown],
  );
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
  if (found === null) return <div class="media-skeleton" />;
  if (figure === null) {
    return (
      <div class="plain-notice">
        <p>{"error" in found ? found.error : ""}</p>
        {link}
      </div>
    );
  }
  if (figure.chart === null) {
    const kinds = figure.kinds.join(", ") || "nothing";
    return (
      <div class="plain-notice">
        {figure.title && <b>{figure.title}</b>}
        <p class="quiet">A figure of {kinds} is not drawn here; plotly draws it from its file.</p>
        {link}
      </div>
    );
  }
  return (
    <div class="figure-one">
      <p class="figure-title" title={figure.title}>
        <b>{figure.title}</b>
        {link}
      </p>
      <ChartView
        ws={ws}
        chart={figure.chart}
        label={`${name} of ${who}${figure.title && `, ${figure.title}`}: ${figure.chart.marks.length} series. Arrow keys read it.`}
        facts={factsOf}
      />
    </div>
  );
}

async function readFigure(file: FigureValue): Promise<unknown> {
  if (file.size > MOST_BYTES) throw new Error("This figure is too large to be drawn in a browser.");
  try {
    return JSON.parse(new TextDecoder().decode(await getBytes(mediaUrl(file)))) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error("This file is no figure that can be read.");
    throw error;
  }
}

/** Images of the runs shown: all side by side, one alone, or two on one another. */
import { useComputed, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { isColormap } from "../../base/colormaps.ts";
import { bindKeys } from "../../state/keys.ts";
import { panelId } from "../../state/panel_kinds.ts";
import { optionsOf } from "../../state/panel_options.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { GreyTint } from "./grey_image.tsx";
import { ImageCompare } from "./image_compare.tsx";
import { ImageGrid } from "./image_grid.tsx";
import { ClassSettings, HiddenClasses, hiddenIn } from "./image_layers.tsx";
import { ImageSettings, lightOf } from "./image_settings.tsx";
import { ImageSingle } from "./image_single.tsx";
import { cellId, type ImageTable, useImageTable } from "./image_table.ts";
import { Viewport } from "./viewport.ts";
import "../../styles/image_panel.css";

/** Below the title, without the border. */
const HEAD = 28;
/** Width of a column of steps. */
const STEP_WIDTH = 84;
const HEAD_WIDTH = 130;

/** All images; one of them, by its id; or two compared. */
type Shown = { kind: "all" } | { kind: "one"; id: string } | { kind: "two" };
const ALL: Shown = { kind: "all" };

export function ImagePanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const id = panelId(metric, "image");
  const size = { width: place.width - 2, height: place.height - HEAD };
  const room = Math.max(2, Math.floor((size.width - HEAD_WIDTH) / STEP_WIDTH));
  const table = useImageTable(ws, metric, id, room, isVisible);
  const viewport = useMemo(() => new Viewport(), []);
  const [shown, setShown] = useState<Shown>(ALL);
  const isAll = shown.kind === "all";
  useEffect(() => {
    if (isAll) return;
    return bindKeys({ back: () => setShown(ALL) });
  }, [isAll]);
  const hasTwo = table.cells.size > 1;
  const off = useComputed(() => optionsOf(ws, id).off).value;
  const hidden = useMemo(() => hiddenIn(off), [off]);
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="image"
      place={place}
      isFull={isFull}
      objects={table.objects}
      tools={
        <>
          <ZoomChip viewport={viewport} />
          {hasTwo && (
            <button
              type="button"
              class="icon-button"
              aria-pressed={shown.kind === "two"}
              aria-label={`Compare two images of ${metric.name}`}
              title="Compare two images"
              onClick={() => setShown(shown.kind === "two" ? ALL : { kind: "two" })}
            >
              <Icon name="columns" />
            </button>
          )}
        </>
      }
      menu={() => (
        <ImageSettings ws={ws} metric={metric} id={id}>
          <ClassSettings
            ws={ws}
            metric={metric}
            id={id}
            images={[...table.cells.values()].map((one) => one.image)}
          />
        </ImageSettings>
      )}
    >
      <HiddenClasses.Provider value={hidden}>
        <Body {...{ ws, id, table, viewport, shown, setShown, size }} />
      </HiddenClasses.Provider>
    </MediaFrame>
  );
}

interface BodyProps {
  ws: Workspace;
  id: string;
  table: ImageTable;
  viewport: Viewport;
  shown: Shown;
  setShown: (shown: Shown) => void;
  size: { width: number; height: number };
}

function Body(props: BodyProps): JSX.Element {
  const { ws, id, table, viewport, shown, setShown, size } = props;
  const box = useRef<HTMLDivElement>(null);
  const { bright, contrast, map } = optionsOf(ws, id);
  const tint = useMemo(
    () =>
      isColormap(map)
        ? { map, bright: lightOf(bright) / 100, contrast: lightOf(contrast) / 100 }
        : null,
    [map, bright, contrast],
  );
  // The view is in custom properties: a move of the images renders nothing.
  useSignalEffect(() => {
    const { zoom, left, top } = viewport.view.value;
    const style = box.current?.style;
    style?.setProperty("--zoom", String(zoom));
    style?.setProperty("--left", String(left));
    style?.setProperty("--top", String(top));
  });
  const cells = table.runs.flatMap((run) =>
    table.columns.flatMap((column) => table.cells.get(cellId(run, column.id)) ?? []),
  );
  const one = shown.kind === "one" ? cells.find((cell) => cell.id === shown.id) : undefined;
  const common = { ws, viewport, ...size };
  const close = () => setShown(ALL);
  const open = (cell: { id: string }) => setShown({ kind: "one", id: cell.id });
  return (
    <GreyTint.Provider value={tint}>
      <div
        ref={box}
        class="images"
        style={{
          "--bright": String(lightOf(bright) / 100),
          "--contrast": String(lightOf(contrast) / 100),
        }}
      >
        {one !== undefined ? (
          <ImageSingle {...common} cells={cells} cell={one} onPick={open} onClose={close} />
        ) : shown.kind === "two" && cells.length > 1 ? (
          <ImageCompare {...common} cells={cells} onClose={close} />
        ) : (
          <ImageGrid {...common} table={table} onOpen={open} />
        )}
      </div>
    </GreyTint.Provider>
  );
}

function ZoomChip({ viewport }: { viewport: Viewport }): JSX.Element | null {
  const { zoom } = viewport.view.value;
  if (zoom === 1) return null;
  return (
    <button
      type="button"
      class="chip zoomed"
      title="Show the whole images (Ctrl + wheel zooms, a drag moves)"
      onClick={() => viewport.reset()}
    >
      <Icon name="reset" /> {zoom < 10 ? zoom.toFixed(1) : Math.round(zoom)}×
    </button>
  );
}

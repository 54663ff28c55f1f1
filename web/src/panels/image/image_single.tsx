/** One image of a panel, as large as there is room; the arrows up and down lead to the others. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { RunTag } from "../frame/run_tag.tsx";
import { cellLabel } from "./image_grid.tsx";
import type { Cell } from "./image_table.ts";
import { ImageView, Readout } from "./image_view.tsx";
import type { Viewport } from "./viewport.ts";

interface ImageSingleProps {
  ws: Workspace;
  cells: readonly Cell[];
  cell: Cell;
  width: number;
  height: number;
  viewport: Viewport;
  onPick: (cell: Cell) => void;
  onClose: () => void;
}

const BAR = 32;

export function ImageSingle(props: ImageSingleProps): JSX.Element {
  const { ws, cells, cell, width, height, viewport, onPick, onClose } = props;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current!.focus({ preventScroll: true }), []);
  const at = cells.findIndex(({ id }) => id === cell.id);
  const go = (by: number) => onPick(cells[(at + by + cells.length) % cells.length]!);
  const step = (by: number, label: string) => (
    <button
      type="button"
      class="icon-button"
      aria-label={`${label} image`}
      title={`${label} image (${by < 0 ? "↑" : "↓"})`}
      onClick={() => go(by)}
    >
      <Icon name={by < 0 ? "up" : "down"} />
    </button>
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: its buttons do what its keys do
    <div
      ref={box}
      class="image-single"
      tabIndex={-1}
      onKeyDown={(event) => {
        const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        go(by);
      }}
    >
      <div class="image-bar">
        <button type="button" class="chip" title="Back to all images (Esc)" onClick={onClose}>
          <Icon name="grid" /> All
        </button>
        {cells.length > 1 && step(-1, "Previous")}
        {cells.length > 1 && step(1, "Next")}
        <RunTag ws={ws} uid={cell.run} />
        <span class="image-bar-text" title={cell.image.caption}>
          {cell.label} · step {groupDigits(cell.step)}
          {cell.image.caption && ` · ${cell.image.caption}`}
        </span>
        <Readout
          image={cell.image}
          viewport={viewport}
          otherwise={`${cell.image.width} × ${cell.image.height}`}
        />
      </div>
      <div class="image-frame" style={{ width: `${width}px`, height: `${height - BAR}px` }}>
        <ImageView
          image={cell.image}
          label={cellLabel(ws, cell)}
          width={width - 8}
          height={height - BAR - 8}
          viewport={viewport}
          isLarge
        />
      </div>
    </div>
  );
}

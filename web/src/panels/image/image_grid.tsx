/** All images of a panel: a table of runs and columns, or in one column as many side by side as fit. */
import type { JSX } from "preact";
import { groupDigits } from "../../base/numbers.ts";
import type { Workspace } from "../../state/workspace.ts";
import { type Fit, fitCells } from "../frame/fit_cells.ts";
import { RunTag } from "../frame/run_tag.tsx";
import { type Cell, cellId, type ImageTable } from "./image_table.ts";
import { ImageView, Readout } from "./image_view.tsx";
import type { Viewport } from "./viewport.ts";

interface ImageGridProps {
  ws: Workspace;
  table: ImageTable;
  /** Of the body, in CSS pixels. */
  width: number;
  height: number;
  viewport: Viewport;
  onOpen: (cell: Cell) => void;
}

const GAP = 8;
const PADDING = 8;
const LINE = 20;
const LEAST = 72;

export function ImageGrid(props: ImageGridProps): JSX.Element {
  const { table } = props;
  return table.columns.length <= 1 ? <Flow {...props} /> : <Matrix {...props} />;
}

/** Width by height of the frames; every image is as large in its frame as it can be. */
function aspectOf(cells: Iterable<Cell>): number {
  const shapes = [...cells].map(({ image }) => image.width / image.height).sort((a, b) => a - b);
  return Math.min(4, Math.max(0.25, shapes[shapes.length >> 1] ?? 1));
}

function labelHeight(cells: Iterable<Cell>): number {
  for (const { image } of cells) if (image.caption !== "") return 2 * LINE;
  return LINE;
}

function Flow({ ws, table, width, height, viewport, onOpen }: ImageGridProps): JSX.Element {
  const cells = table.runs.flatMap((run) =>
    table.columns.flatMap(({ id }) => table.cells.get(cellId(run, id)) ?? []),
  );
  const label = labelHeight(cells);
  const fit = fitCells(cells.length, aspectOf(cells), {
    width: width - 2 * PADDING,
    height: height - 2 * PADDING,
    gap: GAP,
    label,
    least: 112,
  });
  return (
    <div
      class="image-grid"
      style={{ gridTemplateColumns: `repeat(${fit.columns}, ${fit.width}px)` }}
    >
      {cells.map((cell) => (
        <div key={cell.id} class="image-cell" data-run={cell.run} data-step={cell.step}>
          <Frame ws={ws} cell={cell} fit={fit} viewport={viewport} onOpen={onOpen} />
          <div class="image-label">
            <RunTag ws={ws} uid={cell.run} />
            <Readout image={cell.image} viewport={viewport} otherwise={groupDigits(cell.step)} />
          </div>
          {label > LINE && <p class="image-caption">{cell.image.caption}</p>}
        </div>
      ))}
    </div>
  );
}

function Matrix({ ws, table, width, height, viewport, onOpen }: ImageGridProps): JSX.Element {
  const { runs, columns, cells, isSwapped } = table;
  const headWidth = Math.round(Math.min(170, Math.max(72, width * 0.2)));
  const [across, down] = isSwapped ? [runs.length, columns.length] : [columns.length, runs.length];
  const fit = fitCells(
    across * down,
    aspectOf(cells.values()),
    {
      width: width - 2 * PADDING - headWidth - GAP,
      height: height - 2 * PADDING - LINE - GAP,
      gap: GAP,
      label: LINE,
      least: LEAST,
    },
    across,
  );
  const cellOf = (run: string, column: string) => {
    const cell = cells.get(cellId(run, column));
    if (cell === undefined) {
      const style = { width: `${fit.width}px`, height: `${fit.height}px` };
      return <div key={cellId(run, column)} class="image-cell missing" style={style} />;
    }
    return (
      <div key={cell.id} class="image-cell" data-run={run} data-step={cell.step}>
        <Frame ws={ws} cell={cell} fit={fit} viewport={viewport} onOpen={onOpen} />
        <div class="image-label">
          <Readout
            image={cell.image}
            viewport={viewport}
            otherwise={[groupDigits(cell.step), cell.image.caption].filter(Boolean).join(" · ")}
          />
        </div>
      </div>
    );
  };
  const columnHead = ({ id, label: text }: ImageTable["columns"][number]) => (
    <div key={`head ${id}`} class="image-head" title={text}>
      {text}
    </div>
  );
  const runHead = (run: string) => (
    <div key={`head ${run}`} class="image-head">
      <RunTag ws={ws} uid={run} />
    </div>
  );
  return (
    <div
      class="image-grid"
      style={{ gridTemplateColumns: `${headWidth}px repeat(${across}, ${fit.width}px)` }}
    >
      <div class="image-head" />
      {isSwapped ? runs.map(runHead) : columns.map(columnHead)}
      {isSwapped
        ? columns.flatMap((column) => [
            columnHead(column),
            ...runs.map((run) => cellOf(run, column.id)),
          ])
        : runs.flatMap((run) => [runHead(run), ...columns.map(({ id }) => cellOf(run, id))])}
    </div>
  );
}

interface FrameProps {
  ws: Workspace;
  cell: Cell;
  fit: Fit;
  viewport: Viewport;
  onOpen: (cell: Cell) => void;
}

function Frame({ ws, cell, fit, viewport, onOpen }: FrameProps): JSX.Element {
  return (
    <div class="image-frame" style={{ width: `${fit.width}px`, height: `${fit.height}px` }}>
      <ImageView
        image={cell.image}
        label={cellLabel(ws, cell)}
        width={fit.width}
        height={fit.height}
        viewport={viewport}
        onOpen={() => onOpen(cell)}
      />
    </div>
  );
}

/** `samples/digit of adam at step 100`: what a cell is, for menus and for those who do not see it. */
export function cellLabel(ws: Workspace, cell: Cell): string {
  const run = ws.known.value.get(cell.run)?.name ?? cell.run;
  return `${cell.label} of ${run} at step ${cell.step}`;
}

/**
 * A scatter plot for every pair of a column and a row: one point for each run, those that pass the brushes in
 * colour above the others in grey. Points are painted into an image; a canvas only shows it.
 *
 * Like parallel_plot.ts, it knows places on axes (shares) and no values.
 */
import type { AxisTick } from "./parallel_axis.ts";
import type { PlotAxis, ShareRange } from "./parallel_plot.ts";
import { Surface, type SurfaceSize, shortened } from "./surface.ts";
import { parseColor, readTheme, type Theme } from "./theme.ts";

export interface ScatterData {
  readonly columns: readonly (PlotAxis & { readonly label: string })[];
  readonly rows: readonly (PlotAxis & { readonly label: string })[];
  readonly colors: Float64Array | null;
  readonly selected: Uint8Array;
  readonly ramp: readonly string[];
}

export interface ScatterTarget {
  /** A box was drawn in a cell, or (null) the cell was clicked where no point is. */
  onBrush(column: string, row: string, box: ScatterBox | null, isDone: boolean): void;
  onHover(run: number | null, left: number, top: number): void;
  onPick(run: number): void;
}

export interface ScatterBox {
  readonly x: ShareRange;
  readonly y: ShareRange;
}

/** A cell's plot area, in CSS pixels from the element's corner. */
export interface ScatterCell {
  readonly column: number;
  readonly row: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface ScatterMatrix {
  update(data: ScatterData): void;
  highlight(run: number | null): void;
  cells(): readonly ScatterCell[];
  /** Where a run's point is in a cell, in CSS pixels from the element's corner; null where it has none. */
  pointOf(cell: ScatterCell, run: number): { left: number; top: number } | null;
  flush(): void;
  destroy(): void;
}

const LEFT = 64;
const BOTTOM = 34;
const TOP = 8;
const RIGHT = 12;
const GAP = 10;
/** Around the points of a cell: half of one, and the line of the frame. */
const INSET = 6;
const CLICK_PX = 4;
const NEAR_PX = 7;
const POINT_PX = 4;
/** Of a category's band, over which its points are spread so that they do not hide each other. */
const SPREAD = 0.5;

export function createScatterMatrix(
  element: HTMLElement,
  data: ScatterData,
  target: ScatterTarget,
): ScatterMatrix {
  return new CanvasScatterMatrix(element, data, target);
}

class CanvasScatterMatrix implements ScatterMatrix {
  private readonly surface: Surface;
  private readonly points: HTMLCanvasElement;
  private readonly above: HTMLCanvasElement;
  private readonly stop = new AbortController();
  private theme: Theme;
  private isDirty = true;
  private highlighted: number | null = null;
  private drag: { cell: ScatterCell; x: number; y: number; hasMoved: boolean } | null = null;
  private box: ScatterBox | null = null;

  constructor(
    private readonly element: HTMLElement,
    private data: ScatterData,
    private readonly target: ScatterTarget,
  ) {
    this.theme = readTheme(element);
    this.surface = new Surface(element, 2, {
      onSize: () => {
        this.isDirty = true;
      },
      draw: () => this.draw(),
    });
    [this.points, this.above] = this.surface.canvases as [HTMLCanvasElement, HTMLCanvasElement];
    const { signal } = this.stop;
    element.addEventListener("pointerdown", (event) => this.down(event), { signal });
    element.addEventListener("pointermove", (event) => this.move(event), { signal });
    element.addEventListener("pointerup", (event) => this.up(event), { signal });
    element.addEventListener("pointercancel", () => this.end(), { signal });
    element.addEventListener("pointerleave", () => this.leave(), { signal });
    this.schedule(true);
  }

  update(data: ScatterData): void {
    this.data = data;
    this.theme = readTheme(this.element);
    this.schedule(true);
  }

  highlight(run: number | null): void {
    if (this.highlighted === run) return;
    this.highlighted = run;
    this.schedule(false);
  }

  cells(): readonly ScatterCell[] {
    const { columns, rows } = this.data;
    const { width, height } = this.size;
    const each = (room: number, count: number) => Math.max(8, (room - GAP * (count - 1)) / count);
    const w = Math.floor(each(width - LEFT - RIGHT, columns.length));
    const h = Math.floor(each(height - TOP - BOTTOM, rows.length));
    return rows.flatMap((_, row) =>
      columns.map((_, column) => ({
        ...{ row, column, width: w, height: h },
        left: LEFT + column * (w + GAP),
        top: TOP + row * (h + GAP),
      })),
    );
  }

  pointOf(cell: ScatterCell, run: number): { left: number; top: number } | null {
    const x = placeOf(this.data.columns[cell.column]!, run);
    const y = placeOf(this.data.rows[cell.row]!, run);
    if (Number.isNaN(x) || Number.isNaN(y)) return null;
    return {
      left: cell.left + INSET + x * (cell.width - 2 * INSET),
      top: cell.top + INSET + (1 - y) * (cell.height - 2 * INSET),
    };
  }

  flush(): void {
    this.surface.flush();
  }

  destroy(): void {
    this.stop.abort();
    this.surface.destroy();
  }

  private get size(): SurfaceSize {
    return this.surface.size;
  }

  private schedule(isDirty: boolean): void {
    this.isDirty ||= isDirty;
    this.surface.schedule();
  }

  // ---- drawing

  private draw(): void {
    if (this.isDirty) this.drawPoints();
    this.isDirty = false;
    this.drawAbove();
  }

  private drawPoints(): void {
    const { points, theme, data, size } = this;
    const context = points.getContext("2d", { willReadFrequently: true })!;
    const image = context.createImageData(points.width, points.height);
    const pixels = new Uint32Array(image.data.buffer);
    pixels.fill(packed(theme.panelText));
    const colors = data.ramp.map(packed);
    const [plain, faint] = [packed(theme.accent), mixed(theme.label, theme.panelText, 0.35)];
    const side = Math.max(2, Math.round((data.selected.length > 2000 ? 3 : POINT_PX) * size.ratio));
    for (const cell of this.cells()) {
      for (const isOn of [0, 1]) {
        for (let run = 0; run < data.selected.length; run++) {
          if (data.selected[run] !== isOn) continue;
          const at = this.pointOf(cell, run);
          if (at === null) continue;
          const share = data.colors?.[run] ?? Number.NaN;
          const ramp = Number.isNaN(share)
            ? plain
            : colors[Math.round(Math.min(1, Math.max(0, share)) * (colors.length - 1))]!;
          const color = isOn === 1 ? ramp : faint;
          square(pixels, points.width, at.left * size.ratio, at.top * size.ratio, side, color);
        }
      }
    }
    context.putImageData(image, 0, 0);
  }

  private drawAbove(): void {
    const { theme, size, above, data } = this;
    const context = above.getContext("2d")!;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, above.width, above.height);
    context.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
    context.font = theme.font;
    for (const cell of this.cells()) {
      context.strokeStyle = `rgb(${theme.grid.join(" ")})`;
      context.strokeRect(cell.left + 0.5, cell.top + 0.5, cell.width - 1, cell.height - 1);
      this.drawBrushes(context, cell);
      if (cell.row === data.rows.length - 1) this.drawColumn(context, cell);
      if (cell.column === 0) this.drawRow(context, cell);
      const at = this.highlighted === null ? null : this.pointOf(cell, this.highlighted);
      if (at !== null) {
        context.strokeStyle = theme.ink;
        context.lineWidth = 2;
        context.beginPath();
        context.arc(at.left, at.top, 5, 0, 2 * Math.PI);
        context.stroke();
        context.lineWidth = 1;
      }
    }
    if (this.drag !== null && this.box !== null) this.drawBox(context, this.drag.cell, this.box);
  }

  /** What the brushes of both axes leave of a cell. */
  private drawBrushes(context: CanvasRenderingContext2D, cell: ScatterCell): void {
    const xs = this.data.columns[cell.column]!.brushes;
    const ys = this.data.rows[cell.row]!.brushes;
    if (xs.length + ys.length === 0) return;
    const whole = [{ from: 0, to: 1 }];
    for (const x of xs.length > 0 ? xs : whole) {
      for (const y of ys.length > 0 ? ys : whole) this.drawBox(context, cell, { x, y });
    }
  }

  private drawBox(
    context: CanvasRenderingContext2D,
    cell: ScatterCell,
    { x, y }: ScatterBox,
  ): void {
    const column = this.data.columns[cell.column]!;
    const row = this.data.rows[cell.row]!;
    const [x0, x1] = [turned(column, x.from), turned(column, x.to)].sort((a, b) => a - b);
    const [y0, y1] = [turned(row, y.from), turned(row, y.to)].sort((a, b) => a - b);
    const width = cell.width - 2 * INSET;
    const height = cell.height - 2 * INSET;
    const left = cell.left + INSET + x0! * width;
    const top = cell.top + INSET + (1 - y1!) * height;
    context.fillStyle = this.theme.accent;
    context.strokeStyle = this.theme.accent;
    context.globalAlpha = 0.1;
    context.fillRect(
      left,
      top,
      Math.max(2, (x1! - x0!) * width),
      Math.max(2, (y1! - y0!) * height),
    );
    context.globalAlpha = 0.7;
    context.strokeRect(
      left,
      top,
      Math.max(2, (x1! - x0!) * width),
      Math.max(2, (y1! - y0!) * height),
    );
    context.globalAlpha = 1;
  }

  private drawColumn(context: CanvasRenderingContext2D, cell: ScatterCell): void {
    const column = this.data.columns[cell.column]!;
    const bottom = cell.top + cell.height;
    context.fillStyle = this.theme.label;
    context.textAlign = "center";
    context.textBaseline = "top";
    const width = cell.width - 2 * INSET;
    for (const { at, label } of column.axis.ticks(cell.width / 2)) {
      if (!fits(context, column.axis.ticks(cell.width / 2), width)) break;
      context.fillText(label, cell.left + INSET + turned(column, at) * width, bottom + 4);
    }
    context.fillStyle = this.theme.ink;
    context.fillText(
      shortened(context, column.label, cell.width),
      cell.left + cell.width / 2,
      bottom + 18,
    );
  }

  private drawRow(context: CanvasRenderingContext2D, cell: ScatterCell): void {
    const row = this.data.rows[cell.row]!;
    context.fillStyle = this.theme.label;
    context.textAlign = "right";
    context.textBaseline = "middle";
    const height = cell.height - 2 * INSET;
    for (const { at, label } of row.axis.ticks(cell.height)) {
      const y = cell.top + INSET + (1 - turned(row, at)) * height;
      context.fillText(shortened(context, label, LEFT - 26), cell.left - 5, y);
    }
    context.save();
    context.translate(9, cell.top + cell.height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillStyle = this.theme.ink;
    context.fillText(shortened(context, row.label, cell.height), 0, 0);
    context.restore();
  }

  // ---- the pointer

  private place(event: PointerEvent): { x: number; y: number } {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private cellAt({ x, y }: { x: number; y: number }): ScatterCell | undefined {
    return this.cells().find(
      ({ left, top, width, height }) =>
        x >= left && x <= left + width && y >= top && y <= top + height,
    );
  }

  private down(event: PointerEvent): void {
    const at = this.place(event);
    const cell = this.cellAt(at);
    if (cell === undefined || event.button !== 0) return;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.drag = { cell, ...at, hasMoved: false };
  }

  private move(event: PointerEvent): void {
    const at = this.place(event);
    const { drag } = this;
    if (drag === null) {
      this.target.onHover(this.runAt(at), at.x, at.y);
      return;
    }
    if (Math.hypot(at.x - drag.x, at.y - drag.y) >= CLICK_PX) drag.hasMoved = true;
    if (!drag.hasMoved) return;
    this.box = this.boxTo(drag, at);
    this.say(drag.cell, this.box, false);
    this.schedule(false);
  }

  private up(event: PointerEvent): void {
    const at = this.place(event);
    const { drag } = this;
    if (drag === null) return;
    const box = drag.hasMoved ? this.boxTo(drag, at) : null;
    this.end();
    const run = box === null ? this.runAt(at) : null;
    if (run !== null) this.target.onPick(run);
    else this.say(drag.cell, box, true);
  }

  private end(): void {
    this.drag = null;
    this.box = null;
    this.schedule(false);
  }

  private leave(): void {
    if (this.drag === null) this.target.onHover(null, 0, 0);
  }

  private say(cell: ScatterCell, box: ScatterBox | null, isDone: boolean): void {
    const { columns, rows } = this.data;
    this.target.onBrush(columns[cell.column]!.id, rows[cell.row]!.id, box, isDone);
  }

  private boxTo(drag: { cell: ScatterCell; x: number; y: number }, at: { x: number; y: number }) {
    const { cell } = drag;
    const column = this.data.columns[cell.column]!;
    const row = this.data.rows[cell.row]!;
    const share = (x: number) =>
      Math.min(1, Math.max(0, (x - cell.left - INSET) / (cell.width - 2 * INSET)));
    const height = (y: number) =>
      Math.min(1, Math.max(0, 1 - (y - cell.top - INSET) / (cell.height - 2 * INSET)));
    return {
      x: ordered(turned(column, share(drag.x)), turned(column, share(at.x))),
      y: ordered(turned(row, height(drag.y)), turned(row, height(at.y))),
    };
  }

  private runAt(at: { x: number; y: number }): number | null {
    const cell = this.cellAt(at);
    if (cell === undefined) return null;
    let best: number | null = null;
    let least = NEAR_PX;
    for (let run = 0; run < this.data.selected.length; run++) {
      if (this.data.selected[run] === 0) continue;
      const point = this.pointOf(cell, run);
      if (point === null) continue;
      const away = Math.hypot(point.left - at.x, point.top - at.y);
      if (away < least) {
        least = away;
        best = run;
      }
    }
    return best;
  }
}

/** A run's place on an axis as it is drawn, spread over the band of its category. */
function placeOf(axis: PlotAxis, run: number): number {
  const share = axis.axis.shares[run]!;
  const { length } = axis.axis.categories;
  if (length === 0) return turned(axis, share);
  // The same place for the same run each time: 0.618 scatters what follows one another.
  const aside = ((run * 0.6180339887) % 1) - 0.5;
  return turned(axis, share + (aside * SPREAD) / length);
}

function turned(axis: PlotAxis, share: number): number {
  return axis.isFlipped ? 1 - share : share;
}

function ordered(a: number, b: number): ShareRange {
  return a < b ? { from: a, to: b } : { from: b, to: a };
}

function packed(color: string): number {
  const [red, green, blue] = parseColor(color);
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

function mixed(over: string, under: string, strength: number): number {
  const [a, b] = [parseColor(over), parseColor(under)];
  const [red, green, blue] = a.map((part, i) =>
    Math.round(part * strength + b[i]! * (1 - strength)),
  );
  return (0xff000000 | (blue! << 16) | (green! << 8) | red!) >>> 0;
}

function square(
  pixels: Uint32Array,
  width: number,
  x: number,
  y: number,
  side: number,
  color: number,
): void {
  const left = Math.round(x - side / 2);
  const top = Math.round(y - side / 2);
  for (let row = top; row < top + side; row++) {
    const from = row * width + left;
    if (row >= 0 && from >= 0) pixels.fill(color, from, from + side);
  }
}

/** Whether tick labels beside one another have room. */
function fits(
  context: CanvasRenderingContext2D,
  ticks: readonly AxisTick[],
  width: number,
): boolean {
  const needed = ticks.reduce((sum, { label }) => sum + context.measureText(label).width + 8, 0);
  return needed <= width + 24;
}

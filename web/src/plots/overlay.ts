/** What lies above the data and moves with the pointer: cursor, points, the box of a zoom, a mark's word. */
import type { Box } from "./gestures.ts";
import type { Theme } from "./theme.ts";

export interface Brush {
  readonly context: CanvasRenderingContext2D;
  readonly theme: Theme;
  /** The plot area, in CSS pixels from the element's corner. */
  readonly plot: Box;
  readonly ratio: number;
}

/** A point to show, in CSS pixels from the element's corner. */
export interface Dot {
  readonly left: number;
  readonly top: number;
  readonly color: string;
  readonly run: string;
}

/** Of dots of runs that are not highlighted while one is. */
const DIMMED = 0.3;
/** Beside a mark, for its word, in CSS pixels. */
const LABEL_ROOM = 34;
/** From how many dots on they are small. */
const MANY_DOTS = 40;

/** Empties the overlay and sets its unit to CSS pixels. */
export function clearOverlay({ context, ratio }: Brush): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
}

export function drawSelection({ context, theme }: Brush, box: Box): void {
  const { left, top, right, bottom } = box;
  context.fillStyle = theme.accent;
  context.strokeStyle = theme.accent;
  context.globalAlpha = 0.12;
  context.fillRect(left, top, right - left, bottom - top);
  context.globalAlpha = 0.7;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, top + 0.5, right - left - 1, bottom - top - 1);
  context.globalAlpha = 1;
}

/** A dashed line from top to bottom, in the middle of a device pixel. */
export function drawCursor({ context, theme, plot, ratio }: Brush, left: number): void {
  const line = (Math.round(left * ratio - 0.5) + 0.5) / ratio;
  context.strokeStyle = theme.label;
  context.lineWidth = Math.max(1, Math.round(ratio * 0.75)) / ratio;
  context.setLineDash([3, 3]);
  context.beginPath();
  context.moveTo(line, plot.top);
  context.lineTo(line, plot.bottom);
  context.stroke();
  context.setLineDash([]);
}

/** Lines from top to bottom at places in CSS pixels, and what lies between two of them shaded. */
export function drawPins({ context, theme, plot, ratio }: Brush, lefts: readonly number[]): void {
  if (lefts.length === 0) return;
  context.strokeStyle = theme.accent;
  context.fillStyle = theme.accent;
  if (lefts.length > 1) {
    const [from, to] = [Math.min(...lefts), Math.max(...lefts)];
    const left = Math.max(plot.left, from);
    const right = Math.min(plot.right, to);
    context.globalAlpha = 0.1;
    if (right > left) context.fillRect(left, plot.top, right - left, plot.bottom - plot.top);
    context.globalAlpha = 1;
  }
  context.lineWidth = Math.max(1, Math.round(ratio)) / ratio;
  for (const left of lefts) {
    if (!(left >= plot.left - 0.5 && left <= plot.right + 0.5)) continue;
    const line = (Math.round(left * ratio - 0.5) + 0.5) / ratio;
    context.beginPath();
    context.moveTo(line, plot.top);
    context.lineTo(line, plot.bottom);
    context.stroke();
    // A flag at the top tells it from the cursor.
    context.beginPath();
    context.moveTo(line - 4, plot.top);
    context.lineTo(line + 4, plot.top);
    context.lineTo(line, plot.top + 5);
    context.fill();
  }
}

/** The points under the cursor, the nearest on top; those outside of the plot are left out. */
export function drawDots(
  { context, theme, plot }: Brush,
  dots: readonly Dot[],
  highlighted: string | null,
): void {
  const isMany = dots.length > MANY_DOTS;
  const radius = isMany ? 2 : 3;
  for (let i = dots.length - 1; i >= 0; i--) {
    const { left, top, color, run } = dots[i]!;
    if (!(left >= plot.left - 1 && left <= plot.right + 1)) continue;
    if (!(top >= plot.top - 1 && top <= plot.bottom + 1)) continue;
    context.globalAlpha = highlighted === null || run === highlighted ? 1 : DIMMED;
    // Many rings would be a gap in the lines.
    if (!isMany) drawDisc(context, left, top, radius + 1.25, theme.panelText);
    drawDisc(context, left, top, radius, color);
  }
  context.globalAlpha = 1;
}

function drawDisc(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  color: string,
): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = color;
  context.fill();
}

/** Draws a word beside a mark; see `placeMarkLabel`. */
export function drawMarkLabel(
  { context, theme, plot, ratio }: Brush,
  text: string,
  column: number,
  marked: readonly number[],
): void {
  const { x, y, isFlipped } = placeMarkLabel(plot, ratio, column, marked);
  context.font = theme.font;
  context.fillStyle = theme.label;
  context.textBaseline = "alphabetic";
  context.textAlign = isFlipped ? "right" : "left";
  context.fillText(text, x, y);
}

/**
 * Where a word stands, and whether it ends there: to the right or left of a mark on the bottom edge, or
 * above it where others stand on both sides. `column` and those of all marks there, `marked`, are device
 * pixels from the plot's left edge.
 */
export function placeMarkLabel(
  plot: Box,
  ratio: number,
  column: number,
  marked: readonly number[],
): { x: number; y: number; isFlipped: boolean } {
  const left = plot.left + column / ratio;
  const isFree = (from: number, to: number) =>
    from >= 0 &&
    plot.left + to / ratio <= plot.right &&
    !marked.some((other) => other !== column && other > from && other < to);
  const room = LABEL_ROOM * ratio;
  const isRight = isFree(column, column + room);
  const isLeft = !isRight && isFree(column - room, column);
  const isAbove = !isRight && !isLeft;
  const isFlipped = isLeft || (isAbove && left > plot.right - LABEL_ROOM);
  const aside = isAbove ? 0 : isLeft ? -7 : 7;
  return { x: left + aside, y: plot.bottom - (isAbove ? 11 : 1.5), isFlipped };
}

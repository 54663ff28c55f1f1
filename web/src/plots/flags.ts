/** Flags below the x axis for what happened there: small shapes that cover neither the data nor its marks. */
import type { Brush } from "./overlay.ts";

export type FlagShape = "begin" | "end" | "alert" | "artifact" | "note";

export interface Flag {
  /** Position on the x axis, in values. */
  readonly x: number;
  readonly color: string;
  readonly shape: FlagShape;
}

/** Height of a flag and half its width, in CSS pixels: it fits between the axis and the labels. */
const SIZE = { height: 5.5, half: 3.5 };

/** Outlines in a box of -1 to 1 by 0 to 1, from the axis down. */
const OUTLINES: Readonly<Record<FlagShape, readonly (readonly [number, number])[]>> = {
  begin: [
    [-0.7, 0],
    [1, 0.5],
    [-0.7, 1],
  ],
  end: [
    [-0.8, 0.05],
    [0.8, 0.05],
    [0.8, 0.95],
    [-0.8, 0.95],
  ],
  alert: [
    [0, 0],
    [1, 1],
    [-1, 1],
  ],
  artifact: [
    [0, -0.05],
    [0.9, 0.5],
    [0, 1.05],
    [-0.9, 0.5],
  ],
  note: [
    [-0.9, 0],
    [0.9, 0],
    [0.9, 0.6],
    [0, 1.1],
    [-0.9, 0.6],
  ],
};

/** Draws the flags whose places (CSS pixels) are in the plot; the active one with a line up through it. */
export function drawFlags(
  { context, plot, theme }: Brush,
  flags: readonly Flag[],
  leftOf: (x: number) => number,
  active: number | null,
): void {
  flags.forEach(({ x, color, shape }, i) => {
    const left = leftOf(x);
    if (!(left >= plot.left - 0.5 && left <= plot.right + 0.5)) return;
    context.fillStyle = color;
    context.strokeStyle = color;
    if (i === active) {
      context.lineWidth = 1;
      context.setLineDash([2, 2]);
      context.beginPath();
      context.moveTo(left, plot.top);
      context.lineTo(left, plot.bottom);
      context.stroke();
      context.setLineDash([]);
    }
    context.beginPath();
    OUTLINES[shape].forEach(([across, down], corner) => {
      const place = [left + across * SIZE.half, plot.bottom + 0.5 + down * SIZE.height] as const;
      if (corner === 0) context.moveTo(...place);
      else context.lineTo(...place);
    });
    context.closePath();
    context.fill();
    if (i !== active) return;
    context.strokeStyle = theme.ink;
    context.stroke();
  });
}

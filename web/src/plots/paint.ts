/** Paints a scene: bands, lines and marks into a raster, labels beside it. */

import { BASELINE } from "../base/palette.ts";
import { dropsOf } from "./bands.ts";
import { paintFromCheckpoint } from "./checkpoint.ts";
import { drawClips } from "./clip_marks.ts";
import { drawMarks } from "./marks.ts";
import type { Line } from "./plot_types.ts";
import type { Ink, Raster, Rgb } from "./raster.ts";
import { LABEL_GAP, type Scene, type Stroke } from "./scene.ts";
import { HAS_NAN, HAS_NEGATIVE_INFINITY } from "./series.ts";
import { shadeBand } from "./shade.ts";
import { axisKey, restrokeTrace, rowsOf } from "./stroke.ts";
import { parseColor, type Theme } from "./theme.ts";
import { MARGIN } from "./trace.ts";

const LINE_WIDTH = 1.5;
export const BAND_WIDTH = 1.875;
const BASELINE_WIDTH = 2.5;
const DIMMED = 0.15;
/** Radius of the dot where a session begins, and half the height of the tick where runs of a group end, in CSS pixels. */
export const RESTART_RADIUS = 2.5;
export const DROP_HALF = 4;

/** Ink, width and dash of a line, in CSS pixels. */
export function styleOf(line: Line, theme: Theme) {
  const isBaseline = line.role === "baseline";
  return {
    color: isBaseline ? theme.ink : line.color,
    width: line.width ?? (isBaseline ? BASELINE_WIDTH : LINE_WIDTH),
    dash: isBaseline ? BASELINE.dash : (line.dash ?? []),
  };
}

/** How full a stroke is while a run or group is highlighted (null: none is). */
export function alphaOf({ line, alpha, isBehind }: Stroke, highlighted: string | null): number {
  if (highlighted === null) return alpha;
  if (line.run !== highlighted) return alpha * DIMMED;
  // The run of a group comes out of its haze.
  return line.role === "member" && !isBehind ? 1 : alpha;
}

/** Strokes from the bottom to the top. */
export function inOrder(strokes: readonly Stroke[], highlighted: string | null): Stroke[] {
  const rank = ({ line, isBehind, alpha }: Stroke) => {
    const place = isBehind || line.role === "member" ? 0 : alpha < 1 ? 1 : 2;
    const lift = highlighted !== null && line.run === highlighted ? 3 : 0;
    return place + lift + (line.role === "baseline" ? 6 : 0);
  };
  return [...strokes].sort((a, b) => rank(a) - rank(b));
}

/** Whether a stroke lies below the bands. */
export function isBelowBands({ line, isBehind }: Stroke, highlighted: string | null): boolean {
  return (isBehind || line.role === "member") && line.run !== highlighted;
}

export function paintScene(
  raster: Raster,
  scene: Scene,
  theme: Theme,
  highlighted: string | null,
): void {
  raster.begin();
  try {
    paintAll(raster, scene, theme, highlighted);
  } finally {
    raster.end();
  }
}

function paintAll(raster: Raster, scene: Scene, theme: Theme, highlighted: string | null): void {
  const strokes = inOrder(scene.strokes, highlighted);
  const inked = strokes.map((stroke) => inkOf(stroke, scene.size.ratio, theme, highlighted));
  const isBelow = ({ stroke }: Inked) => isBelowBands(stroke, highlighted);
  const { yScale, yTicks, size } = scene;
  const ground = {
    looks: [axisKey(yScale), yTicks.values.join(), size.ratio, theme.panel, theme.grid],
    paint: () => {
      raster.fill(theme.panel);
      paintGrid(raster, scene, theme);
    },
  };
  const painted = (one: Inked) => ({
    looks: looksOf(one),
    paint: () => paintStroke(raster, scene, one),
  });
  if (scene.bandStrokes.length === 0) {
    const all = [...inked.filter(isBelow), ...inked.filter((one) => !isBelow(one))];
    paintFromCheckpoint(raster, ground, all.map(painted));
  } else {
    ground.paint();
    for (const one of inked) if (isBelow(one)) paintStroke(raster, scene, one);
    paintBands(raster, scene, highlighted);
    for (const one of inked) if (!isBelow(one)) paintStroke(raster, scene, one);
  }
  const { ratio } = scene.size;
  for (const stroke of strokes) {
    if (stroke.isBehind) continue;
    const rgb = parseColor(styleOf(stroke.line, theme).color);
    const alpha = alphaOf(stroke, highlighted);
    drawMarks(raster, stroke.trace, ratio, { rgb, alpha });
  }
  if (scene.isClipped) {
    for (const stroke of strokes) {
      const rgb = parseColor(styleOf(stroke.line, theme).color);
      const alpha = highlighted === null || stroke.line.run === highlighted ? 1 : DIMMED;
      drawClips(raster, stroke.trace, scene.yScale, ratio, { rgb, alpha });
    }
  }
}

/** The first pixel column in view with a NaN, and the columns of all marks on the bottom edge; null without a NaN. */
export function firstNan(scene: Scene): { column: number; taken: readonly number[] } | null {
  const marks = scene.strokes
    .filter(({ isBehind, line }) => !isBehind && line.role !== "member")
    .map(({ trace }) => trace.marks);
  const nans = marks.flatMap((one) => one.get(HAS_NAN) ?? []);
  if (nans.length === 0) return null;
  const column = nans.reduce((least, one) => Math.min(least, one));
  const others = marks.flatMap((one) => one.get(HAS_NEGATIVE_INFINITY) ?? []);
  return { column, taken: [...nans, ...others] };
}

function paintGrid(raster: Raster, scene: Scene, theme: Theme): void {
  const { width, height } = scene.area();
  const hairline = Math.max(1, Math.round(scene.size.ratio * 0.75));
  for (const value of scene.yTicks.values) {
    const row = Math.round(scene.yScale.toPixel(value) - hairline / 2);
    if (row < 0 || row > height) continue;
    raster.rectangle(MARGIN, MARGIN + row, width, hairline, theme.grid);
  }
}

interface Inked {
  readonly stroke: Stroke;
  readonly ink: Ink;
}

/** A stroke with the ink that it is painted with, in device pixels. */
function inkOf(stroke: Stroke, ratio: number, theme: Theme, highlighted: string | null): Inked {
  const style = styleOf(stroke.line, theme);
  const ink = {
    rgb: parseColor(style.color),
    alpha: alphaOf(stroke, highlighted),
    dash: style.dash.map((part) => Math.round(part * ratio)),
    width: Math.max(1, style.width * ratio),
  };
  return { stroke, ink };
}

/** All that decides which pixels a stroke paints, on one y axis. */
function looksOf({ stroke: { trace, isRestart }, ink }: Inked): readonly unknown[] {
  const [red, green, blue] = ink.rgb;
  return [trace, trace.made, red, green, blue, ink.alpha, ink.width, ink.dash.join(), isRestart];
}

function paintStroke(
  raster: Raster,
  { yScale, size: { ratio } }: Scene,
  { stroke: { trace, isRestart }, ink }: Inked,
): void {
  raster.setInk(ink);
  restrokeTrace(raster, trace, yScale, { width: ink.width, ratio });
  if (!isRestart || trace.length === 0) return;
  const row = rowsOf(yScale)(trace.first[0]!);
  raster.setInk({ ...ink, dash: [] });
  raster.dot(trace.x[0]! + MARGIN, row, RESTART_RADIUS * ratio);
  raster.paint();
}

function paintBands(raster: Raster, scene: Scene, highlighted: string | null): void {
  const { xScale, yScale } = scene;
  const { ratio } = scene.size;
  const inked = scene.bandStrokes.map((stroke) => {
    const isDimmed = highlighted !== null && stroke.band.id !== highlighted;
    return { ...stroke, rgb: parseColor(stroke.band.color), alpha: isDimmed ? DIMMED : 1 };
  });
  for (const { band, rgb, alpha } of inked) {
    if (band.isShaded) shadeBand(raster, band.series, xScale, yScale, { rgb, alpha });
  }
  for (const { band, center, rgb, alpha } of inked) {
    const width = Math.max(1, BAND_WIDTH * ratio);
    const dash = (band.dash ?? []).map((part) => Math.round(part * ratio));
    raster.setInk({ rgb, alpha, dash, width });
    restrokeTrace(raster, center, yScale, { width, ratio });
    paintDrops(raster, scene, band.series, { rgb, alpha });
  }
}

/** Ticks on a group's line where runs of it end. */
function paintDrops(
  raster: Raster,
  { xScale, yScale, size: { ratio } }: Scene,
  series: Parameters<typeof dropsOf>[0],
  { rgb, alpha }: { rgb: Rgb; alpha: number },
): void {
  const toRow = rowsOf(yScale);
  let free = Number.NEGATIVE_INFINITY;
  raster.setInk({ rgb, alpha, dash: [], width: Math.max(1, ratio) });
  for (const { index, x } of dropsOf(series)) {
    const column = xScale.toPixel(x) + MARGIN;
    if (!(column >= Math.max(0, free)) || column > raster.width) continue;
    const row = toRow(series.center[index]!);
    raster.point(column, row - DROP_HALF * ratio, row + DROP_HALF * ratio);
    raster.paint();
    free = column + 3 * ratio;
  }
}

/** Draws the labels of both axes; the context's unit is a device pixel of the scene. */
export function paintLabels(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  scene: Scene,
  theme: Theme,
): void {
  const { ratio, height } = scene.size;
  const { top } = scene.area();
  context.save();
  context.scale(ratio, ratio);
  context.font = theme.font;
  context.fillStyle = theme.label;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const { text, at } of yLabels(scene, top)) {
    context.fillText(text, scene.gutter - LABEL_GAP, at);
  }
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (const { text, at } of scene.xAxis.labels) context.fillText(text, at, height / ratio - 4);
  context.restore();
}

/** Labels of the y axis with their middle lines, in CSS pixels. */
export function yLabels({ yTicks, yScale, size: { ratio } }: Scene, top: number) {
  return yTicks.labels.map((text, i) => {
    const at = (top + yScale.toPixel(yTicks.values[i]!)) / ratio;
    return { text, at: Math.max(5, at) + 0.5 };
  });
}

/** What stands around a picture that leaves the page: its title, the name of its axis and a legend. */
import type { MeasureText } from "./axes.ts";
import { styleOf } from "./paint.ts";
import type { PictureOptions } from "./plot_types.ts";
import type { Scene } from "./scene.ts";
import type { Theme } from "./theme.ts";

/** In CSS pixels, as everything here: the sample of a line and the text behind it begin at `left`. */
export interface LegendEntry {
  readonly left: number;
  /** The middle line. */
  readonly middle: number;
  readonly color: string;
  readonly dash: readonly number[];
  readonly width: number;
  readonly text: string;
}

export interface Surroundings {
  readonly width: number;
  readonly height: number;
  /** Where the plot's own corner lies. */
  readonly plotTop: number;
  readonly title: string;
  readonly axis: { readonly text: string; readonly top: number };
  readonly legend: readonly LegendEntry[];
}

const TITLE_HEIGHT = 28;
const AXIS_HEIGHT = 16;
const ROW_HEIGHT = 16;
const SIDE = 12;
const SAMPLE = 16;
const GAP = 6;
const BETWEEN = 18;
/** Beyond so many lines a legend says nothing any more. */
const MOST_ENTRIES = 60;

export function surround(
  scene: Scene,
  theme: Theme,
  { title, axis = "" }: PictureOptions,
  measure: MeasureText,
): Surroundings {
  const { ratio } = scene.size;
  const width = scene.size.width / ratio;
  const plotTop = title ? TITLE_HEIGHT : 0;
  const below = plotTop + scene.size.height / ratio;
  const legendTop = below + (axis ? AXIS_HEIGHT : 0);
  const entries = [
    ...scene.bands.map(({ label, color, dash = [] }) => ({ label, color, dash, width: 2 })),
    ...scene.lines
      .filter((line) => line.role !== "member")
      .map((line) => ({ label: line.label, ...styleOf(line, theme) })),
  ];
  const legend: LegendEntry[] = [];
  let left = SIDE;
  let middle = legendTop + ROW_HEIGHT / 2;
  const place = (
    text: string,
    style: { color: string; dash: readonly number[]; width: number },
  ) => {
    const wide = SAMPLE + GAP + measure(text);
    if (left > SIDE && left + wide > width - SIDE) {
      left = SIDE;
      middle += ROW_HEIGHT;
    }
    legend.push({ left, middle, ...style, text });
    left += wide + BETWEEN;
  };
  for (const { label, ...style } of entries.slice(0, MOST_ENTRIES)) place(label, style);
  if (entries.length > MOST_ENTRIES) {
    place(`+${entries.length - MOST_ENTRIES} more`, { color: theme.panelText, dash: [], width: 0 });
  }
  const last = legend.at(-1);
  return {
    ...{ width, plotTop, title, legend },
    axis: { text: axis, top: below + AXIS_HEIGHT - 6 },
    height: last ? last.middle + ROW_HEIGHT : legendTop,
  };
}

export const LEGEND_SAMPLE = SAMPLE;
export const LEGEND_GAP = GAP;

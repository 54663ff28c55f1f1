/** What a line plot is given and what it tells: the vocabulary of line_plot.ts. */

import type { BandSeries } from "./bands.ts";
import type { Flag } from "./flags.ts";
import type { Series } from "./series.ts";
import type { View, ViewHistory } from "./view_history.ts";

export interface Line {
  /** With smoothed values, these are drawn and the raw ones lie faintly behind them. */
  readonly series: Series;
  readonly run: string;
  /** Any CSS colour; for the theme that is on. */
  readonly color: string;
  /** On and off lengths in CSS pixels; gaps are drawn paler, so that no point is hidden in one. */
  readonly dash?: readonly number[];
  /** CSS pixels; 1.5 by default. */
  readonly width?: number;
  /**
   * "member": a run of a group, faint and not offered to hover. "baseline": the run that others are
   * compared with, thick and dashed in the colour of text, above all others.
   */
  readonly role?: "member" | "baseline";
  readonly label: string;
}

/** A group of runs: a line in the middle, and what is shaded around it. */
export interface Band {
  /** Distinct from the uids of runs: it stands for them where the plot names what is under the pointer. */
  readonly id: string;
  readonly series: BandSeries;
  readonly color: string;
  readonly dash?: readonly number[];
  /** false: the line alone. */
  readonly isShaded: boolean;
  readonly label: string;
}

export type XKind = "step" | "relative" | "wall" | "metric";

/** Values that the y axis leaves out when it fits itself: as they call for it, none, the outer 1 or 5 % at each end. */
export type Outliers = "auto" | "all" | "p1" | "p5";
/**
 * Sessions of a run: each drawn in the order logged; told apart, older ones lighter; or the newest where
 * they overlap, with what it replaced faint.
 */
export type Restarts = "joined" | "split" | "newest" | "sorted";

export interface LinePlotOptions {
  readonly xKind: XKind;
  readonly yLog: boolean;
  readonly xLog?: boolean;
  /** Part of the x axis that is shown; null for all of it. */
  readonly view: View | null;
  /** Part of the y axis that is shown; null to fit what is in view. */
  readonly yRange: readonly [number, number] | null;
  /** Where `yRange` is null: what several plots span together, which is shown in the place of what fits. */
  readonly yShared?: readonly [number, number] | null;
  /** "all" by default. */
  readonly outliers?: Outliers;
  /** "joined" by default. */
  readonly restarts?: Restarts;
  /** Without axes and labels, for charts that are tiny. */
  readonly isBare?: boolean;
  /** Positions with a line from top to bottom; what lies between two is shaded. */
  readonly marks?: readonly number[];
  /** What happened, below the x axis. */
  readonly flags?: readonly Flag[];
  /** Where double-click goes back to; share one between plots that are zoomed together. */
  readonly history?: ViewHistory;
  /** The pointer chose another view; the plot itself shows it already. */
  readonly onView?: (view: View | null, yRange: readonly [number, number] | null) => void;
  readonly onHover?: (hover: Hover | null) => void;
  /** A click: the run (or the band's id) whose line is under the pointer, or null. */
  readonly onSelect?: (run: string | null) => void;
  /** A click where no line is: the nearest logged position, or where the pointer is when nothing is near. Else `onSelect(null)`. */
  readonly onMark?: (x: number) => void;
  /** What the y axis would span by itself, whenever it is drawn and not zoomed. */
  readonly onFitY?: (range: readonly [number, number]) => void;
  /** The plot area now is so many device pixels wide: what a request should ask for. */
  readonly onWidth?: (pixels: number) => void;
}

export interface Hit {
  readonly run: string;
  readonly label: string;
  readonly color: string;
  readonly dash?: readonly number[];
  /** The logged point, in values. */
  readonly x: number;
  readonly y: number;
  /** What smoothing makes of it. */
  readonly smoothed?: number;
  /** What the baseline run logged nearest to there; not on the baseline's own. */
  readonly baseline?: number;
  /** Where it is drawn, in CSS pixels from the element's corner (top is NaN when y has no place). */
  readonly left: number;
  readonly top: number;
}

/** What a group has at a position of its grid. */
export interface GroupHit {
  readonly id: string;
  readonly label: string;
  readonly color: string;
  readonly dash?: readonly number[];
  readonly x: number;
  readonly center: number;
  readonly lo: number;
  readonly hi: number;
  /** Runs that have a value there, of so many in the group. */
  readonly n: number;
  readonly runs: number;
  readonly left: number;
  readonly top: number;
}

export interface Hover {
  /** Position of the pointer in values. */
  readonly x: number;
  readonly y: number;
  /** CSS pixels from the element's corner. */
  readonly left: number;
  readonly top: number;
  /** The nearest logged point of each run, nearest to the pointer in y first. */
  readonly hits: readonly Hit[];
  /** The same of the groups, at the nearest position of each one's grid; the nearest first, too. */
  readonly groups: readonly GroupHit[];
  /** The run (or the band's id) whose line the pointer touches. */
  readonly near: string | null;
}

/** Points in view of one run that the y axis leaves out. */
export interface Clip {
  readonly run: string;
  readonly label: string;
  readonly color: string;
  readonly above: number;
  readonly below: number;
  /** false: at least so many, because buckets were counted and not points. */
  readonly isExact: boolean;
}

/** Where the plot stands and what it shows, in device pixels of the data canvas and in values. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** What stands around a picture that leaves the page. */
export interface PictureOptions {
  readonly title: string;
  /** Name of the x axis, below it. */
  readonly axis?: string;
}

export interface LinePlot {
  update(lines: readonly Line[], options: LinePlotOptions, bands?: readonly Band[]): void;
  setView(view: View | null, yRange?: readonly [number, number] | null): void;
  /** Shows the cursor at `x` (values) as another plot's pointer has it; null hides it. */
  setHover(x: number | null, y?: number): void;
  /** Makes one of the flags stand out, by its place among them; null: none. */
  setFlag(index: number | null): void;
  /** Where a position is drawn, in CSS pixels from the element's left edge, and the other way round. */
  leftOf(x: number): number;
  xAt(left: number): number;
  /** The nearest logged points at `x`; by distance from `y` in pixels when that is given. */
  hitsAt(x: number, y?: number): Hit[];
  /** The nearest grid positions of the groups at `x`; by distance from `y` in pixels when that is given. */
  groupHitsAt(x: number, y?: number): GroupHit[];
  /** The runs with points that the y axis leaves out. */
  clips(): readonly Clip[];
  /** Draws all other runs and groups at 15 %; null draws all alike. */
  highlight(run: string | null): void;
  /** Off screen nothing is drawn; what was missed is drawn when the plot is visible again. */
  setVisible(visible: boolean): void;
  /** Takes the element's size anew (it is watched too) and reads the theme. */
  resize(): void;
  /** Draws now what is due, and not in the next animation frame. */
  flush(): void;
  frame(): Frame;
  /** The plot with its title and legend as vectors. */
  toSVG(options: PictureOptions): Promise<string>;
  /** The same as an image with two pixels for each CSS pixel. */
  toPNG(options: PictureOptions): Promise<Blob>;
  destroy(): void;
}

/** A plot as vectors: what the raster paints as paths, text as text. */

import { type BandSeries, dropsOf } from "./bands.ts";
import { clippedColumns, TRIANGLE } from "./clip_marks.ts";
import { LEGEND_GAP, LEGEND_SAMPLE, surround } from "./legend.ts";
import { MARK, spaced } from "./marks.ts";
import { placeMarkLabel } from "./overlay.ts";
import {
  alphaOf,
  BAND_WIDTH,
  DROP_HALF,
  firstNan,
  inOrder,
  isBelowBands,
  RESTART_RADIUS,
  styleOf,
  yLabels,
} from "./paint.ts";
import { titleFont } from "./picture.ts";
import type { PictureOptions } from "./plot_types.ts";
import { GAP_ALPHA } from "./raster.ts";
import { LABEL_GAP, type Scene, type Stroke } from "./scene.ts";
import { at, HAS_NAN, HAS_NEGATIVE_INFINITY, HAS_POSITIVE_INFINITY } from "./series.ts";
import { bandAlpha } from "./shade.ts";
import { DOT_RADIUS, isDotted, rowsOf } from "./stroke.ts";
import type { Theme } from "./theme.ts";
import { MARGIN, type Trace } from "./trace.ts";

/** Draws a scene that is laid out for one device pixel in a CSS pixel. */
export function drawSVG(scene: Scene, theme: Theme, picture: PictureOptions): string {
  const probe = new OffscreenCanvas(1, 1).getContext("2d")!;
  probe.font = theme.font;
  const around = surround(scene, theme, picture, (text) => probe.measureText(text).width);
  const { left, top, width, height } = scene.area();
  const ordered = inOrder(scene.strokes, null);
  const below = ordered.filter((stroke) => isBelowBands(stroke, null));
  const above = ordered.filter((stroke) => !isBelowBands(stroke, null));
  const inner = [
    ...grid(scene, theme),
    ...below.map((stroke) => strokePath(scene, theme, stroke)),
    ...bands(scene),
    ...above.map((stroke) => strokePath(scene, theme, stroke)),
    ...ordered.flatMap((stroke) => markPaths(scene, theme, stroke)),
    ...pins(scene, theme),
    nanLabel(scene, theme),
  ];
  const outer = [
    ...yLabels(scene, top).map(({ text, at: y }) =>
      label(text, scene.gutter - LABEL_GAP, y, "end", theme.label),
    ),
    ...scene.xAxis.labels.map(({ text, at: x }) =>
      label(text, x, scene.size.height - 10, "middle", theme.label),
    ),
  ];
  const frame = [left - MARGIN, top - MARGIN, width + 2 * MARGIN, height + 2 * MARGIN];
  const [x, y, w, h] = frame;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${n(around.width)}" height="${n(around.height)}" ` +
      `viewBox="0 0 ${n(around.width)} ${n(around.height)}" style="font:${xml(theme.font)}">`,
    `<title>${xml(picture.title)}</title>`,
    `<clipPath id="plot"><rect x="${x}" y="${y}" width="${w}" height="${h}"/></clipPath>`,
    `<rect width="100%" height="100%" fill="${theme.panelText}"/>`,
    `<text x="12" y="${n(around.plotTop / 2)}" dominant-baseline="central" fill="${theme.ink}" ` +
      `style="font:${xml(titleFont(theme))}">${xml(around.title)}</text>`,
    ...stripes(scene, theme),
    `<g transform="translate(0 ${n(around.plotTop)})">`,
    `<g clip-path="url(#plot)" fill="none"><g transform="translate(${left} ${top})">`,
    ...inner,
    "</g></g>",
    ...outer,
    "</g>",
    label(around.axis.text, left + width / 2, around.axis.top, "middle", theme.label),
    ...around.legend.map(({ left: from, middle, color, dash, width: stroke, text }) =>
      [
        stroke > 0
          ? `<path d="M${n(from)} ${n(middle)}h${LEGEND_SAMPLE}" stroke="${color}" stroke-width="${stroke}"${dashes(dash)}/>`
          : "",
        label(text, from + LEGEND_SAMPLE + LEGEND_GAP, middle, "start", theme.ink),
      ].join(""),
    ),
    "</svg>",
  ]
    .filter(Boolean)
    .join("\n");
}

function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text as XML has it: of control characters and halves of pairs it knows none. */
function xml(text: string): string {
  const clean = text.replace(/\p{Cc}|\p{Cs}|\uFFFE|\uFFFF/gu, " ");
  return clean.replace(/[&<>"]/g, (one) => ENTITIES[one]!);
}

function label(text: string, x: number, y: number, anchor: string, fill: string): string {
  if (text === "") return "";
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" dominant-baseline="central" fill="${fill}">${xml(text)}</text>`;
}

function dashes(dash: readonly number[]): string {
  return dash.length > 0 ? ` stroke-dasharray="${dash.join(" ")}"` : "";
}

function grid(scene: Scene, theme: Theme): string[] {
  const { yTicks, yScale } = scene;
  const { width } = scene.area();
  const [red, green, blue] = theme.grid;
  return yTicks.values.map(
    (value) =>
      `<path d="M0 ${n(Math.round(yScale.toPixel(value) - 0.5) + 0.5)}h${width}" stroke="rgb(${red} ${green} ${blue})"/>`,
  );
}

/** The path of a trace: each pixel column from its first value over its extremes to its last. */
function pathOf(trace: Trace, toRow: (value: number) => number): string {
  const { length, x, first, lo, hi, last } = trace;
  const parts: string[] = [];
  for (let i = 0; i < length; i++) {
    const here = n(x[i]!);
    const joins = i > 0 && !Number.isNaN(last[i - 1]!) && !Number.isNaN(first[i]!);
    const enters = Number.isNaN(first[i]!) ? lo[i]! : first[i]!;
    parts.push(`${joins ? "L" : "M"}${here} ${n(toRow(enters))}`);
    if (lo[i]! < hi[i]!) {
      const leaves = Number.isNaN(last[i]!) ? hi[i]! : last[i]!;
      parts.push(`V${n(toRow(lo[i]!))}V${n(toRow(hi[i]!))}V${n(toRow(leaves))}`);
    }
  }
  return parts.join("");
}

/** Points that have a dot, because no line leads to them or they stand far apart. */
function dotsOf(trace: Trace, toRow: (value: number) => number, width: number): string[] {
  const { length, x, lo, hi, first, last } = trace;
  const isEach = isDotted(trace, width, 1);
  const dots: string[] = [];
  for (let i = 0; i < length; i++) {
    const joined = i > 0 && !Number.isNaN(last[i - 1]!) && !Number.isNaN(first[i]!);
    const joins = i + 1 < length && !Number.isNaN(last[i]!) && !Number.isNaN(first[i + 1]!);
    if (lo[i]! === hi[i]! && (isEach || !(joined || joins))) {
      dots.push(`<circle cx="${n(x[i]!)}" cy="${n(toRow(lo[i]!))}" r="${DOT_RADIUS}"/>`);
    }
  }
  return dots;
}

/** Rows from the plot's upper edge, cut off well outside of it. */
function rowsIn({ yScale }: Scene): (value: number) => number {
  const rows = rowsOf(yScale);
  return (value) => Math.max(-1e4, Math.min(1e4, rows(value) - MARGIN));
}

function strokePath(scene: Scene, theme: Theme, stroke: Stroke): string {
  const { trace, line, isRestart } = stroke;
  const { color, width, dash } = styleOf(line, theme);
  const toRow = rowsIn(scene);
  const d = pathOf(trace, toRow);
  if (d === "") return "";
  const dots = dotsOf(trace, toRow, scene.area().width);
  if (isRestart) {
    const [x, y] = [n(trace.x[0]!), n(toRow(trace.first[0]!))];
    dots.push(`<circle cx="${x}" cy="${y}" r="${RESTART_RADIUS}"/>`);
  }
  const ink = `stroke="${color}" stroke-width="${width}" stroke-linejoin="round" stroke-linecap="round"`;
  const filled = dots.length ? `<g fill="${color}" stroke="none">${dots.join("")}</g>` : "";
  return `<g ${ink} opacity="${n(alphaOf(stroke, null))}">${dashed(d, dash)}${filled}</g>`;
}

function bands(scene: Scene): string[] {
  const toRow = rowsIn(scene);
  const areas = scene.bands
    .filter((band) => band.isShaded)
    .flatMap(({ series, color }) => areaPaths(scene, series, color));
  const lines = scene.bandStrokes.map(({ band, center }) => {
    const drops = dropsOf(band.series).map(({ index, x }) => {
      const row = toRow(band.series.center[index]!) - DROP_HALF;
      return `M${n(scene.xScale.toPixel(x))} ${n(row)}v${2 * DROP_HALF}`;
    });
    const ticks = drops.length ? `<path d="${drops.join("")}" stroke-width="1"/>` : "";
    const ink = `stroke="${band.color}" stroke-width="${BAND_WIDTH}" stroke-linejoin="round"`;
    return `<g ${ink}>${dashed(pathOf(center, toRow), band.dash ?? [])}${ticks}</g>`;
  });
  return [...areas, ...lines];
}

/** The area of a band in pieces of equal numbers of runs, which differ in how full they are. */
function areaPaths(scene: Scene, band: BandSeries, color: string): string[] {
  const { x, lo, hi, n: counts, runs } = band;
  const toRow = rowsIn(scene);
  const place = (index: number, value: number) =>
    `${n(scene.xScale.toPixel(at(x, index)))} ${n(toRow(value))}`;
  const paths: string[] = [];
  let from = 0;
  for (let i = 1; i <= x.length; i++) {
    if (i < x.length && counts[i] === counts[i - 1]) continue;
    // A piece reaches to where the next one begins.
    const to = i < x.length && counts[i]! > 0 ? i : i - 1;
    const indexes = Array.from({ length: to - from + 1 }, (_, k) => from + k);
    if (counts[from]! > 0 && indexes.length > 1) {
      const upper = indexes.map((index) => place(index, hi[index]!));
      const lower = indexes.reverse().map((index) => place(index, lo[index]!));
      const d = `M${[...upper, ...lower].join("L")}Z`;
      paths.push(
        `<path d="${d}" fill="${color}" fill-opacity="${n(bandAlpha(counts[from]!, runs))}"/>`,
      );
    }
    from = i;
  }
  return paths;
}

/** Marks of values without a place, and of those that the y axis leaves out, spaced as on the page. */
function markPaths(scene: Scene, theme: Theme, stroke: Stroke): string[] {
  const { trace, line, isBehind } = stroke;
  const { color } = styleOf(line, theme);
  const paths: string[] = [];
  const drawn = isBehind ? "" : placelessPath(trace, scene.area().height);
  if (drawn) paths.push(`<path d="${drawn}" stroke="${color}" stroke-width="1.25"/>`);
  const clipped = scene.isClipped ? clippedPath(trace, scene) : "";
  if (clipped) paths.push(`<path d="${clipped}" fill="${color}"/>`);
  return paths;
}

function placelessPath({ marks }: Trace, height: number): string {
  const { half, inset } = MARK;
  const [top, bottom] = [inset, height - inset];
  const parts: string[] = [];
  const tick = (y: number) => (x: number) => {
    parts.push(`M${n(x)} ${n(y - 0.5)}v1`);
  };
  const cross = (x: number) => {
    const [left, high] = [n(x - half), n(bottom - half)];
    parts.push(`M${left} ${high}l${2 * half} ${2 * half}m0 ${-2 * half}l${-2 * half} ${2 * half}`);
  };
  const triangle = (y: number, up: number) => (x: number) => {
    const base = n(y + half * up);
    const tip = n(y - half * up);
    parts.push(
      `M${n(x - half)} ${base}L${n(x)} ${tip}L${n(x + half)} ${base}ZM${n(x)} ${tip}V${base}`,
    );
  };
  const gap = 2 * half + 3;
  spaced(marks.get(HAS_NAN), gap, cross, tick(bottom), 0);
  spaced(marks.get(HAS_POSITIVE_INFINITY), gap, triangle(top, 1), tick(top), 0);
  spaced(marks.get(HAS_NEGATIVE_INFINITY), gap, triangle(bottom, -1), tick(bottom), 0);
  return parts.join("");
}

function clippedPath(trace: Trace, scene: Scene): string {
  const { half, height: tall } = TRIANGLE;
  const { above, below } = clippedColumns(trace, scene.yScale);
  const parts: string[] = [];
  const triangle = (tip: number, down: number) => (x: number) => {
    parts.push(`M${n(x)} ${tip}l${half} ${down * tall}h${-2 * half}Z`);
  };
  const nothing = () => undefined;
  spaced(above, 2 * half + 2, triangle(0.5, 1), nothing, 0);
  spaced(below, 2 * half + 2, triangle(scene.area().height - 0.5, -1), nothing, 0);
  return parts.join("");
}

/** The word beside the first NaN. */
function nanLabel(scene: Scene, theme: Theme): string {
  const nan = firstNan(scene);
  if (nan === null) return "";
  const { width, height } = scene.area();
  const plot = { left: 0, top: 0, right: width, bottom: height };
  const { x, y, isFlipped } = placeMarkLabel(plot, 1, nan.column, nan.taken);
  return label("NaN", x, y - 3.5, isFlipped ? "end" : "start", theme.label);
}

function pins(scene: Scene, theme: Theme): string[] {
  const { width, height } = scene.area();
  const lefts = (scene.options.marks ?? []).map((x) => scene.xScale.toPixel(x));
  const lines = lefts
    .filter((x) => x >= 0 && x <= width)
    .map(
      (x) =>
        `<path d="M${n(x)} 0v${height}" stroke="${theme.accent}"/>` +
        `<path d="M${n(x - 4)} 0h8l-4 5Z" fill="${theme.accent}"/>`,
    );
  if (lefts.length < 2) return lines;
  const from = Math.max(0, Math.min(...lefts));
  const to = Math.min(width, Math.max(...lefts));
  const box = `x="${n(from)}" y="0" width="${n(Math.max(0, to - from))}" height="${height}"`;
  return [`<rect ${box} fill="${theme.accent}" fill-opacity="0.1"/>`, ...lines];
}

/** Stripes in which dashed lines are drawn in full, a clip path for each pattern: dashes go along x, as on the page. */
function stripes(scene: Scene, theme: Theme): string[] {
  const { width, height } = scene.area();
  const patterns = new Map<string, readonly number[]>();
  for (const { line } of scene.strokes) {
    const { dash } = styleOf(line, theme);
    if (dash.length > 0) patterns.set(stripesId(dash), dash);
  }
  for (const { dash = [] } of scene.bands) if (dash.length > 0) patterns.set(stripesId(dash), dash);
  return [...patterns].map(([id, dash]) => {
    const parts: string[] = [];
    for (let x = -MARGIN; x < width + MARGIN; ) {
      dash.forEach((part, i) => {
        if (i % 2 === 0) parts.push(`M${n(x)} ${-MARGIN}h${part}v${height + 2 * MARGIN}h${-part}z`);
        x += part;
      });
    }
    return `<clipPath id="${id}"><path d="${parts.join("")}"/></clipPath>`;
  });
}

function stripesId(dash: readonly number[]): string {
  return `dash-${dash.join("-")}`;
}

/** A path, or where it is dashed a paler one with the full one in stripes over it: a gap is not empty. */
function dashed(d: string, dash: readonly number[]): string {
  if (dash.length === 0) return `<path d="${d}"/>`;
  const id = stripesId(dash);
  return `<path d="${d}" stroke-opacity="${GAP_ALPHA}"/><path d="${d}" clip-path="url(#${id})"/>`;
}

/**
 * The renderer for tests/e2e/test_plot_pixels.py and test_plot_extras.py: series in as bytes or numbers, the
 * pixels of the canvas out.
 */
import { createLinePlot, type LinePlot, type LinePlotOptions } from "../src/plots/line_plot.ts";
import type { Band, Line } from "../src/plots/plot_types.ts";
import { type Affine, append, type Numbers, type Series, toColumns } from "../src/plots/series.ts";
import { type Smoothing, smoothSeries } from "../src/plots/smooth.ts";

/** A line in numbers. */
interface Drawn extends Omit<Line, "series"> {
  x: number[];
  y: number[];
  starts?: number[];
  smooth?: Smoothing;
  asColumns?: boolean;
}

interface DrawnBand extends Omit<Band, "series"> {
  runs: number;
  x: number[];
  center: number[];
  lo: number[];
  hi: number[];
  n: number[];
}

interface Described {
  mode: "points" | "columns";
  total: number;
  starts: number[];
  sorted?: boolean;
  /** A file of little-endian numbers for each array, or a rule. */
  arrays: Record<string, { dtype: string; file: string } | Affine>;
}

const KINDS = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u1: Uint8Array };
const element = document.getElementById("plot") as HTMLElement;
let plot: LinePlot | undefined;
let series: Series | undefined;
/** What the plot told its caller, newest last. */
const told: {
  views: unknown[];
  hovers: unknown[];
  selected: (string | null)[];
  marks: number[];
} = { views: [], hovers: [], selected: [], marks: [] };
const START: LinePlotOptions = {
  ...{ xKind: "step", yLog: false, view: null, yRange: null },
  onView: (view, yRange) => told.views.push({ view, yRange }),
  onHover: (hover) => told.hovers.push(hover),
  onSelect: (run) => told.selected.push(run),
};
let options = START;

async function load(described: Described): Promise<Series> {
  const arrays: Record<string, Numbers | Affine> = {};
  for (const [name, source] of Object.entries(described.arrays)) {
    if (!("file" in source)) {
      arrays[name] = source;
      continue;
    }
    const answer = await fetch(source.file);
    if (!answer.ok) throw new Error(`${source.file}: ${answer.status}`);
    arrays[name] = new KINDS[source.dtype as keyof typeof KINDS](await answer.arrayBuffer());
  }
  const { mode, total, starts, sorted } = described;
  return { run: "run", key: "key", mode, total, starts, sorted, ...arrays } as unknown as Series;
}

function draw(): void {
  if (series === undefined || plot === undefined) return;
  plot.update([{ series, run: "run", label: "run", color: "#ff0000" }], options);
  plot.flush();
}

/** How much of each pixel of the plot area the line covers, 0 to 255, row by row, as base64. */
function read(): { frame: ReturnType<LinePlot["frame"]>; cover: string } {
  if (plot === undefined) throw new Error("There is no plot.");
  const frame = plot.frame();
  const canvas = element.querySelector("canvas") as HTMLCanvasElement;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const { data } = context.getImageData(frame.left, frame.top, frame.width, frame.height);
  // Red on white: what is not white any more in green is line.
  let text = "";
  const part = new Uint8Array(frame.width);
  for (let row = 0; row < frame.height; row++) {
    for (let i = 0; i < frame.width; i++) part[i] = 255 - data[4 * (row * frame.width + i) + 1]!;
    text += String.fromCharCode(...part);
  }
  return { frame, cover: btoa(text) };
}

function lineOf({ x, y, starts = [0], smooth, asColumns, ...line }: Drawn): Line {
  const points: Series = {
    ...{ mode: "points", run: line.run, key: "key", total: y.length, starts },
    ...{ x: Float64Array.from(x), y: Float64Array.from(y) },
  };
  const plain = asColumns ? toColumns(points) : points;
  return { ...line, series: smoothSeries(plain, "", smooth ?? null) };
}

function bandOf({ runs, x, center, lo, hi, n, ...band }: DrawnBand): Band {
  const numbers = (values: number[]) => Float64Array.from(values);
  const shared = { group: band.id, key: "key", runs, exact: true };
  const values = { center: numbers(center), lo: numbers(lo), hi: numbers(hi), n: numbers(n) };
  return { ...band, series: { ...shared, x: numbers(x), ...values } };
}

/** Red, green, blue and alpha of each pixel of the plot area, row by row, as base64. */
function colors(context: CanvasRenderingContext2D, top: number): string {
  const { left, width, height, ...frame } = plot!.frame();
  const { data } = context.getImageData(left, top + frame.top, width, height);
  let text = "";
  for (let at = 0; at < data.length; at += 4096) {
    text += String.fromCharCode(...data.subarray(at, at + 4096));
  }
  return btoa(text);
}

Object.assign(window, {
  pixels: {
    told,
    plot: () => plot!,
    /** Draws lines and bands, and answers the colours of the plot area. */
    draw(lines: Drawn[], changed: Partial<LinePlotOptions> = {}, bands: DrawnBand[] = []) {
      // A click on nothing is told as a mark, and not as a choice of no run.
      options = { ...START, onMark: (x) => told.marks.push(x), ...changed };
      plot!.update(lines.map(lineOf), options, bands.map(bandOf));
      const canvas = element.querySelector("canvas") as HTMLCanvasElement;
      const frame = plot!.frame();
      return { frame, colors: colors(canvas.getContext("2d")!, 0) };
    },
    /** The SVG of the plot as the browser paints it: the colours of the plot area, below a title of `title` pixels. */
    async paintSVG(title: number) {
      const text = await plot!.toSVG({ title: "A <title> & more" });
      const image = new Image();
      image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      await image.decode();
      const canvas = document.createElement("canvas");
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      const context = canvas.getContext("2d")!;
      context.drawImage(image, 0, 0);
      return { text, colors: colors(context, title) };
    },
    /** Width and height of the PNG of the plot. */
    async sizeOfPNG() {
      const image = await createImageBitmap(await plot!.toPNG({ title: "A title" }));
      return [image.width, image.height];
    },
    frame: () => plot!.frame(),
    mount(width: number, height: number) {
      plot?.destroy();
      element.style.width = `${width}px`;
      element.style.height = `${height}px`;
      options = START;
      for (const list of Object.values(told)) list.length = 0;
      plot = createLinePlot(element, [], options);
    },
    async show(described: Described, changed: Partial<LinePlotOptions>) {
      series = await load(described);
      options = { ...options, ...changed };
      draw();
      return read();
    },
    async append(described: Described, changed: Partial<LinePlotOptions>) {
      series = append(series!, await load(described));
      options = { ...options, ...changed };
      draw();
      return read();
    },
    view(changed: Partial<LinePlotOptions>) {
      options = { ...options, ...changed };
      draw();
      return read();
    },
  },
});

/** The renderer for tests/e2e/test_plot_pixels.py: series in as bytes, the pixels of the canvas out. */
import { createLinePlot, type LinePlot, type LinePlotOptions } from "../src/plots/line_plot.ts";
import { type Affine, append, type Numbers, type Series } from "../src/plots/series.ts";

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
const told: { views: unknown[]; hovers: unknown[]; selected: (string | null)[] } = {
  views: [],
  hovers: [],
  selected: [],
};
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

Object.assign(window, {
  pixels: {
    told,
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

/**
 * Our line plot beside uPlot in one page: zoom, first draw, hover, highlight, append.
 *
 * `script` is what the call itself takes; `painted` also waits until every pixel is in the canvas (one
 * pixel is read back), because a recorded stroke costs its time later, in the same frame.
 */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { SLOTS } from "../src/base/palette.ts";
import { createLinePlot, type Line, type LinePlot } from "../src/plots/line_plot.ts";
import { append, type PointsSeries } from "../src/plots/series.ts";

interface Shape {
  panels: number;
  runs: number;
  points: number;
  wide: boolean;
  uplotWidth: number;
  /** Only the first draw and zooms: for measures taken from outside. */
  zoomOnly?: boolean;
}

interface Sample {
  script: number;
  painted: number;
}

const OPTIONS = { xKind: "step", yLog: false, view: null, yRange: null } as const;
const stage = document.getElementById("stage") as HTMLElement;

/** Loss curves with noise, the same ones in every run of the bench. */
function values(points: number, seed: number): Float64Array {
  let state = seed * 2654435761 + 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  const out = new Float64Array(points);
  let drift = 0;
  for (let i = 0; i < points; i++) {
    drift = 0.9 * drift + (random() - 0.5) * 0.06;
    out[i] = 0.1 + 2 * Math.exp((-i / points) * (4 + (seed % 7))) + drift;
  }
  return out;
}

function boxes({ panels, wide }: Shape): HTMLElement[] {
  stage.replaceChildren();
  stage.classList.toggle("wide", wide);
  return Array.from({ length: panels }, () => {
    const box = document.createElement("div");
    stage.append(box);
    return box;
  });
}

function line(y: Float64Array, run: number): Line {
  const series: PointsSeries = {
    ...{ mode: "points", run: `r${run}`, key: "loss", total: y.length, starts: [0] },
    x: { start: 0, stride: 1, length: y.length },
    y,
  };
  const slot = SLOTS[run % SLOTS.length]!;
  return { series, run: `r${run}`, label: `run ${run}`, color: slot.light, dash: slot.dash };
}

function dataOf({ panels, runs, points }: Shape): Float64Array[][] {
  return Array.from({ length: panels }, (_, panel) =>
    Array.from({ length: runs }, (_, run) => values(points, panel * 131 + run + 1)),
  );
}

function readBack(canvases: Iterable<HTMLCanvasElement>): void {
  for (const canvas of canvases) canvas.getContext("2d")!.getImageData(0, 0, 1, 1);
}

/** Zooms through the data: `count` views of changing place and width. */
function views(points: number, count: number): [number, number][] {
  return Array.from({ length: count }, (_, i) => {
    const width = points * (0.25 + 0.6 * Math.abs(Math.sin(i * 0.7)));
    const from = (points - width) * (0.5 + 0.5 * Math.sin(i * 1.3));
    return [from, from + width];
  });
}

async function time(
  canvases: HTMLCanvasElement[] | (() => HTMLCanvasElement[]),
  work: () => unknown,
): Promise<Sample> {
  await new Promise((resolve) => requestAnimationFrame(resolve));
  const from = performance.now();
  const pending = work();
  if (pending instanceof Promise) await pending;
  const script = performance.now() - from;
  readBack(typeof canvases === "function" ? canvases() : canvases);
  return { script, painted: performance.now() - from };
}

function dataCanvases(): HTMLCanvasElement[] {
  const all = [...stage.querySelectorAll("canvas")];
  return all.filter((canvas) => canvas.previousElementSibling?.tagName !== "CANVAS");
}

async function ours(shape: Shape, repeat: number): Promise<Record<string, Sample[]>> {
  const data = dataOf(shape);
  const elements = boxes(shape);
  const lines = data.map((panel) => panel.map(line));
  const plots: LinePlot[] = [];
  const first = await time(dataCanvases, () => {
    elements.forEach((element, i) => {
      const plot = createLinePlot(element, lines[i]!, OPTIONS);
      plot.flush();
      plots.push(plot);
    });
  });
  const canvases = dataCanvases();
  const samples: Record<string, Sample[]> = { first: [first], zoom: [], hover: [], highlight: [] };
  const all = (work: (plot: LinePlot) => void) => () => {
    for (const plot of plots) {
      work(plot);
      plot.flush();
    }
  };
  for (const [x0, x1] of views(shape.points, repeat)) {
    samples.zoom!.push(await time(canvases, all((plot) => plot.setView({ x0, x1 }))));
  }
  if (shape.zoomOnly) {
    for (const plot of plots) plot.destroy();
    return samples;
  }
  all((plot) => plot.setView(null))();
  for (let i = 0; i < repeat; i++) {
    const x = (shape.points * (i + 0.5)) / repeat;
    samples.hover!.push(await time([], all((plot) => plot.setHover(x, 0.5))));
    const run = `r${i % shape.runs}`;
    samples.highlight!.push(await time(canvases, all((plot) => plot.highlight(run))));
  }
  if (shape.panels > 1) {
    samples.append = [];
    all((plot) => plot.highlight(null))();
    let grown = lines;
    for (let i = 0; i < repeat; i++) {
      grown = grown.map((panel) =>
        panel.map((one) => {
          const tail = line(Float64Array.of(0.2, 0.3), 0).series as PointsSeries;
          const at = (one.series as PointsSeries).y.length;
          const more = { ...tail, total: at + 2, x: { start: at, stride: 1, length: 2 } };
          return { ...one, series: append(one.series, more) };
        }),
      );
      const work = () => {
        plots.forEach((plot, k) => {
          plot.update(grown[k]!, OPTIONS);
          plot.flush();
        });
      };
      samples.append.push(await time(canvases, work));
    }
  }
  for (const plot of plots) plot.destroy();
  return samples;
}

async function peer(shape: Shape, repeat: number): Promise<Record<string, Sample[]>> {
  const data = dataOf(shape);
  const elements = boxes(shape);
  const x = Float64Array.from({ length: shape.points }, (_, i) => i);
  const plots: uPlot[] = [];
  const first = await time(dataCanvases, async () => {
    elements.forEach((element, i) => {
      const series = data[i]!.map((_, run) => ({
        stroke: SLOTS[run % SLOTS.length]!.light,
        width: shape.uplotWidth,
        points: { show: false },
      }));
      const box = element.getBoundingClientRect();
      plots.push(
        new uPlot(
          {
            ...{ width: box.width, height: box.height },
            ...{ legend: { show: false }, cursor: { show: false } },
            scales: { x: { time: false } },
            series: [{}, ...series],
          },
          [x, ...data[i]!] as unknown as uPlot.AlignedData,
          element,
        ),
      );
    });
    await Promise.resolve();
  });
  const canvases = plots.map((plot) => plot.ctx.canvas);
  const samples: Record<string, Sample[]> = { first: [first], zoom: [] };
  for (const [min, max] of views(shape.points, repeat)) {
    const work = async () => {
      for (const plot of plots) plot.setScale("x", { min, max });
      await Promise.resolve();
    };
    samples.zoom!.push(await time(canvases, work));
  }
  for (const plot of plots) plot.destroy();
  return samples;
}

Object.assign(window, { bench: { ours, uPlot: peer } });

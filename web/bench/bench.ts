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
import type { Band } from "../src/plots/plot_types.ts";
import { append, type PointsSeries } from "../src/plots/series.ts";
import { smoothSeries } from "../src/plots/smooth.ts";

interface Shape {
  panels: number;
  runs: number;
  points: number;
  wide: boolean;
  uplotWidth: number;
  /** Only the first draw and this: for measures taken from outside. */
  only?: "zoom" | "toggle" | "slider" | "bands";
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

async function ours(shape: Shape, repeat: number): Promise<Samples> {
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
  const samples: Samples = { first: [first], zoom: [], hover: [], highlight: [] };
  const all = (work: (plot: LinePlot) => void) => () => {
    for (const plot of plots) {
      work(plot);
      plot.flush();
    }
  };
  const { only } = shape;
  if (only === undefined || only === "zoom") {
    for (const [x0, x1] of views(shape.points, repeat)) {
      samples.zoom!.push(await time(canvases, all((plot) => plot.setView({ x0, x1 }))));
    }
    all((plot) => plot.setView(null))();
  }
  if (only === undefined || only === "toggle") await toggle(plots, lines, repeat, samples);
  if (only === undefined || only === "slider") {
    await smoothed(plots, lines, shape, repeat, samples);
  }
  if (only === undefined || only === "bands") await banded(plots, lines, shape, repeat, samples);
  if (only !== undefined) {
    for (const plot of plots) plot.destroy();
    return samples;
  }
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

type Samples = Record<string, Sample[]>;

/** Hides one run in all panels, and shows it again. */
async function toggle(
  plots: readonly LinePlot[],
  lines: readonly (readonly Line[])[],
  repeat: number,
  samples: Samples,
): Promise<void> {
  samples.toggle = [];
  const canvases = dataCanvases();
  for (let i = 0; i < repeat; i++) {
    const run = `r${i % lines[0]!.length}`;
    const fewer = lines.map((panel) => panel.filter((one) => one.run !== run));
    for (const shown of [fewer, lines]) {
      const work = () => {
        plots.forEach((plot, k) => {
          plot.update(shown[k]!, OPTIONS);
          plot.flush();
        });
      };
      samples.toggle.push(await time(canvases, work));
    }
  }
}

/** Drags a smoothing slider: every line is smoothed anew, with the raw values behind it. */
async function smoothed(
  plots: readonly LinePlot[],
  lines: readonly (readonly Line[])[],
  shape: Shape,
  repeat: number,
  samples: Samples,
): Promise<void> {
  samples.slider = [];
  samples["smooth zoom"] = [];
  const canvases = dataCanvases();
  for (let i = 0; i < repeat; i++) {
    const weight = 0.5 + (0.45 * i) / repeat;
    const work = () => {
      plots.forEach((plot, k) => {
        const drawn = lines[k]!.map((one) => ({
          ...one,
          series: smoothSeries(one.series, "", { kind: "ema", weight }),
        }));
        plot.update(drawn, { ...OPTIONS, outliers: "auto" });
        plot.flush();
      });
    };
    samples.slider.push(await time(canvases, work));
  }
  for (const [x0, x1] of views(shape.points, repeat)) {
    const work = () => {
      for (const plot of plots) {
        plot.setView({ x0, x1 });
        plot.flush();
      }
    };
    samples["smooth zoom"].push(await time(canvases, work));
  }
  plots.forEach((plot, k) => {
    plot.update(lines[k]!, OPTIONS);
  });
}

/** Zooms five bands with all runs faintly behind them. */
async function banded(
  plots: readonly LinePlot[],
  lines: readonly (readonly Line[])[],
  shape: Shape,
  repeat: number,
  samples: Samples,
): Promise<void> {
  samples["band zoom"] = [];
  const canvases = dataCanvases();
  const grid = Math.min(2000, shape.points);
  plots.forEach((plot, k) => {
    const members = lines[k]!.map((one) => ({ ...one, role: "member" as const }));
    const bands = lines[k]!.slice(0, 5).map(({ series, color }, i): Band => {
      const y = (series as PointsSeries).y;
      const center = Float64Array.from({ length: grid }, (_, at) => {
        return y[Math.floor((at * y.length) / grid)]!;
      });
      const n = new Int32Array(grid).fill(20);
      const x = { start: 0, stride: shape.points / grid, length: grid };
      return {
        ...{ id: `g${i}`, label: `group ${i}`, color, isShaded: true },
        series: {
          ...{ group: `g${i}`, key: "loss", runs: 20, exact: true, x, center, n },
          lo: center.map((value) => value - 0.1),
          hi: center.map((value) => value + 0.1),
        },
      };
    });
    plot.update(members, OPTIONS, bands);
    plot.flush();
  });
  for (const [x0, x1] of views(shape.points, repeat)) {
    const work = () => {
      for (const plot of plots) {
        plot.setView({ x0, x1 });
        plot.flush();
      }
    };
    samples["band zoom"].push(await time(canvases, work));
  }
  plots.forEach((plot, k) => {
    plot.update(lines[k]!, OPTIONS);
    plot.flush();
  });
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

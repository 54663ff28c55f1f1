/** Parallel axes: a line for each run; a drag on an axis brushes, a drag of its heading moves it. */
import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import {
  createParallelPlot,
  type ParallelData,
  type ParallelPlot,
} from "../../plots/parallel_plot.ts";
import { brushesOf, type Hparams } from "../../state/hparams.ts";
import { openSheet } from "../../state/sheet.ts";
import { theme } from "../../state/theme.ts";
import { AxisHead } from "./axis_head.tsx";
import { plotAxis, pointedRun, RAMPS, RunCard } from "./run_card.tsx";

/** Below this width of an axis the plot scrolls sideways. */
const LEAST_GAP = 96;
const SIDES = 108;
/** Height of the headings, above the plot. */
const HEADS = 30;

export function Parallel({ hparams }: { hparams: Hparams }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<ParallelPlot | null>(null);
  const [lefts, setLefts] = useState<readonly number[]>([]);
  const [hover, setHover] = useState<{ left: number; top: number } | null>(null);
  const count = hparams.axes.value.length;

  useLayoutEffect(() => {
    const element = box.current!;
    const made = createParallelPlot(element, dataOf(hparams), targetOf(hparams, element, setHover));
    // For whoever inspects the page: tests read from it where axes and lines are.
    Object.assign(element, { plot: made });
    const place = () => setLefts(made.lefts());
    const watcher = new ResizeObserver(place);
    watcher.observe(element);
    place();
    setPlot(made);
    return () => {
      watcher.disconnect();
      made.destroy();
    };
  }, [hparams]);
  // What is read is read without a plot, too: an effect follows only the signals that it has read.
  useSignalEffect(() => {
    const data = dataOf(hparams);
    plot?.update(data);
  });
  useSignalEffect(() => {
    const run = pointedRun(hparams);
    plot?.highlight(run);
  });
  useLayoutEffect(() => {
    plot?.update(dataOf(hparams));
    if (plot) setLefts(plot.lefts());
  }, [plot, count, hparams]);

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
    <section class="parallel" aria-label="Parallel axes" tabIndex={0}>
      <div class="parallel-inner" style={{ minWidth: `${(count - 1) * LEAST_GAP + SIDES}px` }}>
        <div class="axis-heads">
          {hparams.axes.value.map((axis, i) => (
            <AxisHead
              key={axis.column}
              hparams={hparams}
              axis={axis}
              index={i}
              lefts={lefts}
              width={gapOf(lefts) - 6}
            />
          ))}
        </div>
        <div ref={box} class="parallel-plot" role="img" aria-label={sentenceOf(hparams)} />
        {hover !== null && <RunCard hparams={hparams} at={{ ...hover, top: hover.top + HEADS }} />}
      </div>
    </section>
  );
}

function gapOf(lefts: readonly number[]): number {
  return lefts.length < 2 ? 160 : Math.min(190, lefts[1]! - lefts[0]!);
}

function dataOf(hparams: Hparams): ParallelData {
  return {
    axes: hparams.axes.value.map(plotAxis),
    colors: hparams.colorAxis.value?.shares ?? null,
    selected: hparams.selected.value,
    ramp: RAMPS[theme.value],
  };
}

function targetOf(
  hparams: Hparams,
  element: HTMLElement,
  setHover: (place: { left: number; top: number } | null) => void,
) {
  return {
    onBrush(id: string, ranges: readonly { from: number; to: number }[], isDone: boolean): void {
      const axis = hparams.axes.peek().find((one) => one.column === id);
      if (axis === undefined || !hparams.isOpen.peek()) return;
      const brushes = brushesOf(axis.axis, ranges, 1 / Math.max(1, element.clientHeight));
      if (isDone) hparams.brush(id, brushes);
      else hparams.sketch(new Map([[id, brushes]]));
    },
    onHover(run: number | null, left: number, top: number): void {
      hparams.pointed.value = run;
      hparams.ws.lit.value = run === null ? null : (hparams.runs.peek()[run]?.uid ?? null);
      setHover(run === null ? null : { left, top });
    },
    onPick(run: number): void {
      const picked = hparams.runs.peek()[run];
      if (picked === undefined) return;
      hparams.ws.learn([picked]);
      openSheet(picked.uid);
    },
  };
}

function sentenceOf(hparams: Hparams): string {
  const labels = hparams.axes.value.map(({ label }) => label).join(", ");
  const { length } = hparams.runs.value;
  return `${hparams.selectedCount.value} of ${length} runs over ${labels}. The headings have what a drag does.`;
}

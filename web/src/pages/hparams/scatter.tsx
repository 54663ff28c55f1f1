/** Each metric over each setting, as points; a box drawn in one of them brushes both axes. */
import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import {
  createScatterMatrix,
  type ScatterBox,
  type ScatterData,
  type ScatterMatrix,
} from "../../plots/scatter_matrix.ts";
import { isMetric } from "../../state/hparam_axes.ts";
import { brushesOf, type HparamAxis, type Hparams } from "../../state/hparams.ts";
import { openSheet } from "../../state/sheet.ts";
import { theme } from "../../state/theme.ts";
import { plotAxis, pointedRun, RAMPS, RunCard } from "./run_card.tsx";

const LEAST_WIDTH = 130;
const LEAST_HEIGHT = 150;

export function Scatter({ hparams }: { hparams: Hparams }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<ScatterMatrix | null>(null);
  const [hover, setHover] = useState<{ left: number; top: number } | null>(null);
  const { columns, rows } = partsOf(hparams.axes.value);
  const isEmpty = columns.length === 0 || rows.length === 0;

  useLayoutEffect(() => {
    if (isEmpty) return;
    const element = box.current!;
    const made = createScatterMatrix(element, dataOf(hparams), {
      onBrush: (column, row, drawn, isDone) =>
        brushCell(hparams, [column, row], drawn, isDone, element),
      onHover: (run, left, top) => {
        hparams.pointed.value = run;
        hparams.ws.lit.value = run === null ? null : (hparams.runs.peek()[run]?.uid ?? null);
        setHover(run === null ? null : { left, top });
      },
      onPick: (run) => {
        const picked = hparams.runs.peek()[run];
        if (picked === undefined) return;
        hparams.ws.learn([picked]);
        openSheet(picked.uid);
      },
    });
    Object.assign(element, { plot: made });
    setPlot(made);
    return () => made.destroy();
  }, [hparams, isEmpty]);
  // What is read is read without a plot, too: an effect follows only the signals that it has read.
  useSignalEffect(() => {
    const data = dataOf(hparams);
    plot?.update(data);
  });
  useSignalEffect(() => {
    const run = pointedRun(hparams);
    plot?.highlight(run);
  });
  useLayoutEffect(() => plot?.update(dataOf(hparams)), [plot, hparams]);

  if (isEmpty) {
    return (
      <p class="list-notice">
        The matrix has a column for each setting and a row for each metric: pick some of both with
        “Columns”.
      </p>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
    <section class="scatter" aria-label="Scatter matrix" tabIndex={0}>
      <div
        class="scatter-inner"
        style={{
          minWidth: `${columns.length * LEAST_WIDTH}px`,
          minHeight: `${rows.length * LEAST_HEIGHT}px`,
        }}
      >
        <div ref={box} class="scatter-plot" role="img" aria-label={sentenceOf(hparams)} />
        {hover !== null && <RunCard hparams={hparams} at={hover} />}
      </div>
    </section>
  );
}

function partsOf(axes: readonly HparamAxis[]): {
  columns: readonly HparamAxis[];
  rows: readonly HparamAxis[];
} {
  return {
    columns: axes.filter(({ column }) => !isMetric(column)),
    rows: axes.filter(({ column }) => isMetric(column)),
  };
}

function dataOf(hparams: Hparams): ScatterData {
  const { columns, rows } = partsOf(hparams.axes.value);
  const shown = (one: HparamAxis) => ({ ...plotAxis(one), label: one.label });
  return {
    columns: columns.map(shown),
    rows: rows.map(shown),
    colors: hparams.colorAxis.value?.shares ?? null,
    selected: hparams.selected.value,
    ramp: RAMPS[theme.value],
  };
}

function brushCell(
  hparams: Hparams,
  [column, row]: readonly [string, string],
  box: ScatterBox | null,
  isDone: boolean,
  element: HTMLElement,
): void {
  if (!hparams.isOpen.peek()) return;
  const axisOf = (name: string) => hparams.axes.peek().find((one) => one.column === name)!.axis;
  const changes = new Map([
    [column, box === null ? [] : brushesOf(axisOf(column), [box.x], 1 / element.clientWidth)],
    [row, box === null ? [] : brushesOf(axisOf(row), [box.y], 1 / element.clientHeight)],
  ]);
  if (isDone) hparams.brushAll(changes);
  else hparams.sketch(changes);
}

function sentenceOf(hparams: Hparams): string {
  const { columns, rows } = partsOf(hparams.axes.value);
  const names = (axes: readonly HparamAxis[]) => axes.map(({ label }) => label).join(", ");
  const { length } = hparams.runs.value;
  return `${names(rows)} over ${names(columns)}: ${hparams.selectedCount.value} of ${length} runs pass the brushes.`;
}

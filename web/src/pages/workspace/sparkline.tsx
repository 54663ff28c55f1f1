/** A run's line in its row of the list. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { formatValue } from "../../base/numbers.ts";
import type { Run } from "../../data/wire.ts";
import { factsOf } from "../../panels/line/statistics.ts";
import type { Series } from "../../plots/series.ts";
import { drawSpark } from "../../plots/spark.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { SPARK, sparksOf } from "./sparks.ts";

/** CSS pixels. */
const LINE = 1.25;

export interface SparklineProps {
  ws: Workspace;
  run: Run;
}

export function Sparkline({ ws, run }: SparklineProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const sparks = sparksOf(ws);
  useLayoutEffect(() => sparks.enter(run.uid), [sparks, run.uid]);
  const series = useComputed(() => sparks.seriesOf(run.uid)).value;
  const isLog = sparks.isLog.value;
  const color = ws.paint.value(run)[theme.value];
  const said = useMemo(() => (series === null ? "No values" : describe(series)), [series]);
  useLayoutEffect(() => {
    draw(canvas.current!, series, color, isLog);
  }, [series, color, isLog]);
  return <canvas ref={canvas} class="spark" role="img" aria-label={said} title={said} />;
}

function draw(
  canvas: HTMLCanvasElement,
  series: Series | null,
  color: string,
  isLog: boolean,
): void {
  const ratio = devicePixelRatio;
  const width = Math.round(SPARK.width * ratio);
  const height = Math.round(SPARK.height * ratio);
  // To set its size empties it.
  canvas.width = width;
  canvas.height = height;
  if (series === null) return;
  const pen = canvas.getContext("2d")!;
  pen.beginPath();
  if (!drawSpark(pen, series, { width, height, inset: Math.ceil(2 * ratio) }, isLog)) return;
  pen.strokeStyle = color;
  pen.lineWidth = LINE * ratio;
  pen.lineJoin = "round";
  pen.lineCap = "round";
  pen.stroke();
}

/** What the line shows, in words. */
function describe(series: Series): string {
  const { last, min, max } = factsOf(series);
  const ends = `last ${formatValue(last)}`;
  return min <= max
    ? `${series.key}: ${ends}, from ${formatValue(min)} to ${formatValue(max)}`
    : `${series.key}: ${ends}`;
}

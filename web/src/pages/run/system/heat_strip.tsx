/** Many devices as strips, one above the other: the time from left to right, the value as a colour. */
import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatValue } from "../../../base/numbers.ts";
import { rampColor, rampGradient } from "../../../base/ramp.ts";
import { formatDuration } from "../../../base/times.ts";
import type { Series } from "../../../plots/series.ts";
import { theme } from "../../../state/theme.ts";
import type { SystemChart } from "./metrics.ts";
import type { SharedTime } from "./shared_time.ts";
import { type ChartModel, sentenceOf } from "./system_chart.tsx";
import { endOf, extremesOf, nearestTo, startOf, valueAt } from "./values.ts";

const LEAST_ROW = 7;

interface StripProps {
  model: ChartModel;
  chart: SystemChart;
  time: SharedTime;
}

interface Said {
  left: number;
  top: number;
  text: string;
}

export function HeatStrip({ model, chart, time }: StripProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [said, setSaid] = useState<Said | null>(null);
  const devices = model.devices.value;
  const series = devices.flatMap(({ line }) => (line === null ? [] : [line.series]));
  const span = spanOf(series, time.view.value);
  const range = chart.unit === "%" ? ([0, 100] as const) : extremesOf(series);

  useEffect(() => {
    const element = canvas.current!;
    const draw = () => {
      const lines = model.devices.value.map(({ line }) => line?.series ?? null);
      const known = lines.filter((one) => one !== null);
      drawStrips(element, lines, {
        span: spanOf(known, time.view.value),
        range: chart.unit === "%" ? [0, 100] : extremesOf(known),
        theme: theme.value,
      });
    };
    const observer = new ResizeObserver(() => {
      model.px.value = Math.max(64, element.clientWidth * (devicePixelRatio || 1));
      draw();
    });
    observer.observe(element);
    const stop = effect(draw);
    return () => {
      observer.disconnect();
      stop();
    };
  }, [model, chart, time]);

  function point(event: PointerEvent): void {
    const box = canvas.current!.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * devices.length);
    const x = span[0] + ((event.clientX - box.left) / box.width) * (span[1] - span[0]);
    time.hover.value = { chart: chart.title, x };
    const device = devices[Math.min(devices.length - 1, Math.max(0, row))];
    if (!device?.line) {
      setSaid(null);
      return;
    }
    const index = nearestTo(device.line.series, x);
    const value =
      index < 0 ? "–" : `${formatValue(valueAt(device.line.series, index))} ${chart.unit}`;
    setSaid({
      left: event.clientX - box.left,
      top: event.clientY - box.top,
      text: `${device.label}: ${value} at ${formatDuration(x)}`,
    });
  }

  const cursor = time.hover.value;
  const share = cursor === null ? -1 : (cursor.x - span[0]) / (span[1] - span[0]);
  return (
    <div class="strip-part">
      <ul class="strip-names" aria-hidden="true">
        {devices.map(({ label }, i) => (
          <li key={label}>{devices.length <= 24 || i % 8 === 0 ? label : ""}</li>
        ))}
      </ul>
      <div class="strip-map">
        <canvas
          ref={canvas}
          role="img"
          aria-label={sentenceOf(chart, devices)}
          onPointerMove={point}
          onPointerLeave={() => {
            setSaid(null);
            time.hover.value = null;
          }}
        />
        {share >= 0 && share <= 1 && (
          <span class="strip-cursor" style={{ left: `${share * 100}%` }} />
        )}
        {said && (
          <span
            class={`strip-said${said.left > 220 ? " left" : ""}`}
            role="tooltip"
            style={{ left: `${said.left}px`, top: `${said.top}px` }}
          >
            {said.text}
          </span>
        )}
      </div>
      <p class="strip-scale">
        <span>{formatDuration(span[0])}</span>
        <span class="spread" />
        <span>{range === null ? "" : formatValue(range[0])}</span>
        <span class="strip-ramp" style={{ backgroundImage: rampGradient(theme.value) }} />
        <span>{range === null ? "" : `${formatValue(range[1])} ${chart.unit}`}</span>
        <span class="spread" />
        <span>{formatDuration(span[1])}</span>
      </p>
    </div>
  );
}

/** The time that is shown, in seconds since the start. */
function spanOf(
  series: readonly Series[],
  view: readonly [number, number] | null,
): readonly [number, number] {
  if (view !== null) return view;
  const known = (xs: number[]) => xs.filter((x) => !Number.isNaN(x));
  // The machine may have been measured before the script logged its first row.
  const start = Math.min(0, ...known(series.map(startOf)));
  const end = Math.max(0, ...known(series.map(endOf)));
  return [start, end > start ? end : start + 1];
}

interface Drawing {
  span: readonly [number, number];
  range: readonly [number, number] | null;
  theme: "light" | "dark";
}

function drawStrips(
  canvas: HTMLCanvasElement,
  rows: readonly (Series | null)[],
  { span, range, theme }: Drawing,
): void {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio].map(Math.round);
  if (width === 0 || height === 0) return;
  canvas.width = width!;
  canvas.height = height!;
  const context = canvas.getContext("2d")!;
  context.clearRect(0, 0, width!, height!);
  if (range === null) return;
  const tall = height! / rows.length;
  const gap = tall > LEAST_ROW ? Math.round(ratio) : 0;
  const scale = range[1] > range[0] ? range[1] - range[0] : 1;
  rows.forEach((series, row) => {
    if (series === null) return;
    const top = Math.round(row * tall);
    const bottom = Math.round((row + 1) * tall) - gap;
    const [start, end] = [startOf(series), endOf(series)];
    for (let x = 0; x < width!; x++) {
      const moment = span[0] + ((x + 0.5) / width!) * (span[1] - span[0]);
      if (moment < start || moment > end) continue;
      const index = nearestTo(series, moment);
      const value = index < 0 ? Number.NaN : valueAt(series, index);
      if (!Number.isFinite(value)) continue;
      context.fillStyle = rampColor((value - range[0]) / scale)[theme];
      context.fillRect(x, top, 1, bottom - top);
    }
  });
}

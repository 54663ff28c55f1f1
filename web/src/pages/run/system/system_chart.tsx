/** One chart of a run's machine: a line for each device, or a strip for each where there are many. */
import { effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatValue } from "../../../base/numbers.ts";
import { slotOf, slots } from "../../../base/palette.ts";
import type { RunDetail } from "../../../data/wire.ts";
import { Tooltip } from "../../../panels/line/tooltip.tsx";
import { Watches } from "../../../panels/line/watches.ts";
import { createLinePlot } from "../../../plots/line_plot.ts";
import type { Hover, Line, LinePlot } from "../../../plots/plot_types.ts";
import { theme } from "../../../state/theme.ts";
import type { Workspace } from "../../../state/workspace.ts";
import { Toggle } from "../../../widgets/toggle.tsx";
import { HeatStrip } from "./heat_strip.tsx";
import type { SystemChart } from "./metrics.ts";
import type { SharedTime } from "./shared_time.ts";
import { lastOf } from "./values.ts";

/** Lines that are told apart; more devices are strips. */
export const MOST_LINES = 8;
const SPOKEN = 8;
const FIRST_PX = 600;

interface ChartProps {
  ws: Workspace;
  run: RunDetail;
  chart: SystemChart;
  time: SharedTime;
}

export interface DeviceLine {
  readonly label: string;
  readonly line: Line | null;
}

export function ChartOfSystem({ ws, run, chart, time }: ChartProps): JSX.Element {
  const isMany = chart.devices.length > MOST_LINES;
  const [areLines, setLines] = useState(!isMany);
  const figure = useRef<HTMLElement>(null);
  const model = useMemo(() => new ChartModel(ws, run.uid, time), [ws, run.uid, time]);
  model.chart.value = chart;
  useEffect(() => model.watch(figure.current!), [model]);
  const devices = model.devices.value;
  const error = model.error.value;
  const single = devices.length === 1 ? devices[0]! : null;
  return (
    <figure ref={figure} class={`system-chart${isMany && !areLines ? " strips" : ""}`}>
      <figcaption>
        <h3>
          {chart.title}
          {chart.unit && <em> {chart.unit}</em>}
        </h3>
        {single?.line && (
          <b class="system-last">{valueText(lastOf(single.line.series), chart.unit)}</b>
        )}
        {isMany && <Toggle label="Lines" isOn={areLines} onTurn={setLines} />}
      </figcaption>
      {error !== null ? (
        <p class="file-hint error" role="alert">
          {error}
        </p>
      ) : areLines ? (
        <LinePart model={model} chart={chart} time={time} />
      ) : (
        <HeatStrip model={model} chart={chart} time={time} />
      )}
      {areLines && chart.devices.length > 1 && (
        <ul class="system-legend" aria-label={`Devices of ${chart.title}`}>
          {devices.map(({ label, line }) => (
            <li key={label}>
              <span class="swatch" style={{ backgroundColor: line?.color ?? "transparent" }} />
              <span>{label}</span>
              <b>{line === null ? "" : formatValue(lastOf(line.series))}</b>
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}

function valueText(value: number, unit: string): string {
  return `${formatValue(value)}${unit === "" ? "" : ` ${unit}`}`;
}

/** What a chart asks for while it is in sight. */
export class ChartModel {
  readonly chart = signal<SystemChart>({ section: "", title: "", unit: "", devices: [] });
  readonly devices = signal<readonly DeviceLine[]>([]);
  readonly error = signal<string | null>(null);
  readonly isVisible = signal(false);
  readonly px = signal(FIRST_PX);

  constructor(
    private readonly ws: Workspace,
    private readonly uid: string,
    private readonly time: SharedTime,
  ) {}

  watch(element: HTMLElement): () => void {
    const { ws, uid } = this;
    const watches = new Watches(ws.loader, () => this.read(watches));
    const sight = new IntersectionObserver(
      (entries) => {
        this.isVisible.value = entries.at(-1)!.isIntersecting;
      },
      { rootMargin: "200px" },
    );
    sight.observe(element);
    const stop = effect(() => {
      const { devices } = this.chart.value;
      if (!this.isVisible.value) return;
      const [px, range] = [this.px.value, this.time.view.value];
      watches.update(
        devices.map(({ key }) => ({ key, runs: [uid], x: "relative", range, px, visible: true })),
      );
      this.read(watches);
    });
    // Colours are of the theme.
    const stopTheme = effect(() => {
      void theme.value;
      void slots.value;
      this.read(watches);
    });
    return () => {
      stop();
      stopTheme();
      sight.disconnect();
      watches.close();
    };
  }

  private read(watches: Watches): void {
    const found = watches.series();
    this.error.value = watches.error?.message ?? null;
    this.devices.value = this.chart.peek().devices.map(({ label }, i) => {
      const series = found[i]?.[0];
      const slot = slotOf(i);
      const line: Line | null = series
        ? {
            series,
            run: label,
            label,
            color: slot[theme.peek()],
            ...(slot.isAlwaysDashed || i >= 10 ? { dash: slot.dash } : {}),
          }
        : null;
      return { label, line };
    });
  }
}

interface PartProps {
  model: ChartModel;
  chart: SystemChart;
  time: SharedTime;
}

function LinePart({ model, chart, time }: PartProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<{ hover: Hover; left: number; top: number } | null>(null);

  useEffect(() => {
    const box = element.current!;
    const options = () => ({
      xKind: "relative" as const,
      yLog: false,
      view: time.view.value && { x0: time.view.value[0], x1: time.view.value[1] },
      yRange: chart.unit === "%" ? ([0, 100] as const) : null,
      history: time.history,
      onView: (view: { x0: number; x1: number } | null) => {
        time.view.value = view && [view.x0, view.x1];
      },
      onHover: (at: Hover | null) => {
        if (at === null) {
          if (time.hover.peek()?.chart === chart.title) time.hover.value = null;
          return setHover(null);
        }
        const { left, top } = box.getBoundingClientRect();
        time.hover.value = { chart: chart.title, x: at.x };
        setHover({ hover: at, left: left + at.left, top: top + at.top });
      },
      onWidth: (pixels: number) => {
        model.px.value = pixels;
      },
    });
    const plot: LinePlot = createLinePlot(box, [], options());
    // For whoever inspects the page, as with the charts of logged values.
    Object.assign(box, { plot });
    const stops = [
      effect(() => {
        const lines = model.devices.value.flatMap(({ line }) => (line === null ? [] : [line]));
        void theme.value;
        plot.update(lines, options());
      }),
      effect(() => plot.setVisible(model.isVisible.value)),
      effect(() => {
        const at = time.hover.value;
        if (at === null) plot.setHover(null);
        else if (at.chart !== chart.title) plot.setHover(at.x);
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      plot.destroy();
    };
  }, [model, chart, time]);

  return (
    <>
      <div
        ref={element}
        class="plot"
        role="img"
        aria-label={sentenceOf(chart, model.devices.value)}
      />
      {hover && (
        <Tooltip
          {...hover}
          order="near"
          axis="relative"
          baseline={null}
          isFrozen={false}
          aside=""
        />
      )}
    </>
  );
}

/** The sentence that stands for a chart where it cannot be seen. */
export function sentenceOf(chart: SystemChart, devices: readonly DeviceLine[]): string {
  const values = devices.slice(0, SPOKEN).flatMap(({ label, line }) => {
    if (line === null) return [];
    return [`${label} ${valueText(lastOf(line.series), chart.unit)}`.trim()];
  });
  const more = devices.length > SPOKEN ? ` and ${devices.length - SPOKEN} more` : "";
  return `${chart.title} over the time since the start. Last values: ${values.join(", ")}${more}.`;
}

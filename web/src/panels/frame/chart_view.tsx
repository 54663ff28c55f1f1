/** A chart of a table on the page: the pointer and the keys read it point by point. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Chart, type ChartMark, type Hit, hitBeside, placeOf } from "../../plots/chart.ts";
import { type ChartPlot, createChartPlot } from "../../plots/chart_plot.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Fact, MediaTip } from "./media_tip.tsx";
import "../../styles/chart_view.css";

interface ChartViewProps {
  /** Null: a chart of no workspace, in which no run is highlighted. */
  ws: Workspace | null;
  chart: Chart;
  /** What it is, in words. */
  label: string;
  facts: (chart: Chart, mark: ChartMark, index: number) => readonly (readonly [string, string])[];
}

interface Hover {
  hit: Hit;
  left: number;
  top: number;
  /** By the keyboard: what it has come to is read out. */
  isSpoken: boolean;
}

const MOST_LEGEND = 14;

export function ChartView({ ws, chart, label, facts }: ChartViewProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<ChartPlot | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const highlighted = ws?.highlighted.value ?? null;
  useLayoutEffect(() => {
    const made = createChartPlot(box.current!, {
      onHover: (hit, left, top) => {
        if (ws !== null) ws.lit.value = hit?.mark.run ?? null;
        setHover(hit === null ? null : { hit, left, top, isSpoken: false });
      },
      onPick: ({ mark }) => ws?.select(mark.run),
    });
    // For whoever inspects the page: tests read from it where things are.
    Object.assign(box.current!, { plot: made });
    setPlot(made);
    return () => made.destroy();
  }, [ws]);
  useEffect(() => plot?.update(chart, highlighted), [plot, chart, highlighted, theme.value]);
  useEffect(() => plot?.mark(hover?.hit ?? null), [plot, hover]);
  const shown = hover !== null && chart.marks.includes(hover.hit.mark) ? hover : null;

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || plot === null) return;
    const next = hitBeside(chart.marks, shown?.hit ?? null, event.key);
    if (!/^(Arrow|Home|End)/.test(event.key) || next === null) return;
    event.preventDefault();
    event.stopPropagation();
    const { x, y } = plot.frame();
    const [atX, atY] = placeOf(next);
    setHover({ hit: next, left: x.toPixel(atX), top: y.toPixel(atY), isSpoken: true });
  }

  return (
    <div class="chart-view">
      <Legend ws={ws} chart={chart} />
      <div
        ref={box}
        class="chart-plot"
        role="img"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard reads the chart point by point
        tabIndex={0}
        onKeyDown={onKey}
        onBlur={() => setHover(null)}
      >
        {shown !== null && (
          <MediaTip
            left={shown.left}
            top={shown.top}
            title={shown.hit.mark.label}
            color={shown.hit.mark.color}
          >
            {facts(chart, shown.hit.mark, shown.hit.index).map(([name, value]) => (
              <Fact key={name} name={name} value={value} />
            ))}
          </MediaTip>
        )}
      </div>
      <span class="sr" aria-live="polite">
        {shown?.isSpoken &&
          [
            shown.hit.mark.label,
            ...facts(chart, shown.hit.mark, shown.hit.index).map((fact) => fact.join(" ")),
          ].join(", ")}
      </span>
    </div>
  );
}

/** The colours of what is drawn, where there are several. */
function Legend({ ws, chart }: { ws: Workspace | null; chart: Chart }): JSX.Element | null {
  const { marks } = chart;
  if (marks.length < 2) return null;
  return (
    <ul class="chart-legend">
      {marks.slice(0, MOST_LEGEND).map((mark) => (
        <li
          key={`${mark.run} ${mark.label}`}
          title={mark.label}
          onPointerEnter={() => {
            if (ws !== null) ws.pointedRun.value = mark.run;
          }}
          onPointerLeave={() => {
            if (ws !== null) ws.pointedRun.value = null;
          }}
        >
          <svg width="14" height="8" aria-hidden="true">
            {mark.type === "line" ? (
              <line
                x1="0"
                y1="4"
                x2="14"
                y2="4"
                stroke={mark.color}
                stroke-width="2"
                stroke-dasharray={mark.dash.join(" ")}
              />
            ) : (
              <circle cx="7" cy="4" r="3.5" fill={mark.color} />
            )}
          </svg>
          <span>{mark.label}</span>
        </li>
      ))}
      {marks.length > MOST_LEGEND && <li class="quiet">+{marks.length - MOST_LEGEND} more</li>}
    </ul>
  );
}

/** Custom scalars: the charts that runs have laid out with `add_custom_scalars`, by category. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import type { ObjectPick } from "../../data/objects.ts";
import { useObjects } from "../../state/objects.ts";
import { panelId } from "../../state/panel_kinds.ts";
import { optionsOf, setOption } from "../../state/panel_options.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { NoRunsCover, showsNoRun } from "../frame/no_runs.tsx";
import type { PanelPlace } from "../frame/panel_place.tsx";
import { baselineOf } from "./drawing.ts";
import {
  keysOfChart,
  type LayoutCategory,
  type LayoutChart,
  mergeLayouts,
  readLayout,
} from "./layout.ts";
import { LayoutModel } from "./layout_model.ts";
import { LineTable } from "./line_table.tsx";
import { Tooltip } from "./tooltip.tsx";
import "../../styles/layout_panel.css";

/** The newest layout of each run, whatever step the page is at. */
const NEWEST: ObjectPick = { last: true };

/** The tag under which TensorBoard's layouts are written. */
const TENSORBOARD_KEY = "custom_scalars__config__";

export function LayoutPanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const id = panelId(metric, "layout");
  const objects = useObjects(ws, metric, NEWEST, { isVisible }).value;
  const categories = useMemo(
    () => mergeLayouts(objects.entries.map((entry) => readLayout(entry.values.at(-1)?.value))),
    [objects.entries],
  );
  const only = isFull ? chartNamed(categories, optionsOf(ws, id).chart) : null;
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="layout"
      place={place}
      isFull={isFull}
      objects={objects}
      title={metric.name === TENSORBOARD_KEY ? "Charts of the layout" : metric.name}
      tools={
        only && (
          <button type="button" class="chip" onClick={() => setOption(ws, id, "chart", null)}>
            <Icon name="grid" /> All
          </button>
        )
      }
    >
      {only ? (
        <Alone ws={ws} id={id} {...only} place={place} isVisible={isVisible} />
      ) : (
        <div class="layout-categories">
          {categories.map((category) => (
            <Category
              key={category.title}
              ws={ws}
              id={id}
              category={category}
              isVisible={isVisible}
            />
          ))}
        </div>
      )}
    </MediaFrame>
  );
}

interface Named {
  category: string;
  chart: LayoutChart;
}

/** How the address names a chart: as nothing in a title is. */
function nameOf(category: string, chart: LayoutChart): string {
  return `${category}\n${chart.title}`;
}

function chartNamed(categories: readonly LayoutCategory[], name: string | undefined): Named | null {
  for (const { title, charts } of categories) {
    for (const chart of charts)
      if (nameOf(title, chart) === name) return { category: title, chart };
  }
  return null;
}

const TABLE_WIDTH = 470;
/** Width from which the table stands beside the chart, in CSS pixels. */
const WIDE = 900;

interface AloneProps extends Named {
  ws: Workspace;
  id: string;
  place: PanelPlace;
  isVisible: boolean;
}

/** One chart in full screen, and what its lines hold: as a line panel there. */
function Alone({ ws, id, category, chart, place, isVisible }: AloneProps): JSX.Element {
  const { keys } = keysOfChart(
    chart,
    ws.chartKeys.value.map((key) => key.name),
  );
  const shown = keys.flatMap((name) => ws.chartKeys.value.find((key) => key.name === name) ?? []);
  const isWide = place.width >= WIDE;
  const columns = isWide ? `minmax(0, 1fr) ${TABLE_WIDTH}px` : "minmax(0, 1fr)";
  return (
    <div
      class="layout-alone"
      style={{
        gridTemplateColumns: columns,
        gridTemplateRows: isWide ? "minmax(0, 1fr)" : "60% auto",
      }}
    >
      <Chart
        ws={ws}
        id={JSON.stringify([id, category, chart.title])}
        chart={chart}
        isVisible={isVisible}
      />
      <div class="layout-side">
        {shown.map((key) => (
          <LineTable key={key.name} ws={ws} metric={key} isTitled />
        ))}
      </div>
    </div>
  );
}

interface CategoryProps {
  ws: Workspace;
  id: string;
  category: LayoutCategory;
  isVisible: boolean;
}

function Category({ ws, id, category, isVisible }: CategoryProps): JSX.Element {
  const { title, isClosed, charts } = category;
  // Categories that are not as their layout has them, separated as nothing in a title is.
  const folded = useComputed(() =>
    (optionsOf(ws, id).fold ?? "").split("\n").filter(Boolean),
  ).value;
  const isOpen = isClosed === folded.includes(title);

  function toggle(): void {
    const next = folded.includes(title)
      ? folded.filter((one) => one !== title)
      : [...folded, title];
    setOption(ws, id, "fold", next.length === 0 ? null : next.join("\n"));
  }

  return (
    <section class="layout-category" aria-label={title}>
      <h4>
        <button type="button" class="section-head" aria-expanded={isOpen} onClick={toggle}>
          <Icon name={isOpen ? "chevronDown" : "chevronRight"} />
          {title}
          <span class="section-count">{groupDigits(charts.length)}</span>
        </button>
      </h4>
      {isOpen && (
        <div class="layout-charts">
          {charts.map((chart) => (
            <Chart
              key={`${chart.kind} ${chart.title}`}
              ws={ws}
              id={JSON.stringify([id, title, chart.title])}
              chart={chart}
              isVisible={isVisible}
              onExpand={() => {
                setOption(ws, id, "chart", nameOf(title, chart));
                ws.setFull(id);
              }}
            />
          ))}
        </div>
      )}
    </section>
  );
}

interface ChartProps {
  ws: Workspace;
  id: string;
  chart: LayoutChart;
  isVisible: boolean;
  /** Where it is not alone already. */
  onExpand?: () => void;
}

function Chart({ ws, id, chart, isVisible, onExpand }: ChartProps): JSX.Element {
  const model = useMemo(() => new LayoutModel(ws, id), [ws, id]);
  const label = useComputed(() => model.sentence.value || model.chart.value.title);
  const box = useRef<HTMLDivElement>(null);
  // The same chart is read anew with each answer.
  if (JSON.stringify(model.chart.peek()) !== JSON.stringify(chart)) model.chart.value = chart;
  model.isVisible.value = isVisible;
  useLayoutEffect(() => {
    model.at(box.current!);
    return model.mount(box.current!);
  }, [model]);
  const names = ws.chartKeys.value.map((key) => key.name);
  const { keys, more, fault } = keysOfChart(chart, names);
  return (
    <figure class="layout-chart" data-chart={chart.title}>
      <figcaption>
        <b>{chart.title}</b>
        <span class="quiet" title={keys.join("\n")}>
          {keysText(keys, more)}
        </span>
        {onExpand && (
          <button
            type="button"
            class="icon-button"
            aria-label={`${chart.title} in full screen`}
            title="Full screen"
            onClick={onExpand}
          >
            <Icon name="expand" />
          </button>
        )}
      </figcaption>
      <div class="layout-plot" ref={box} role="img" aria-label={label} />
      {fault !== null && <p class="layout-note">/{fault}/ cannot be read.</p>}
      <Nothing ws={ws} model={model} chart={chart} hasKeys={keys.length > 0} />
      <ChartTip ws={ws} model={model} />
    </figure>
  );
}

function keysText(keys: readonly string[], more: number): string {
  const text = keys.length > 3 ? `${groupDigits(keys.length)} keys` : keys.join(", ");
  return more > 0 ? `${text}; no room for ${groupDigits(more)} more` : text;
}

function Nothing(props: {
  ws: Workspace;
  model: LayoutModel;
  chart: LayoutChart;
  hasKeys: boolean;
}): JSX.Element | null {
  const { ws, model, chart, hasKeys } = props;
  if (hasKeys && model.count.value !== 0) return null;
  if (hasKeys && showsNoRun(ws)) return <NoRunsCover ws={ws} />;
  const wanted =
    chart.kind === "multiline"
      ? chart.patterns.map((one) => `/${one}/`)
      : chart.margins.map(({ value }) => value);
  return (
    <p class="panel-cover">
      {hasKeys
        ? "None of the runs shown has logged this."
        : `No key of the project matches ${wanted.join(", ")}.`}
    </p>
  );
}

function ChartTip({ ws, model }: { ws: Workspace; model: LayoutModel }): JSX.Element | null {
  const shown = model.hover.value;
  if (shown === null) return null;
  return (
    <Tooltip
      {...shown}
      order={ws.still.value.tip}
      axis={model.axis()}
      baseline={baselineOf(ws)}
      isFrozen={false}
      aside=""
    />
  );
}

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
import { baselineOf } from "./drawing.ts";
import {
  keysOfChart,
  type LayoutCategory,
  type LayoutChart,
  mergeLayouts,
  readLayout,
} from "./layout.ts";
import { LayoutModel } from "./layout_model.ts";
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
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="layout"
      place={place}
      isFull={isFull}
      objects={objects}
      title={metric.name === TENSORBOARD_KEY ? "Charts of the layout" : metric.name}
    >
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
    </MediaFrame>
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
}

function Chart({ ws, id, chart, isVisible }: ChartProps): JSX.Element {
  const model = useMemo(() => new LayoutModel(ws, id), [ws, id]);
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
      </figcaption>
      <div class="layout-plot" ref={box} role="img" aria-label={model.sentence} />
      {fault !== null && <p class="layout-note">/{fault}/ cannot be read.</p>}
      <Nothing model={model} chart={chart} hasKeys={keys.length > 0} />
      <ChartTip ws={ws} model={model} />
    </figure>
  );
}

function keysText(keys: readonly string[], more: number): string {
  const text = keys.length > 3 ? `${groupDigits(keys.length)} keys` : keys.join(", ");
  return more > 0 ? `${text}; no room for ${groupDigits(more)} more` : text;
}

function Nothing(props: {
  model: LayoutModel;
  chart: LayoutChart;
  hasKeys: boolean;
}): JSX.Element | null {
  const { model, chart, hasKeys } = props;
  if (hasKeys && model.count.value !== 0) return null;
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
    <Tooltip {...shown} axis={model.axis()} baseline={baselineOf(ws)} isFrozen={false} aside="" />
  );
}

/** A panel with one key (or a few, merged) as lines, one for each run that is shown. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Key } from "../../data/wire.ts";
import { isListAway } from "../../state/list_shown.ts";
import { isPanelChanged, keysIn } from "../../state/panel_edits.ts";
import type { Workspace } from "../../state/workspace.ts";
import { KeyInfo } from "../frame/key_info.tsx";
import { PanelPick } from "../frame/panel_pick.tsx";
import { KeyName, type PanelPlace, placeStyle } from "../frame/panel_place.tsx";
import { PanelCover } from "./panel_cover.tsx";
import { PanelLegend } from "./panel_legend.tsx";
import { PanelModel } from "./panel_model.ts";
import { PanelTools } from "./panel_tools.tsx";
import { PanelTooltip } from "./panel_tooltip.tsx";

interface LinePanelProps {
  ws: Workspace;
  metric: Key;
  place: PanelPlace;
  /** Whether any of it is in the viewport; panels beyond are kept ready and not drawn. */
  isVisible: boolean;
  isFull?: boolean;
}

/** Width that the plot leaves to labels, until it has said how wide its plot area is. */
const LABELS = 52;

/** Width of the plot area of a panel, in device pixels, as far as it can be told before it is there. */
export function firstWidth(width: number): number {
  return Math.max(64, (width - LABELS) * (window.devicePixelRatio || 1));
}

export function LinePanel(props: LinePanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const model = useMemo(() => new PanelModel(ws), [ws]);
  // Before there is anything to tell of the lines.
  const label = useComputed(() => model.sentence.value || metric.name);
  const element = useRef<HTMLDivElement>(null);
  if (model.metric.peek() !== metric) model.metric.value = metric;
  model.isVisible.value = isVisible;
  if (model.px.peek() === 0) model.px.value = firstWidth(place.width);
  useEffect(() => model.mount(element.current!), [model]);
  // The run list is the legend; the table beside a chart in full screen is one, too.
  // Worked out aside, so that a zoom, which changes the view many times a second, renders nothing here.
  const density = useComputed(() => ws.view.value.density).value;
  const axis = useComputed(() => ws.axisOf(metric)).value;
  const isSmall = density === "sparkline" && !isFull;
  const hasLegend = ws.runId === null && isListAway.value && !isFull && !isSmall;

  return (
    <figure
      class={`panel${hasLegend ? " with-legend" : ""}`}
      data-key={metric.name}
      style={placeStyle(place)}
      onPointerEnter={() => {
        ws.pointed = metric.name;
      }}
      onPointerLeave={() => {
        ws.pointed = null;
      }}
    >
      <figcaption>
        {!isFull && <PanelPick ws={ws} id={metric.name} />}
        <PanelTitle ws={ws} metric={metric} />
        <PanelTools ws={ws} model={model} metric={metric} isFull={isFull} />
      </figcaption>
      {hasLegend && <PanelLegend ws={ws} model={model} width={place.width - 20} />}
      <div
        ref={element}
        class="plot"
        role="img"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard reads the chart point by point
        tabIndex={0}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey || !model.press(event.key)) return;
          event.preventDefault();
          event.stopPropagation();
        }}
        onBlur={() => model.leaveKeyboard()}
      />
      <span class="sr" aria-live="polite">
        {model.spoken}
      </span>
      <PanelCover ws={ws} model={model} metric={metric} />
      <PanelEvents ws={ws} model={model} />
      <PanelTooltip ws={ws} model={model} metric={metric} axis={axis} />
      {!isFull && <span class="panel-corner" aria-hidden="true" />}
    </figure>
  );
}

/** What is said of flags below the axis. */
function PanelEvents({ ws, model }: { ws: Workspace; model: PanelModel }): JSX.Element | null {
  const events = model.events.value;
  return events === null ? null : <events.Layer ws={ws} events={events} />;
}

function PanelTitle({ ws, metric }: { ws: Workspace; metric: Key }): JSX.Element {
  const { name } = metric;
  const merged = useComputed(() => ws.view.value.merged[name]).value;
  const others = merged === undefined ? [] : keysIn(ws, name).slice(1);
  const isChanged = useComputed(() => isPanelChanged(ws, name)).value;
  return (
    <>
      <h3 title={[name, ...others].join("\n")}>
        <KeyName name={name} shown={metric.display_name} />
        {others.length > 0 && <span class="panel-others">, {others.join(", ")}</span>}
      </h3>
      <KeyInfo metric={metric} />
      {isChanged && <span class="changed-dot" title="This chart has settings of its own" />}
    </>
  );
}

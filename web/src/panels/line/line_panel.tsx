/** A panel with one key as lines, one for each run that is shown. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Key } from "../../data/wire.ts";
import { prefixOf } from "../../state/sections.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { axisName } from "./lines.ts";
import { PanelModel } from "./panel_model.ts";
import { Tooltip } from "./tooltip.tsx";

export interface PanelPlace {
  left: number;
  top: number;
  width: number;
  height: number;
}

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

export function LinePanel(props: LinePanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const model = useMemo(() => new PanelModel(ws), [ws]);
  const element = useRef<HTMLDivElement>(null);
  if (model.metric.peek() !== metric) model.metric.value = metric;
  model.isVisible.value = isVisible;
  if (model.px.peek() === 0) {
    model.px.value = Math.max(64, (place.width - LABELS) * (window.devicePixelRatio || 1));
  }
  useEffect(() => model.mount(element.current!), [model]);

  return (
    <figure
      class="panel"
      data-key={metric.name}
      style={{
        left: `${place.left}px`,
        top: `${place.top}px`,
        width: `${place.width}px`,
        height: `${place.height}px`,
      }}
      onPointerEnter={() => {
        ws.pointed = metric.name;
      }}
      onPointerLeave={() => {
        ws.pointed = null;
      }}
    >
      <figcaption>
        <PanelTitle name={metric.name} />
        <PanelTools ws={ws} metric={metric} isFull={isFull} />
      </figcaption>
      <div ref={element} class="plot" role="img" aria-label={model.sentence} />
      <PanelCover ws={ws} model={model} metric={metric} />
      <PanelTooltip model={model} axis={ws.axisOf(metric)} />
    </figure>
  );
}

function PanelTooltip({ model, axis }: { model: PanelModel; axis: string }): JSX.Element | null {
  const shown = model.hover.value;
  return shown && <Tooltip {...shown} axis={axis} />;
}

function PanelTitle({ name }: { name: string }): JSX.Element {
  const prefix = prefixOf(name);
  return (
    <h3 title={name}>
      {prefix && <em>{prefix}/</em>}
      <b>{prefix ? name.slice(prefix.length + 1) : name}</b>
    </h3>
  );
}

function PanelTools(props: { ws: Workspace; metric: Key; isFull: boolean }): JSX.Element {
  const { ws, metric, isFull } = props;
  const { name } = metric;
  const isPinned = ws.view.value.pin.includes(name);
  const isLog = ws.isLogY(name);
  return (
    <div class={`panel-tools${isFull ? " shown" : ""}`}>
      <button
        type="button"
        class="icon-button word"
        aria-pressed={isLog}
        aria-label={`Logarithmic y axis of ${name}`}
        title="Logarithmic y axis"
        onClick={() => ws.toggleLogY(name)}
      >
        log
      </button>
      <button
        type="button"
        class="icon-button"
        aria-pressed={isPinned}
        aria-label={`Pin ${name}`}
        title={isPinned ? "Unpin" : "Pin to the top"}
        onClick={() => ws.togglePin(name)}
      >
        <Icon name="pin" filled={isPinned} />
      </button>
      {!isFull && (
        <button
          type="button"
          class="icon-button"
          aria-label={`${name} in full screen`}
          title="Full screen (F)"
          onClick={() => ws.setFull(name)}
        >
          <Icon name="expand" />
        </button>
      )}
    </div>
  );
}

/** What lies over the plot while there is nothing to draw, or when what is drawn may be old. */
function PanelCover(props: { ws: Workspace; model: PanelModel; metric: Key }): JSX.Element | null {
  const { ws, model, metric } = props;
  const { lines, isLoading, error } = model.status.value;
  if (error) {
    return (
      <div class={`panel-cover error${lines > 0 ? " stale" : ""}`} role="alert">
        <p>{lines > 0 ? "Not up to date: the server does not answer." : error.message}</p>
        <button type="button" class="chip" onClick={() => model.retry()}>
          Try again
        </button>
      </div>
    );
  }
  if (lines > 0) return null;
  if (isLoading) return <div class="skeleton" />;
  if (ws.shown.value.length === 0) {
    if (ws.runId === null && !ws.list.isReady.value) return <div class="skeleton" />;
    return <div class="panel-cover">No run is shown.</div>;
  }
  const axis = ws.axisOf(metric);
  return (
    <div class="panel-cover">
      <p>
        {axis === "step"
          ? "None of the runs shown has logged this."
          : `None of the runs shown has this over ${axisName(axis)}.`}
      </p>
      {axis !== "step" && (
        <button type="button" class="chip" onClick={() => ws.setAxis(metric.x ? "step" : "")}>
          Draw over step
        </button>
      )}
    </div>
  );
}

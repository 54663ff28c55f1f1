/** The step slider of the page: which step the media are of, and playing through them. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { axisName, formatX } from "../../panels/line/lines.ts";
import type { Bindings } from "../../state/keys.ts";
import { keyHint } from "../../state/keys.ts";
import { setPlace } from "../../state/marks.ts";
import { indexAt, SPEEDS, type Steps, speed, stepsOf } from "../../state/steps.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu } from "../../widgets/menu.tsx";
import { useShortcuts } from "../shortcuts.tsx";
import "../../styles/step_bar.css";

export function StepBar({ ws }: { ws: Workspace }): JSX.Element | null {
  const steps = useMemo(() => stepsOf(ws), [ws]);
  useEffect(() => steps.start(), [steps]);
  useShortcuts(useMemo(() => stepKeys(ws, steps), [ws, steps]));
  const ticks = steps.ticks.value;
  if (ticks.length < 2) return null;
  const isPlaying = steps.isPlaying.value;
  const { at } = ws.place.value;
  const axis = steps.axis.value;
  const hint = (id: "play" | "previous" | "next") => (keyHint(id) ? ` (${keyHint(id)})` : "");
  return (
    <section class="step-bar" aria-label="Step of the media">
      <button
        type="button"
        class="icon-button"
        aria-label="Previous step"
        title={`Previous step${hint("previous")}`}
        onClick={() => steps.go(-1)}
      >
        <Icon name="previous" />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={isPlaying ? "Pause" : "Play"}
        title={`${isPlaying ? "Pause" : "Play through the steps"}${hint("play")}`}
        onClick={() => steps.toggle()}
      >
        <Icon name={isPlaying ? "pause" : "play"} />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Next step"
        title={`Next step${hint("next")}`}
        onClick={() => steps.go(1)}
      >
        <Icon name="next" />
      </button>
      <Track ws={ws} ticks={ticks} />
      <output
        class="step-now"
        aria-label={labelOf(axis)}
        title={`${labelOf(axis)}: the x axis of the page`}
      >
        {at === null ? `newest (${formatX(axis, ticks.at(-1)!)})` : formatX(axis, at)}
      </output>
      <button
        type="button"
        class="chip"
        disabled={at === null}
        title="Follow the newest of each run"
        onClick={() => setPlace(ws, null)}
      >
        Newest
      </button>
      <SpeedMenu />
    </section>
  );
}

/** What the slider goes by: "Step", "Relative time", the name of a metric. */
function labelOf(axis: string): string {
  const name = axisName(axis);
  return axis.startsWith("metric:") ? name : name[0]!.toUpperCase() + name.slice(1);
}

function SpeedMenu(): JSX.Element {
  return (
    <Menu
      label={`${speed.value}/s: steps a second while playing`}
      align="right"
      button={
        <>
          <b>{speed.value}</b>/s
        </>
      }
    >
      {(close) =>
        SPEEDS.map((one) => (
          <button
            key={one}
            type="button"
            role="menuitemradio"
            aria-checked={one === speed.value}
            class="menu-item"
            onClick={() => {
              close();
              speed.value = one;
            }}
          >
            {one} {one === 1 ? "step" : "steps"} a second
          </button>
        ))
      }
    </Menu>
  );
}

/** Room at both ends of the track for half of the thumb, in CSS pixels. */
const END = 8;

function Track({ ws, ticks }: { ws: Workspace; ticks: readonly number[] }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = () => setWidth(element.clientWidth);
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  const [first, last] = [ticks[0]!, ticks.at(-1)!];
  const { axis, at } = ws.place.value;
  const placeOf = (step: number) => {
    const share = Math.min(1, Math.max(0, (step - first) / (last - first)));
    return END + share * Math.max(0, width - 2 * END);
  };
  const path = useMemo(() => ticksPath(ticks, placeOf), [ticks, width]);

  function pick(event: PointerEvent): void {
    const left = event.clientX - box.current!.getBoundingClientRect().left;
    const share = (left - END) / Math.max(1, width - 2 * END);
    const step = nearest(ticks, first + share * (last - first));
    setPlace(ws, step === last ? null : step);
  }

  return (
    <div
      ref={box}
      class="step-track"
      role="slider"
      tabIndex={0}
      aria-label={labelOf(axis)}
      aria-valuemin={first}
      aria-valuemax={last}
      aria-valuenow={Math.min(last, Math.max(first, at ?? last))}
      aria-valuetext={`${at === null ? "newest, " : ""}${axisName(axis)} ${formatX(axis, at ?? last)}`}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        pick(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) pick(event);
      }}
      onKeyDown={(event) => onTrackKey(event, ws)}
    >
      <svg width={width} height="28" aria-hidden="true">
        <path class="step-rail" d={`M${END} 14h${Math.max(0, width - 2 * END)}`} />
        <path class="step-ticks" d={path} />
      </svg>
      <span class="step-thumb" style={{ left: `${placeOf(at ?? last)}px` }} />
    </div>
  );
}

/** One stroke for each pixel that holds a tick. */
function ticksPath(ticks: readonly number[], placeOf: (step: number) => number): string {
  let path = "";
  let before = Number.NaN;
  for (const step of ticks) {
    const x = Math.round(placeOf(step)) + 0.5;
    if (x !== before) path += `M${x} 9v10`;
    before = x;
  }
  return path;
}

function nearest(ticks: readonly number[], at: number): number {
  const i = indexAt(ticks, at);
  const [before, after] = [ticks[Math.max(0, i)]!, ticks[Math.min(ticks.length - 1, i + 1)]!];
  return at - before <= after - at ? before : after;
}

/** Steps that PageUp and PageDown go. */
const PAGE = 10;

function onTrackKey(event: KeyboardEvent, ws: Workspace): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const steps = stepsOf(ws);
  const moves: Record<string, number> = {
    ArrowLeft: -1,
    ArrowDown: -1,
    ArrowRight: 1,
    ArrowUp: 1,
    PageDown: -PAGE,
    PageUp: PAGE,
  };
  const by = moves[event.key];
  if (by !== undefined) steps.go(by);
  else if (event.key === "Home") setPlace(ws, steps.ticks.peek()[0] ?? null);
  else if (event.key === "End") setPlace(ws, null);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Whether a line chart is in full screen, where the arrows lead to other charts. */
function isChartFull(ws: Workspace): boolean {
  const { full } = ws.view.peek();
  return full !== null && ws.panels.peek().get(full)?.kind === "line";
}

function stepKeys(ws: Workspace, steps: Steps): Bindings {
  const go = (by: number) => {
    if (isChartFull(ws) || steps.ticks.peek().length < 2) return false;
    return steps.go(by);
  };
  return {
    previous: () => go(-1),
    next: () => go(1),
    play: () => {
      // Space presses what has the focus.
      const hasFocus = document.activeElement?.matches("button, a, summary, audio, video, [role]");
      if (hasFocus || isChartFull(ws) || steps.ticks.peek().length < 2) return false;
      return steps.toggle();
    },
  };
}

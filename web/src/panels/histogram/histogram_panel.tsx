/** Histograms of the runs shown over their steps: ridges, overlaid, as heat or as quantiles. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import type { ObjectPick } from "../../data/objects.ts";
import { createHistogramPlot, type HistogramPlot } from "../../plots/histogram_plot.ts";
import { type HistogramHit, type HistogramMode, roomFor } from "../../plots/histogram_scene.ts";
import { setStep } from "../../state/marks.ts";
import { stepShown, useObjects } from "../../state/objects.ts";
import { panelId } from "../../state/panel_kinds.ts";
import { optionsOf, setOption } from "../../state/panel_options.ts";
import { theme } from "../../state/theme.ts";
import { Choice, Switch } from "../../widgets/choice.tsx";
import { Menu, MenuItem } from "../../widgets/menu.tsx";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { HistogramTip } from "./histogram_tip.tsx";
import { type HistogramAxis, HistogramReader, isHistogramAxis, sentence } from "./histograms.ts";
import "../../styles/histogram.css";

const MODES: readonly { value: HistogramMode; label: string }[] = [
  { value: "ridge", label: "Ridges" },
  { value: "overlay", label: "Overlay" },
  { value: "heat", label: "Heat" },
  { value: "bands", label: "Quantiles" },
];

/** From so many steps on, ridges hide one another. */
const MOST_RIDGES = 30;
/** Histograms of a run that are asked for. */
const EVERY = 64;
/** Of a run among many. */
const EVERY_OF_MANY = 32;
const FEW_RUNS = 8;

const NEWEST: ObjectPick = { last: true };
const NONE: readonly string[] = [];

const HEAD = 26;
const NOTE = 18;

export function HistogramPanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const id = panelId(metric, "histogram");
  const room = roomFor(place.width - 16, place.height - HEAD - NOTE);
  // Which runs have any; of those that have room, their steps, and what is exactly at the page's step.
  const roster = useObjects(ws, metric, NEWEST, { isVisible }).value;
  const held = useMemo(
    () => roster.entries.slice(0, room).map((entry) => entry.run),
    [roster.entries, room],
  );
  const every = held.length > FEW_RUNS ? EVERY_OF_MANY : EVERY;
  const pick = useMemo((): ObjectPick => ({ every, range: null }), [every]);
  const objects = useObjects(ws, metric, pick, { isVisible, runs: held }).value;
  const atStep = ws.place.value.at === null ? NONE : held;
  const current = useObjects(ws, metric, null, { isVisible, runs: atStep }).value;
  const step = stepShown(ws, current.entries);
  const chosen = useComputed(() => optionsOf(ws, id).mode).value;
  const isLog = useComputed(() => optionsOf(ws, id).log === "1").value;
  const named = useComputed(() => optionsOf(ws, id).x ?? "").value;
  const axis: HistogramAxis = isHistogramAxis(named) ? named : "step";

  const reader = useMemo(() => new HistogramReader(ws), [ws]);
  const paint = ws.paint.value;
  const known = ws.known.value;
  const shown = objects.entries.length > 0 ? objects.entries : roster.entries.slice(0, room);
  const runs = useMemo(
    () => reader.read(shown, current.entries, axis, { paint, known, theme: theme.value }),
    [reader, shown, current.entries, axis, paint, known, theme.value],
  );
  const longest = Math.max(0, ...shown.map((entry) => entry.total));
  const mode =
    MODES.find(({ value }) => value === chosen)?.value ??
    (longest > MOST_RIDGES ? "heat" : "ridge");

  const word = MODES.find(({ value }) => value === mode)!.label;

  const box = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<HistogramPlot | null>(null);
  const [hover, setHover] = useState<{ hit: HistogramHit; left: number; top: number } | null>(null);
  const isEmpty = roster.entries.length === 0;
  useLayoutEffect(() => {
    if (isEmpty) return;
    const element = box.current!;
    const made = createHistogramPlot(element, {
      onHover: (hit, left, top) => setHover(hit === null ? null : { hit, left, top }),
      onPick: (hit) => setStep(ws, hit.at.step),
    });
    // For whoever inspects the page: tests read from it what is drawn where.
    Object.assign(element, { plot: made });
    setPlot(made);
    return () => {
      made.destroy();
      setPlot(null);
      setHover(null);
    };
  }, [ws, isEmpty]);
  useEffect(() => {
    const xKind = axis === "step" ? "whole" : axis === "wall" ? "wall" : "duration";
    plot?.update(runs, { mode, isLog, xKind, step });
  }, [plot, runs, mode, isLog, axis, step]);

  function retry(): void {
    roster.retry();
    objects.retry();
  }

  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="histogram"
      place={place}
      isFull={isFull}
      objects={{ ...roster, error: roster.error ?? objects.error, retry }}
      tools={
        <Menu
          label={`${word}: how the histograms of ${metric.name} are drawn`}
          class="panel-mode"
          button={word}
        >
          {(close) =>
            MODES.map(({ value, label }) => (
              <MenuItem
                key={value}
                isChosen={value === mode}
                onPick={() => {
                  close();
                  setOption(ws, id, "mode", value);
                }}
              >
                {label}
              </MenuItem>
            ))
          }
        </Menu>
      }
      menu={() => (
        <div class="panel-settings">
          <p class="menu-title">Position</p>
          <Choice
            label="Position"
            value={axis}
            options={[
              { value: "step", label: "step" },
              { value: "rel", label: "relative" },
              { value: "wall", label: "wall" },
            ]}
            onPick={(value) => setOption(ws, id, "x", value === "step" ? null : value)}
          />
          <div class="panel-setting">
            <span>Logarithmic counts</span>
            <Switch
              label="Logarithmic counts"
              isOn={isLog}
              onTurn={(isOn) => setOption(ws, id, "log", isOn ? "1" : null)}
            />
          </div>
          <hr class="menu-line" />
        </div>
      )}
    >
      <div
        ref={box}
        class={`histogram-plot${roster.entries.length > held.length ? " with-note" : ""}`}
        role="img"
        aria-label={sentence(metric.name, mode, runs)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys go from step to step
        tabIndex={0}
        onKeyDown={(event) => {
          const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
          const next = by === undefined ? null : reader.stepBeside(runs, step, by);
          if (next === null) return;
          event.preventDefault();
          event.stopPropagation();
          setStep(ws, next);
        }}
      />
      {roster.entries.length > held.length && (
        <p class="panel-note">
          {groupDigits(held.length)} of {groupDigits(roster.entries.length)} runs have room
          {isFull ? "" : ": full screen has more"}
        </p>
      )}
      {hover !== null && <HistogramTip {...hover} axis={axis} mode={mode} />}
    </MediaFrame>
  );
}

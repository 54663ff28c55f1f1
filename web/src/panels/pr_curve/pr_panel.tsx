/** Precision over recall of the runs shown, at the page's step. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatValue, groupDigits } from "../../base/numbers.ts";
import { averagePrecision, type PrPoint, thresholdOf } from "../../plots/pr_curve.ts";
import { createPrPlot, type PrPlot } from "../../plots/pr_plot.ts";
import { useObjects } from "../../state/objects.ts";
import { theme } from "../../state/theme.ts";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { Fact, MediaTip } from "../frame/media_tip.tsx";
import { curvesOf, pointBeside, readOut, sentence } from "./curves.ts";
import "../../styles/histogram.css";

interface Hover {
  point: PrPoint;
  left: number;
  top: number;
  /** By the keyboard: what it has come to is read out. */
  isSpoken: boolean;
}

export function PrPanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const objects = useObjects(ws, metric, null, { isVisible }).value;
  const known = ws.known.value;
  const paint = ws.paint.value;
  const highlighted = ws.highlighted.value;
  const curves = useMemo(
    () => curvesOf(objects.entries, known, paint, theme.value),
    [objects.entries, known, paint, theme.value],
  );
  const box = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<PrPlot | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const isEmpty = objects.entries.length === 0;
  useLayoutEffect(() => {
    if (isEmpty) return;
    const made = createPrPlot(box.current!, {
      onHover: (point, left, top) => {
        ws.lit.value = point?.curve.run ?? null;
        setHover(point === null ? null : { point, left, top, isSpoken: false });
      },
      onPick: ({ curve }) => ws.select(curve.run),
    });
    // For whoever inspects the page: tests read from it where points are.
    Object.assign(box.current!, { plot: made });
    setPlot(made);
    return () => {
      made.destroy();
      setPlot(null);
      setHover(null);
    };
  }, [ws, isEmpty]);
  useEffect(() => plot?.update(curves, highlighted), [plot, curves, highlighted]);
  useEffect(() => plot?.mark(hover?.point ?? null), [plot, hover]);
  // What was under the pointer may be of another step now, or of a run that is gone.
  const shown = hover !== null && curves.includes(hover.point.curve) ? hover : null;

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || plot === null) return;
    const next = pointBeside(curves, shown?.point ?? null, event.key);
    if (!/^(Arrow|Home|End)/.test(event.key) || next === null) return;
    event.preventDefault();
    event.stopPropagation();
    const { x, y } = plot.frame();
    const left = x.toPixel(next.curve.recall[next.index]!);
    const top = y.toPixel(next.curve.precision[next.index]!);
    setHover({ point: next, left, top, isSpoken: true });
  }

  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="pr_curve"
      place={place}
      isFull={isFull}
      objects={objects}
    >
      <div
        ref={box}
        class="pr-plot"
        role="img"
        aria-label={sentence(metric.name, curves)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard reads the curves point by point
        tabIndex={0}
        onKeyDown={onKey}
        onBlur={() => setHover(null)}
      />
      <span class="sr" aria-live="polite">
        {shown?.isSpoken && readOut(shown.point)}
      </span>
      {shown !== null && <PointTip {...shown} />}
    </MediaFrame>
  );
}

function PointTip({ point, isSpoken: _, ...place }: Hover): JSX.Element {
  const { curve, index } = point;
  const at = (row: Float64Array) => formatValue(row[index]!);
  return (
    <MediaTip {...place} title={curve.label} color={curve.color}>
      <Fact name="step" value={groupDigits(curve.step)} />
      <Fact name="threshold" value={formatValue(thresholdOf(curve, index))} />
      <Fact name="precision" value={at(curve.precision)} />
      <Fact name="recall" value={at(curve.recall)} />
      <Fact name="TP" value={at(curve.tp)} />
      <Fact name="FP" value={at(curve.fp)} />
      <Fact name="TN" value={at(curve.tn)} />
      <Fact name="FN" value={at(curve.fn)} />
      <Fact name="average precision" value={formatValue(averagePrecision(curve))} />
    </MediaTip>
  );
}

/** What lies under the pointer in a histogram: its run and step, the bucket and its count, or the quantiles. */
import type { JSX } from "preact";
import { formatValue, groupDigits } from "../../base/numbers.ts";
import { formatDuration, formatMoment } from "../../base/times.ts";
import { BASIS_POINTS, quantile } from "../../plots/histogram.ts";
import type { HistogramHit, HistogramMode } from "../../plots/histogram_scene.ts";
import { Fact, MediaTip } from "../frame/media_tip.tsx";
import type { HistogramAxis } from "./histograms.ts";

interface TipProps {
  hit: HistogramHit;
  left: number;
  top: number;
  axis: HistogramAxis;
  mode: HistogramMode;
}

export function HistogramTip({ hit, axis, mode, ...place }: TipProps): JSX.Element {
  const { run, at, bucket } = hit;
  return (
    <MediaTip {...place} title={run.label} color={run.color}>
      <Fact name="step" value={groupDigits(at.step)} />
      {axis === "rel" && <Fact name="relative" value={formatDuration(at.x)} />}
      {axis === "wall" && <Fact name="wall" value={formatMoment(at.x)} />}
      {mode === "bands" ? (
        BASIS_POINTS.map((point) => (
          <Fact
            key={point}
            name={`${Number((point / 100).toFixed(2))} %`}
            value={formatValue(quantile(at.histogram, point / 10000))}
          />
        ))
      ) : bucket === null ? (
        <Fact name="bucket" value="none here" />
      ) : (
        <>
          <Fact name="bucket" value={`${formatValue(bucket.from)} to ${formatValue(bucket.to)}`} />
          <Fact
            name="count"
            value={`${formatValue(bucket.count)} of ${formatValue(at.histogram.total)}`}
          />
        </>
      )}
    </MediaTip>
  );
}

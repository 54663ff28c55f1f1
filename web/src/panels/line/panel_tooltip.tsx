/** The tooltip of a panel: follows the pointer, and stands still after Alt so that its text can be selected. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import type { Key } from "../../data/wire.ts";
import type { Clip } from "../../plots/plot_types.ts";
import { keysIn } from "../../state/panel_edits.ts";
import type { Workspace } from "../../state/workspace.ts";
import { baselineOf } from "./drawing.ts";
import { useMoment } from "./moment.ts";
import type { PanelModel } from "./panel_model.ts";
import { pointOf, Tooltip } from "./tooltip.tsx";

interface PanelTooltipProps {
  ws: Workspace;
  model: PanelModel;
  metric: Key;
  axis: string;
}

export function PanelTooltip({ ws, model, metric, axis }: PanelTooltipProps): JSX.Element | null {
  const [frozen, setFrozen] = useState<PanelModel["hover"]["value"]>(null);
  const live = model.hover.value;
  const shown = frozen ?? live;
  const isListening = shown !== null;
  // Points of merged keys are of another series: only what is surely of this one is asked about.
  const point = shown === null || keysIn(ws, metric.name).length > 1 ? null : pointOf(shown.hover);
  const aside = useMoment(ws, metric, axis, point);

  useEffect(() => {
    if (!isListening) return;
    const letGo = () => setFrozen(null);
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Alt" && !event.repeat)
        setFrozen((old) => (old ? null : model.hover.peek()));
      else if (event.key === "Escape" && frozen !== null) letGo();
      else return;
      event.preventDefault();
    };
    const onPointer = (event: PointerEvent) => {
      if (!(event.target as Element).closest?.(".tooltip.frozen")) letGo();
    };
    document.addEventListener("keydown", onKey, true);
    document.addEventListener("pointerdown", onPointer, true);
    return () => {
      document.removeEventListener("keydown", onKey, true);
      document.removeEventListener("pointerdown", onPointer, true);
    };
  }, [isListening, frozen, model]);

  if (shown === null) return null;
  return (
    <Tooltip
      {...shown}
      order={ws.settingsOf(metric.name).tip}
      axis={axis}
      baseline={baselineOf(ws)}
      isFrozen={frozen !== null}
      aside={aside}
    >
      <ClipLines clips={model.plot?.clips() ?? []} />
    </Tooltip>
  );
}

const MOST_CLIPS = 3;

/** The runs with points beyond the y axis, and how many: nothing is left out in silence. */
function ClipLines({ clips }: { clips: readonly Clip[] }): JSX.Element | null {
  if (clips.length === 0) return null;
  const further = clips.length - MOST_CLIPS;
  return (
    <>
      {clips.slice(0, MOST_CLIPS).map((clip) => (
        <div class="tooltip-more" key={clip.run}>
          {clip.label}: {clipText(clip)}
        </div>
      ))}
      {further > 0 && (
        <div class="tooltip-more">
          {further} more {further === 1 ? "run goes" : "runs go"} beyond the axis
        </div>
      )}
    </>
  );
}

/** `12 points above the axis`, `at least 3 points above, 1 below`. */
export function clipText({ above, below, isExact }: Clip): string {
  const points = (count: number) => `${groupDigits(count)} ${count === 1 ? "point" : "points"}`;
  const parts = [
    ...(above > 0 ? [`${points(above)} above`] : []),
    ...(below > 0 ? [`${points(below)} below`] : []),
  ];
  return `${isExact ? "" : "at least "}${parts.join(", ")} the axis`;
}

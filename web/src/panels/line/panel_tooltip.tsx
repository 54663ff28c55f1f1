/** The tooltip of a panel: follows the pointer, and stands still after Alt so that its text can be selected. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Key } from "../../data/wire.ts";
import { keysIn } from "../../state/panel_edits.ts";
import type { Workspace } from "../../state/workspace.ts";
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
  const isMerged = keysIn(ws, metric.name).length > 1;
  const point = shown === null || isMerged ? null : pointOf(shown.hover);
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
  const { base } = ws.view.value;
  const baseline = base === "" ? undefined : ws.shown.value.find((run) => run.id === base);
  return (
    <Tooltip
      {...shown}
      axis={axis}
      baseline={baseline?.uid ?? null}
      isFrozen={frozen !== null}
      aside={aside}
    />
  );
}

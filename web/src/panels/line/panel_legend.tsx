/** Which colour is which run, in a panel that has no run list beside it. */
import type { JSX } from "preact";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { PathName } from "../../widgets/path_name.tsx";
import { swatchBackground } from "../../widgets/swatch.tsx";
import type { PanelModel } from "./panel_model.ts";

interface Entry {
  id: string;
  label: string;
  /** Of its swatch, as CSS. */
  background: string;
}

/** Room for one name, in CSS pixels. */
const NAME_WIDTH = 96;
const MORE_WIDTH = 40;
/** Letters for which it is enough. */
const WHOLE = 14;

interface LegendProps {
  ws: Workspace;
  model: PanelModel;
  width: number;
}

export function PanelLegend({ ws, model, width }: LegendProps): JSX.Element | null {
  const drawn = model.drawn.value;
  const entries = entriesOf(ws).filter(({ id }) => drawn === null || drawn.has(id));
  if (entries.length === 0) return null;
  const room = Math.max(1, Math.floor((width - MORE_WIDTH) / NAME_WIDTH));
  const fitting = entries.length <= room + 1 ? entries.slice(0, room + 1) : entries.slice(0, room);
  return (
    <ul class="legend" aria-label="Runs in this chart">
      {fitting.map((entry) => (
        <li
          key={entry.id}
          title={entry.label}
          onPointerEnter={() => {
            ws.pointedRun.value = entry.id;
          }}
          onPointerLeave={() => {
            ws.pointedRun.value = null;
          }}
        >
          <span class="swatch" style={{ background: entry.background }} />
          <span class="legend-name">
            <PathName name={entry.label} fits={WHOLE} />
          </span>
        </li>
      ))}
      {entries.length > fitting.length && (
        <li
          class="quiet"
          title={entries
            .slice(fitting.length)
            .map((one) => one.label)
            .join(", ")}
        >
          +{entries.length - fitting.length}
        </li>
      )}
    </ul>
  );
}

function entriesOf(ws: Workspace): Entry[] {
  const groups = ws.groups.value;
  if (groups !== null) {
    const hidden = new Set(ws.view.value.ghide);
    return groups
      .filter((group) => !hidden.has(group.id))
      .map(({ id, label, paint }) => ({
        id,
        label,
        background: swatchBackground(paint, theme.value),
      }));
  }
  return ws.shown.value.map((run) => ({
    id: run.uid,
    label: run.name,
    background: swatchBackground(ws.paint.value(run), theme.value),
  }));
}

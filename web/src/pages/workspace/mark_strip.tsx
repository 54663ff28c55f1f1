/** A small sheet over the charts with the values at the pinned step, or over the pinned range. */
import type { JSX } from "preact";
import type { Key } from "../../data/wire.ts";
import { MarkTable, marksText } from "../../panels/line/mark_table.tsx";
import { clearMarks, markedKey, marksOn } from "../../state/marks.ts";
import { hasStepwise } from "../../state/sections.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";

export function MarkStrip({ ws }: { ws: Workspace }): JSX.Element | null {
  // The step of the slider is a mark, too: nobody has asked what the lines hold there.
  if (markedKey.value === null && hasStepwise(ws.sections.value)) return null;
  const keys = ws.chartKeys.value;
  // After a reload no panel has been clicked: the first one that the marks lie on stands for it.
  const isMarked = (key: (typeof keys)[number]) => marksOn(ws, ws.axisOf(key)).length > 0;
  const clicked = keys.find((key) => key.name === markedKey.value && isMarked(key));
  const metric = clicked ?? linesIn(ws).find(isMarked);
  if (metric === undefined) return null;
  return (
    <aside
      class={`mark-strip${isAtRight(metric.name) ? " left" : ""}`}
      aria-label="Values at the marks"
    >
      <div class="mark-head">
        <b>{marksText(ws, ws.axisOf(metric))}</b>
        <span class="quiet" title={metric.name}>
          {metric.name}
        </span>
        <button
          type="button"
          class="icon-button"
          aria-label="Clear the marks"
          title="Clear the marks (Esc)"
          onClick={() => clearMarks(ws)}
        >
          <Icon name="close" />
        </button>
      </div>
      <div class="mark-body">
        <MarkTable key={metric.name} ws={ws} metric={metric} />
      </div>
    </aside>
  );
}

function linesIn(ws: Workspace): Key[] {
  const panels = ws.sections.value.flatMap((section) => section.panels);
  return panels.filter(({ kind }) => kind === "line").map(({ key }) => key);
}

/** Whether a panel stands in the right half of the page: the strip then stands at the left, and not on it. */
function isAtRight(key: string): boolean {
  const panel = document.querySelector(`.panel[data-key="${CSS.escape(key)}"]`);
  const box = panel?.getBoundingClientRect();
  return (
    box !== undefined && box.width < innerWidth / 2 && box.left + box.width / 2 > innerWidth / 2
  );
}

/** One chart over the whole page, with what the lines hold beside it. */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import type { Key } from "../../data/wire.ts";
import { MediaPanel } from "../../panels/frame/media_panel.tsx";
import { LinePanel } from "../../panels/line/line_panel.tsx";
import { LineTable } from "../../panels/line/line_table.tsx";
import { MarkTable, marksText } from "../../panels/line/mark_table.tsx";
import { MEDIA_PANELS } from "../../panels/registry.ts";
import { clearMarks, marksOn } from "../../state/marks.ts";
import { keysIn } from "../../state/panel_edits.ts";
import { isStepwise } from "../../state/panel_kinds.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { StepBar } from "./panel_grid.tsx";

const TABLE_WIDTH = 470;
const NARROW = 900;

export function FullScreen({ ws }: { ws: Workspace }): JSX.Element | null {
  const { full } = ws.still.value;
  const panel = full === null ? undefined : ws.panels.value.get(full);
  if (full === null || (panel === undefined && !ws.areKeysReady.value)) return null;
  if (panel === undefined) {
    return (
      <FullFrame ws={ws} title={full}>
        {() => <p class="list-notice">No run has logged “{full}”.</p>}
      </FullFrame>
    );
  }
  const { kind, key } = panel;
  if (kind !== "line") {
    return (
      <FullFrame ws={ws} title={key.name} foot={isStepwise(kind) && <StepBar ws={ws} />}>
        {({ width, height }) => (
          <MediaPanel
            key={full}
            kind={kind}
            loaders={MEDIA_PANELS}
            ws={ws}
            metric={key}
            isVisible
            isFull
            place={{ left: 0, top: 0, width, height }}
          />
        )}
      </FullFrame>
    );
  }
  return (
    <FullFrame ws={ws} title={full}>
      {({ width, height }) => {
        const isWide = width >= NARROW;
        const chartWidth = isWide ? width - TABLE_WIDTH - 10 : width;
        const chartHeight = isWide ? height : Math.max(240, height * 0.6);
        return (
          <>
            <LinePanel
              key={key.name}
              ws={ws}
              metric={key}
              isVisible
              isFull
              place={{ left: 0, top: 0, width: chartWidth, height: chartHeight }}
            />
            <div
              class="full-side"
              style={
                isWide
                  ? { left: `${chartWidth + 10}px`, top: "0", width: `${TABLE_WIDTH}px` }
                  : { left: "0", top: `${chartHeight + 10}px`, width: `${width}px` }
              }
            >
              <FullSide ws={ws} metric={key} />
            </div>
          </>
        );
      }}
    </FullFrame>
  );
}

/** Which chart of how many this is. */
function FullCount({ ws }: { ws: Workspace }): JSX.Element {
  const ids = ws.sections.value.flatMap((section) => section.panels.map(({ id }) => id));
  const at = ids.indexOf(ws.view.value.full ?? "");
  return (
    <span class="quiet">
      {at < 0 ? "" : `${groupDigits(at + 1)} of ${groupDigits(ids.length)}`}
    </span>
  );
}

/** What the lines hold, and what they hold at the marks; for each key in the chart. */
function FullSide({ ws, metric }: { ws: Workspace; metric: Key }): JSX.Element {
  const byName = new Map(ws.chartKeys.value.map((key) => [key.name, key]));
  const keys = keysIn(ws, metric.name)
    .map((name) => byName.get(name))
    .filter((key) => key !== undefined);
  const axis = ws.axisOf(metric);
  return (
    <>
      {marksOn(ws, axis).length > 0 && (
        <section aria-label="Values at the marks">
          <div class="mark-head">
            <b>{marksText(ws, axis)}</b>
            <span class="spread" />
            <button
              type="button"
              class="icon-button"
              aria-label="Clear the marks"
              onClick={() => clearMarks(ws)}
            >
              <Icon name="close" />
            </button>
          </div>
          {keys.map((key) => (
            <MarkTable key={key.name} ws={ws} metric={key} />
          ))}
        </section>
      )}
      {keys.map((key) => (
        <LineTable key={key.name} ws={ws} metric={key} isTitled={keys.length > 1} />
      ))}
    </>
  );
}

interface FrameProps {
  ws: Workspace;
  title: string;
  foot?: ComponentChildren;
  children: (size: { width: number; height: number }) => JSX.Element;
}

function FullFrame({ ws, title, foot, children }: FrameProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = body.current!;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    box.current!.focus();
    return () => observer.disconnect();
  }, []);
  return (
    <div
      ref={box}
      class="full"
      role="dialog"
      aria-modal="true"
      aria-label={`${title}, full screen`}
      tabIndex={-1}
    >
      <div class="full-head">
        <button
          type="button"
          class="icon-button"
          aria-label="Previous chart"
          title="Previous chart (←)"
          onClick={() => ws.stepFull(-1)}
        >
          <Icon name="previous" />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label="Next chart"
          title="Next chart (→)"
          onClick={() => ws.stepFull(1)}
        >
          <Icon name="next" />
        </button>
        <FullCount ws={ws} />
        <span class="spread" />
        <button
          type="button"
          class="chip"
          title="Leave the full screen (Esc)"
          onClick={() => ws.setFull(null)}
        >
          Close
        </button>
      </div>
      <div ref={body} class="full-body">
        {size.width > 0 && children(size)}
      </div>
      {foot}
    </div>
  );
}

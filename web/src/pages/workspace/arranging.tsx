/** Arranging panels with the pointer: a head drags its panel, a corner resizes it, Shift picks. */
import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { drop } from "../../state/panel_drag.ts";
import { togglePicked } from "../../state/panel_edits.ts";
import type { Layout } from "../../state/panel_layout.ts";
import { notifyError } from "../../state/toasts.ts";
import type { Workspace } from "../../state/workspace.ts";

interface Handlers {
  onPointerDown: (event: PointerEvent) => void;
  onMouseDown: (event: MouseEvent) => void;
  onClick: (event: MouseEvent) => void;
}

/** What of a head acts by itself. */
const CONTROLS = "button, a, input, select, textarea, label, .popover, .panel-tools";

/** The panel whose head or corner an event is on. */
function partOf(event: Event, part: string): { id: string; figure: HTMLElement } | null {
  const target = event.target as Element;
  const found = target.closest(part);
  const figure = found?.closest<HTMLElement>("figure.panel");
  const id = figure?.dataset.key;
  if (!figure || id === undefined || target.closest(CONTROLS) !== null) return null;
  return { id, figure };
}

/** Handlers for the column of panels, laid out as `layout` says. */
export function useArranging(ws: Workspace, layout: Layout): Handlers {
  const latest = useRef(layout);
  latest.current = layout;
  return useMemo(
    () => ({
      onPointerDown: (event) => {
        // A finger on a head scrolls; the panel's menu moves it.
        if (event.button !== 0 || event.pointerType === "touch" || event.shiftKey) return;
        const head = partOf(event, "figcaption");
        const corner = head === null ? partOf(event, ".panel-corner") : null;
        if (head === null && corner === null) return;
        const column = event.currentTarget as HTMLElement;
        import("./panel_dragging.ts").then(
          ({ startMove, startResize }) => {
            const grid = { ws, column, layout: () => latest.current };
            if (head !== null) startMove(grid, head.id, event);
            else startResize(grid, corner!.id, corner!.figure, event);
          },
          (error: Error) => notifyError(error),
        );
      },
      onMouseDown: (event) => {
        // Else Shift would select the text between two heads.
        if (event.shiftKey && partOf(event, "figcaption") !== null) event.preventDefault();
      },
      onClick: (event) => {
        const head = event.shiftKey ? partOf(event, "figcaption") : null;
        if (head !== null) togglePicked(ws, head.id);
      },
    }),
    [ws],
  );
}

/** Where panels that are dragged would be put. */
export function DropMark(): JSX.Element | null {
  const mark = drop.value?.mark;
  if (mark === undefined) return null;
  const { left, top, width, height } = mark;
  return (
    <div
      class="drop-mark"
      style={{ left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` }}
    />
  );
}

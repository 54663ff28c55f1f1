/** Where a panel stands and how large it is, step by step; for whoever does not drag it. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import {
  movePanels,
  nextSize,
  nudgePanel,
  placeIn,
  resizePanel,
  sizeOf,
} from "../../state/panel_moves.ts";
import { titleOf } from "../../state/sections.ts";
import type { Workspace } from "../../state/workspace.ts";
import { SectionChoice } from "./section_choice.tsx";

export function ArrangeForm({ ws, id }: { ws: Workspace; id: string }): JSX.Element | null {
  const box = useRef<HTMLDivElement>(null);
  // The item that opened the page is gone, and with it the focus.
  useLayoutEffect(
    () => box.current?.querySelector<HTMLElement>("button:not(:disabled)")?.focus(),
    [],
  );
  const panel = ws.panels.value.get(id);
  if (panel === undefined) return null;
  const place = placeIn(ws, id);
  const size = sizeOf(ws, panel);
  const step = (label: string, run: (() => void) | null) => (
    <button
      type="button"
      class="chip"
      aria-disabled={run === null}
      onClick={({ currentTarget }) => {
        run?.();
        // Panels change places in the page, and what is taken out of it for that loses the focus.
        requestAnimationFrame(() => currentTarget.focus({ preventScroll: true }));
      }}
    >
      {label}
    </button>
  );
  const resize = (axis: "columns" | "rows", by: -1 | 1) => {
    const next = nextSize(size, axis, by);
    return next && (() => resizePanel(ws, panel, next));
  };
  const isUsual = ws.view.value.size[id] === undefined;
  return (
    <div ref={box} class="arrange-form">
      {place !== null && (
        <>
          <p class="menu-title" aria-live="polite">
            {`Place ${place.at + 1} of ${place.panels.length} in ${titleIn(ws, place.section)}`}
          </p>
          <div class="arrange-steps">
            {step("Left", place.at > 0 ? () => nudgePanel(ws, id, -1) : null)}
            {step("Right", place.at + 1 < place.panels.length ? () => nudgePanel(ws, id, 1) : null)}
            {step(
              "To the front",
              place.at > 0 ? () => movePanels(ws, [id], place.section, null) : null,
            )}
          </div>
        </>
      )}
      <p class="menu-title" aria-live="polite">
        {`Size ${size[0]} × ${size[1]}, in columns and rows`}
      </p>
      <div class="arrange-steps">
        {step("Wider", resize("columns", 1))}
        {step("Narrower", resize("columns", -1))}
        {step("Taller", resize("rows", 1))}
        {step("Lower", resize("rows", -1))}
        {step("Usual size", isUsual ? null : () => resizePanel(ws, panel, null))}
      </div>
      <p class="menu-title">Move to section</p>
      <SectionChoice ws={ws} ids={[id]} chosen={place?.section ?? null} />
    </div>
  );
}

function titleIn(ws: Workspace, section: string): string {
  return ws.sections.value.find((one) => one.id === section)?.title ?? titleOf(section);
}

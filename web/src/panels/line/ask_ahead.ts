/**
 * Asks for the series of the panels in sight as soon as runs and keys are known.
 *
 * Rendering the run list and the panels takes longer than the server needs for the first answers: the
 * panels find them under way, or there.
 */
import { effect, untracked } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { layOut, panelsBetween, sectionsBetween } from "../../state/panel_layout.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Drawing } from "./drawing.ts";
import { firstWidth } from "./line_panel.tsx";

/** The column of panels, in CSS pixels. */
interface Column {
  top: number;
  height: number;
  width: number;
}

/** Asks ahead for what is in `sight`, once in the life of a workspace's page. */
export function useAskAhead(ws: Workspace, sight: { readonly current: Column }): void {
  useLayoutEffect(() => askAhead(ws, () => sight.current), [ws, sight]);
}

function askAhead(ws: Workspace, sight: () => Column): () => void {
  let drawings: readonly Drawing[] = [];
  // The panels have their own watches by the time the answers are there.
  const leave = () => {
    drawings = drawings.filter((one) => {
      if (one.isLoading() && one.error === null) return true;
      one.close();
      return false;
    });
  };
  const stop = effect(() => {
    if (!ws.areKeysReady.value || ws.shownOrder.value.length === 0) return;
    // Groups are drawn as bands, of which nothing is known before their tree is read.
    const isAsked = untracked(() => ws.view.value.g.length > 0 || !ws.loader.isFresh());
    if (!isAsked) drawings = untracked(() => askFor(ws, sight(), leave));
    queueMicrotask(() => stop());
  });
  return () => {
    stop();
    for (const one of drawings) one.close();
  };
}

function askFor(ws: Workspace, sight: Column, onChange: () => void): Drawing[] {
  const { density, size, grids } = ws.view.value;
  const layout = layOut(ws.sections.value, sight.width, density, size, grids);
  const [from, to] = [sight.top, sight.top + sight.height];
  const placed = sectionsBetween(layout, from, to).flatMap((section) =>
    panelsBetween(layout, section, from, to),
  );
  const drawings = placed.flatMap(({ panel, place }) => {
    if (panel.kind !== "line") return [];
    const drawing = new Drawing(ws, onChange);
    drawing.update(panel.key, firstWidth(place.width), true);
    return [drawing];
  });
  ws.loader.askNow();
  return drawings;
}

/** Sections of panels in a scrolled column; only what is near the viewport is mounted. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { MediaPanel } from "../../panels/frame/media_panel.tsx";
import { NoRuns, showsNoRun } from "../../panels/frame/no_runs.tsx";
import { useAskAhead } from "../../panels/line/ask_ahead.ts";
import { LinePanel } from "../../panels/line/line_panel.tsx";
import { MEDIA_PANELS } from "../../panels/registry.ts";
import {
  type Layout,
  layOut,
  type PlacedSection,
  panelsBetween,
  sectionsBetween,
} from "../../state/panel_layout.ts";
import { isWhole, MOST_PRINTED } from "../../state/printing.ts";
import { LOGDIRS } from "../../state/route.ts";
import { hasStepwise } from "../../state/sections.ts";
import type { Workspace } from "../../state/workspace.ts";
import { lazy } from "../lazy.tsx";
import { DropMark, useArranging } from "./arranging.tsx";
import { EmptyPanels } from "./empty_panels.tsx";
import { MarkSlot } from "./mark_slot.tsx";
import { useReach } from "./reach.ts";
import { SectionHead } from "./section_head.tsx";

const LogdirNotice = lazy(async () => (await import("./logdir_notice.tsx")).LogdirNotice);
const PanelPickBar = lazy(async () => (await import("./panel_pick_bar.tsx")).PanelPickBar);
export const StepBar = lazy(async () => (await import("./step_bar.tsx")).StepBar);

interface Sight {
  top: number;
  height: number;
  width: number;
}

const SIDE_PADDING = 14;
const TOP_PADDING = 8;
/** Scrolling is followed in steps, so that a scroll of a few pixels renders nothing. */
const SCROLL_STEP = 64;

export function PanelGrid({ ws }: { ws: Workspace }): JSX.Element {
  const box = useRef<HTMLElement>(null);
  const [sight, seen] = useSight(box);
  useAskAhead(ws, seen);
  const sections = ws.sections.value;
  const density = useComputed(() => ws.view.value.density).value;
  const size = useComputed(() => ws.view.value.size).value;
  const grids = useComputed(() => ws.view.value.grids).value;
  const layout = useMemo(
    () => layOut(sections, Math.max(1, sight.width), density, size, grids),
    [sections, sight.width, density, size, grids],
  );
  const arranging = useArranging(ws, layout);
  useStillView(box, layout.sections);
  const reach = useReach(ws.loader, layout.sections.length > 0);
  // On the full screen the slider stands there.
  const hasSteps = useComputed(
    () => ws.view.value.full === null && hasStepwise(ws.sections.value),
  ).value;

  const arePicked = useComputed(() => ws.pickedPanels.value.size > 0).value;

  const isUnknownLogdir =
    ws.entity === LOGDIRS && ws.keysError.value !== null && !ws.areKeysReady.value;

  return (
    <>
      <main ref={box} class={`panels ${density}`} id="panels">
        {isUnknownLogdir ? (
          <LogdirNotice ws={ws}>
            <EmptyPanels ws={ws} />
          </LogdirNotice>
        ) : (
          <EmptyPanels ws={ws} />
        )}
        <NoRunsNotice ws={ws} />
        {sight.width > 0 && (
          <div class="panels-all" style={{ height: `${layout.height}px` }} {...arranging}>
            {isWhole.value
              ? piecesInSight(ws, layout, wholeOf(layout, sight), 0)
              : piecesInSight(ws, layout, sight, reach)}
            <DropMark />
          </div>
        )}
      </main>
      <MarkSlot ws={ws} />
      {arePicked && <PanelPickBar ws={ws} />}
      {hasSteps && <StepBar ws={ws} />}
    </>
  );
}

/** Says once for all panels that no run is shown; they stay where they are, empty. */
function NoRunsNotice({ ws }: { ws: Workspace }): JSX.Element | null {
  const isEmpty = useComputed(() => showsNoRun(ws) && ws.sections.value.length > 0).value;
  if (!isEmpty) return null;
  return (
    <div class="no-runs">
      <div class="no-runs-card" role="status">
        <NoRuns ws={ws} />
      </div>
    </div>
  );
}

/**
 * What is scrolled to: in steps, and with the height and the width of the column. The second is the same, kept as soon
 * as it is known: layout effects that stand below read it while the first still waits to be rendered.
 */
function useSight(box: { current: HTMLElement | null }): [Sight, { current: Sight }] {
  const [sight, setSight] = useState<Sight>({ top: 0, height: 0, width: 0 });
  const seen = useRef(sight);
  useLayoutEffect(() => {
    const element = box.current!;
    const look = () => {
      const next = {
        top: Math.floor(element.scrollTop / SCROLL_STEP) * SCROLL_STEP,
        height: element.clientHeight,
        width: element.clientWidth - 2 * SIDE_PADDING,
      };
      seen.current = next;
      setSight((old) =>
        old.top === next.top && old.height === next.height && old.width === next.width ? old : next,
      );
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    look();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [box]);
  return [sight, seen];
}

/** Keeps what is on screen where it is when sections above it grow or appear while the page is live. */
function useStillView(
  box: { current: HTMLElement | null },
  places: readonly PlacedSection[],
): void {
  const before = useRef<readonly PlacedSection[]>([]);
  useLayoutEffect(() => {
    const element = box.current!;
    const top = element.scrollTop - TOP_PADDING;
    const anchor = before.current.find((place) => place.top + place.height > top);
    const now = anchor && places.find((place) => place.section.id === anchor.section.id);
    if (anchor && now && top > 0 && now.top !== anchor.top) {
      element.scrollTop += now.top - anchor.top;
    }
    before.current = places;
  }, [places, box]);
}

/** On paper all is in sight, up to the last panel that is printed. */
function wholeOf(layout: Layout, sight: Sight): Sight {
  const all = layout.sections.flatMap((place) =>
    panelsBetween(layout, place, 0, Number.POSITIVE_INFINITY).map(({ place: { top } }) => top),
  );
  return { ...sight, top: 0, height: all[MOST_PRINTED] ?? layout.height };
}

/**
 * Heads and panels side by side, each in its place: a panel that a filter or a pin moves to another
 * section stays the same element, and is not drawn anew.
 */
function piecesInSight(ws: Workspace, layout: Layout, sight: Sight, reach: number): JSX.Element[] {
  // Panels beyond the reach (in screens above and below) take room only.
  const beyond = reach * sight.height + SCROLL_STEP;
  const from = sight.top - beyond;
  const to = sight.top + sight.height + beyond;
  const isSeen = (top: number, height: number) =>
    top + height > sight.top && top < sight.top + sight.height + SCROLL_STEP;
  const pieces: JSX.Element[] = [];
  for (const place of sectionsBetween(layout, from, to)) {
    const { section, top } = place;
    pieces.push(<SectionHead key={`head ${section.id}`} ws={ws} section={section} top={top} />);
    for (const { panel, place: at } of panelsBetween(layout, place, from, to)) {
      const props = {
        ws,
        metric: panel.key,
        isVisible: isSeen(TOP_PADDING + at.top, at.height),
        place: at,
      };
      const name = `panel ${panel.id}`;
      pieces.push(
        panel.kind === "line" ? (
          <LinePanel key={name} {...props} />
        ) : (
          <MediaPanel key={name} kind={panel.kind} loaders={MEDIA_PANELS} {...props} />
        ),
      );
    }
  }
  return pieces;
}

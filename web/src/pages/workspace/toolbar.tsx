/** The line above the panels: the panel filter, how all of them draw, and how many there are. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import type { Bindings } from "../../state/keys.ts";
import { togglePin } from "../../state/panel_settings.ts";
import { LOGDIRS } from "../../state/route.ts";
import { turnSmoothing } from "../../state/setting_scope.ts";
import type { Outliers } from "../../state/settings.ts";
import { keyFilter } from "../../state/view.ts";
import type { Workspace } from "../../state/workspace.ts";
import { isZoomed } from "../../state/zoom.ts";
import { Icon } from "../../widgets/icon.tsx";
import { lazy } from "../lazy.tsx";
import { useShortcuts } from "../shortcuts.tsx";
import {
  AxisChip,
  DensityChip,
  GroupChip,
  KindChip,
  LogChip,
  MoreChip,
  nextDensity,
  OutliersChip,
  SmoothChip,
} from "./toolbar_chips.tsx";

const AddChip = lazy(async () => (await import("./manual_items.tsx")).AddChip);
const SubRunsChip = lazy(async () => (await import("./sub_runs_chip.tsx")).SubRunsChip);

interface ToolbarProps {
  ws: Workspace;
  onList: (() => void) | null;
}

/** From these widths on, in CSS pixels, the toolbar has room for all chips, or for two of them. */
const ROOM_FOR_ALL = 860;
const ROOM_FOR_SOME = 520;
type Room = "all" | "some" | "none";

function roomIn(width: number): Room {
  if (width >= ROOM_FOR_ALL) return "all";
  return width >= ROOM_FOR_SOME ? "some" : "none";
}

export function Toolbar({ ws, onList }: ToolbarProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  // As a word, not in pixels: at the usual widths the first look changes nothing.
  const [room, setRoom] = useState<Room>("all");
  useLayoutEffect(() => {
    const element = box.current!;
    // Called before the first picture too; to ask for the width here would have the page laid out once more.
    const observer = new ResizeObserver(() => setRoom(roomIn(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useShortcuts(useMemo(() => toolbarKeys(ws), [ws]));
  const isGrouping = ws.runId === null;
  return (
    <div ref={box} class="toolbar" role="toolbar" aria-label="Charts">
      {onList && (
        <button
          type="button"
          class="icon-button list-toggle"
          aria-label="Run list"
          onClick={onList}
        >
          <Icon name="list" />
        </button>
      )}
      <PanelFilter ws={ws} />
      <KindChip ws={ws} />
      {room !== "none" && (
        <>
          <AxisChip ws={ws} />
          <SmoothChip ws={ws} />
        </>
      )}
      {room === "all" ? (
        <>
          <OutliersChip ws={ws} />
          <LogChip ws={ws} />
          {isGrouping && <GroupChip ws={ws} />}
          <DensityChip ws={ws} />
          {isGrouping && ws.entity === LOGDIRS && <SubRunsChip ws={ws} />}
        </>
      ) : (
        <MoreChip ws={ws} />
      )}
      <ZoomChip ws={ws} />
      <span class="spread" />
      <PanelCount ws={ws} />
    </div>
  );
}

const OUTLIERS: readonly Outliers[] = ["all", "auto", "p1", "p5"];

function toolbarKeys(ws: Workspace): Bindings {
  const smooth = (by: 1 | -1) => ws.set({ smooth: turnSmoothing(ws.view.peek().smooth, by) });
  return {
    "smooth-more": () => smooth(1),
    "smooth-less": () => smooth(-1),
    "smooth-none": () => ws.set({ smooth: null }),
    outliers: () => {
      const at = OUTLIERS.indexOf(ws.view.peek().outliers);
      ws.set({ outliers: OUTLIERS[(at + 1) % OUTLIERS.length]! });
    },
    density: () => ws.set({ density: nextDensity(ws.view.peek().density) }),
    "pin-panel": () => (ws.pointed === null ? false : togglePin(ws, ws.pointed)),
    group: () => (ws.runId === null ? document.getElementById("group-chip")?.click() : false),
  };
}

function ZoomChip({ ws }: { ws: Workspace }): JSX.Element | null {
  const isShown = useComputed(() => isZoomed(ws.view.value)).value;
  if (!isShown) return null;
  return (
    <button
      type="button"
      class="chip zoomed"
      title="Show everything (Z; double-click in a chart goes back one zoom)"
      onClick={() => ws.resetZoom()}
    >
      <Icon name="reset" /> Zoomed
    </button>
  );
}

/** How many panels there are; hidden ones can be brought back here. */
function PanelCount({ ws }: { ws: Workspace }): JSX.Element | null {
  if (!ws.areKeysReady.value) return null;
  const panels = ws.sections.value.reduce((sum, section) => sum + section.panels.length, 0);
  const { off, manual } = ws.still.value;
  return (
    <>
      {manual !== null && <AddChip ws={ws} />}
      {manual === null && off.length > 0 && (
        <button
          type="button"
          class="chip"
          title={`Hidden: ${off.join(", ")}`}
          onClick={() => ws.set({ off: [] })}
        >
          Show {groupDigits(off.length)} hidden
        </button>
      )}
      <span class="panel-count">
        {groupDigits(panels)} {panels === 1 ? "panel" : "panels"}
      </span>
    </>
  );
}

function PanelFilter({ ws }: { ws: Workspace }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const { tags } = ws.still.value;
  const { isBroken } = keyFilter(tags);
  useEffect(() => {
    if (document.activeElement !== field.current) field.current!.value = tags;
  }, [tags]);
  return (
    <input
      ref={field}
      id="panel-filter"
      type="search"
      class={isBroken ? "broken" : undefined}
      placeholder="Panels  /"
      aria-label="Filter panels: a part of the name, or /a regular expression/"
      aria-invalid={isBroken}
      autocomplete="off"
      spellcheck={false}
      onInput={(event) => ws.set({ tags: event.currentTarget.value })}
    />
  );
}

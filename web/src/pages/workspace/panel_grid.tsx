/** Sections of panels in a scrolled column; only panels near the viewport are mounted. */
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { LinePanel } from "../../panels/line/line_panel.tsx";
import {
  layOut,
  PANEL_GAP,
  PANEL_HEIGHT,
  type PlacedSection,
  SECTION_HEAD,
} from "../../state/sections.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { EmptyPanels } from "./empty_panels.tsx";

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
  const [sight, setSight] = useState<Sight>({ top: 0, height: 0, width: 0 });

  useLayoutEffect(() => {
    const element = box.current!;
    const look = () => {
      const next = {
        top: Math.floor(element.scrollTop / SCROLL_STEP) * SCROLL_STEP,
        height: element.clientHeight,
        width: element.clientWidth - 2 * SIDE_PADDING,
      };
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
  }, []);

  const sections = ws.sections.value;
  const layout = useMemo(() => layOut(sections, Math.max(1, sight.width)), [sections, sight.width]);
  useStillView(box, layout.sections);

  return (
    <main ref={box} class="panels" id="panels">
      <EmptyPanels ws={ws} />
      {sight.width > 0 && (
        <div class="panels-all" style={{ height: `${layout.height}px` }}>
          {layout.sections.map((place) => (
            <SectionView
              key={place.section.id}
              ws={ws}
              place={place}
              columns={layout.columns}
              panelWidth={layout.panelWidth}
              sight={sight}
            />
          ))}
        </div>
      )}
    </main>
  );
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

interface SectionProps {
  ws: Workspace;
  place: PlacedSection;
  columns: number;
  panelWidth: number;
  sight: Sight;
}

function SectionView({ ws, place, columns, panelWidth, sight }: SectionProps): JSX.Element | null {
  const { section, top, height } = place;
  // One screen above and below is ready; further panels take room only.
  const from = sight.top - sight.height - SCROLL_STEP;
  const to = sight.top + 2 * sight.height + SCROLL_STEP;
  if (top + height < from || top > to) return null;
  const panels: JSX.Element[] = [];
  if (!section.isFolded) {
    const rowHeight = PANEL_HEIGHT + PANEL_GAP;
    const start = top + TOP_PADDING + SECTION_HEAD;
    const firstRow = Math.max(0, Math.floor((from - start) / rowHeight));
    const lastRow = Math.floor((to - start) / rowHeight);
    const last = Math.min(section.keys.length, (lastRow + 1) * columns);
    for (let i = firstRow * columns; i < last; i++) {
      const key = section.keys[i]!;
      const y = SECTION_HEAD + Math.floor(i / columns) * rowHeight;
      const at = top + TOP_PADDING + y;
      panels.push(
        <LinePanel
          key={key.name}
          ws={ws}
          metric={key}
          isVisible={at + PANEL_HEIGHT > sight.top && at < sight.top + sight.height + SCROLL_STEP}
          place={{
            left: (i % columns) * (panelWidth + PANEL_GAP),
            top: y,
            width: panelWidth,
            height: PANEL_HEIGHT,
          }}
        />,
      );
    }
  }
  return (
    <section class="section" style={{ top: `${top}px`, height: `${height}px` }}>
      <h2>
        <button
          type="button"
          class="section-head"
          aria-expanded={!section.isFolded}
          title="Fold or unfold. Alt: only this one."
          onClick={(event) => (event.altKey ? ws.openOnly(section.id) : ws.toggleFold(section.id))}
        >
          <Icon name={section.isFolded ? "chevronRight" : "chevronDown"} />
          {section.title}
          <span class="section-count">{section.keys.length}</span>
        </button>
      </h2>
      {panels}
    </section>
  );
}

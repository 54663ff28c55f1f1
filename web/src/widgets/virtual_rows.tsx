/** A scrolled list of rows of one height of which only those in sight are in the document. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { whenIdle } from "../base/idle.ts";

interface VirtualRowsProps {
  count: number;
  rowHeight: number;
  label: string;
  /** A row; it places itself at `top` px. */
  row: (index: number, top: number) => ComponentChildren;
  /** The first and last row in sight, so that the rows can be loaded. */
  onSight?: (first: number, last: number) => void;
  /** A row that should come into sight; a new object for each time. */
  reveal?: { index: number } | null;
  /** Whether a mouse is over the rows. */
  onPointer?: (isOver: boolean) => void;
}

/** Rows beyond the edges that are kept ready, so that a quick scroll does not show blanks. */
const READY = 12;
/** Browsers lose precision in taller elements (Firefox gives up at 17.9 million px). */
const MAX_HEIGHT = 15_000_000;

export function VirtualRows(props: VirtualRowsProps): JSX.Element {
  const { count, rowHeight, label, row, onSight, reveal, onPointer } = props;
  const box = useRef<HTMLDivElement>(null);
  // As many as the window has room for: more are made ready once those are there to see.
  const [sight, setSight] = useState({ first: 0, last: Math.ceil(innerHeight / rowHeight) });
  const [ready, setReady] = useState(0);
  useEffect(() => whenIdle(() => setReady(READY)), []);

  useLayoutEffect(() => {
    const element = box.current!;
    const look = () => {
      const first = Math.floor(element.scrollTop / rowHeight);
      const last = first + Math.ceil(element.clientHeight / rowHeight);
      setSight((old) => (old.first === first && old.last === last ? old : { first, last }));
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    look();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [rowHeight]);

  useLayoutEffect(() => {
    if (!reveal) return;
    const element = box.current!;
    const top = reveal.index * rowHeight;
    const lowest = top + rowHeight - element.clientHeight;
    element.scrollTop = Math.min(top, Math.max(element.scrollTop, lowest));
  }, [reveal, rowHeight]);

  const first = Math.max(0, sight.first - ready);
  const last = Math.min(count - 1, sight.last + ready);
  useLayoutEffect(() => onSight?.(first, last), [first, last, onSight]);

  const rows: ComponentChildren[] = [];
  for (let index = first; index <= last; index++) rows.push(row(index, index * rowHeight));
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <ul> may not hold the element that is scrolled
    <div
      ref={box}
      class="rows"
      role="list"
      aria-label={label}
      onPointerEnter={(event) => event.pointerType === "mouse" && onPointer?.(true)}
      onPointerLeave={() => onPointer?.(false)}
    >
      <div class="rows-all" style={{ height: `${Math.min(MAX_HEIGHT, count * rowHeight)}px` }}>
        {rows}
      </div>
    </div>
  );
}

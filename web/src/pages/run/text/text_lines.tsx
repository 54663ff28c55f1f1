/**
 * Lines of text in a scrolled box, of which only those in sight are in the document, wrapped or not.
 *
 * How far down the bar is (0 at the top, 1 at the bottom) says which place among the lines stands at the same
 * share of the box's height: at 0 the first line is at the top, at 1 the last one at the bottom. Between them this is
 * plain scrolling where all lines are of one height, and goes on without a jump where wrapped ones are not, whose
 * heights nobody knows before they were in sight.
 */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export const LINE_HEIGHT = 18;

/** Browsers lose precision in taller elements (Firefox gives up at 17.9 million px). */
const MAX_HEIGHT = 8_000_000;
const READY = 8;
/** Pixels from the bottom at which a reader counts as being there. */
const AT_END = 4;

/** The line to bring into sight; a new object for each time. */
export interface Reveal {
  readonly index: number;
}

interface TextLinesProps {
  count: number;
  label: string;
  /** A line; the key of the element is set here. */
  line: (index: number) => ComponentChildren;
  rowHeight?: number;
  isWrapped?: boolean;
  class?: string;
  /** What stands over the lines and does not scroll away, and its height. */
  head?: ComponentChildren;
  headHeight?: number;
  reveal?: Reveal | null;
  /** Whether the box stays at its end while lines are added. */
  isFollowing?: boolean;
  /** The reader has come to the end, or left it. */
  onEnd?: (isAtEnd: boolean) => void;
  /** The lines in sight, so that they can be loaded. */
  onSight?: (first: number, last: number) => void;
}

interface Sight {
  /** How far down the bar is, from 0 to 1. */
  down: number;
  /** Of the box without its head. */
  height: number;
}

export function TextLines(props: TextLinesProps): JSX.Element {
  const { count, line, rowHeight = LINE_HEIGHT, isWrapped = false, headHeight = 0 } = props;
  const { reveal, isFollowing = false, onEnd, onSight } = props;
  const box = useRef<HTMLDivElement>(null);
  const block = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState<Sight>(() => ({
    down: isFollowing ? 1 : 0,
    height: Math.max(rowHeight, innerHeight - 160),
  }));
  /** The height of all lines, where all of them are in the document. */
  const [whole, setWhole] = useState(0);
  const following = useRef(isFollowing);
  following.current = isFollowing;
  /** Where the page itself has scrolled to: that is not the reader's doing. */
  const own = useRef(-1);

  const inSight = Math.ceil(sight.height / rowHeight);
  const anchor = sight.down * count;
  const first = Math.max(0, Math.floor(anchor - sight.down * inSight) - READY);
  const last = Math.min(count - 1, Math.ceil(anchor + (1 - sight.down) * inSight) + READY);
  const isWhole = first === 0 && last === count - 1;
  const lines = Math.max(count * rowHeight, isWhole ? whole : 0);
  const height = Math.min(MAX_HEIGHT, lines);

  useLayoutEffect(() => {
    const element = box.current!;
    const look = () => {
      const room = element.scrollHeight - element.clientHeight;
      const top = element.scrollTop;
      const down = room > 0 ? Math.min(1, Math.max(0, top / room)) : 0;
      const clear = element.clientHeight - headHeight;
      setSight((old) =>
        old.down === down && old.height === clear ? old : { down, height: clear },
      );
    };
    const onScroll = () => {
      look();
      if (Math.abs(element.scrollTop - own.current) < 1) return;
      own.current = -1;
      const left = element.scrollHeight - element.clientHeight - element.scrollTop;
      onEnd?.(left < AT_END);
    };
    const observer = new ResizeObserver(() => {
      if (following.current) toEnd(element, own);
      look();
    });
    observer.observe(element);
    element.addEventListener("scroll", onScroll, { passive: true });
    look();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", onScroll);
    };
  }, [headHeight, onEnd]);

  // The end moves when lines come, and when following begins.
  useLayoutEffect(() => {
    if (isFollowing) toEnd(box.current!, own);
  }, [isFollowing, height]);

  useLayoutEffect(() => {
    if (!reveal || count === 0) return;
    const element = box.current!;
    const clear = element.clientHeight - headHeight;
    const room = element.scrollHeight - element.clientHeight;
    const beyond = count * rowHeight - clear;
    if (beyond <= 0 || room <= 0) return;
    // A third down the box: what led to the line is in sight, too.
    const down = (reveal.index * rowHeight - clear / 3) / beyond;
    element.scrollTop = Math.min(1, Math.max(0, down)) * room;
  }, [reveal]);

  useLayoutEffect(() => onSight?.(first, Math.max(first, last)), [first, last, onSight]);

  useLayoutEffect(() => {
    const moved = block.current!;
    if (isWrapped && isWhole && moved.offsetHeight !== whole) setWhole(moved.offsetHeight);
    const at = Math.min(Math.floor(anchor), last);
    const child = moved.children[at - first] as HTMLElement | undefined;
    if (child === undefined) return;
    const top = child.offsetTop + (anchor - at) * child.offsetHeight;
    moved.style.transform = `translateY(${sight.down * sight.height - top}px)`;
  });

  const rows: ComponentChildren[] = [];
  for (let index = first; index <= last; index++) rows.push(line(index));
  return (
    <section
      ref={box}
      class={`text-lines${isWrapped ? " wrapped" : ""} ${props.class ?? ""}`}
      aria-label={props.label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
      tabIndex={0}
    >
      {props.head}
      <div class="text-all" style={{ height: `${height}px` }}>
        <div class="text-sight" style={{ height: `${sight.height}px`, top: `${headHeight}px` }}>
          <div class="text-block" ref={block}>
            {rows}
          </div>
        </div>
      </div>
    </section>
  );
}

function toEnd(element: HTMLElement, own: { current: number }): void {
  element.scrollTop = element.scrollHeight;
  own.current = element.scrollTop;
}

/** A card beside the pointer in a panel of media; it may leave the panel, but not the page. */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import "../../styles/media_tip.css";

interface MediaTipProps {
  /** The pointer, in CSS pixels from the corner of the element that the card stands in. */
  left: number;
  top: number;
  title: string;
  color?: string;
  children: ComponentChildren;
}

const BESIDE = 14;
const EDGE = 6;

export function MediaTip({ left, top, title, color, children }: MediaTipProps): JSX.Element {
  const card = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = card.current!;
    const corner = element.parentElement!.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = element;
    const [x, y] = [corner.left + left, corner.top + top];
    const isRight = x + BESIDE + width <= innerWidth - EDGE;
    const at = isRight ? x + BESIDE : Math.max(EDGE, x - BESIDE - width);
    const most = innerHeight - EDGE - height;
    element.style.transform = `translate(${at}px, ${Math.max(EDGE, Math.min(most, y + 10))}px)`;
  });
  return (
    <div ref={card} class="media-tip">
      <div class="tip-head">
        {color && <span class="tip-swatch" style={{ background: color }} />}
        <b>{title}</b>
      </div>
      <dl>{children}</dl>
    </div>
  );
}

export function Fact({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** A card beside the pointer within a panel, on the side that has room for it. */
import type { ComponentChildren, JSX } from "preact";
import "../../styles/media_tip.css";

interface MediaTipProps {
  /** The pointer, in CSS pixels from the corner of the body. */
  left: number;
  top: number;
  /** Of the body. */
  width: number;
  height: number;
  title: string;
  color?: string;
  children: ComponentChildren;
}

export function MediaTip(props: MediaTipProps): JSX.Element {
  const { left, top, width, height, title, color, children } = props;
  const x = left > width / 2 ? "calc(-100% - 12px)" : "14px";
  const y = top > height / 2 ? "calc(-100% - 8px)" : "10px";
  return (
    <div
      class="media-tip"
      style={{ left: `${left}px`, top: `${top}px`, transform: `translate(${x}, ${y})` }}
    >
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

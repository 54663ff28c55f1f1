/** The values under the pointer: logged points, nearest to the pointer first. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { formatValue } from "../../base/numbers.ts";
import type { Hover } from "../../plots/line_plot.ts";
import { axisName, formatX } from "./lines.ts";

const MAX_ROWS = 12;
const AWAY = 16;
const EDGE = 8;

interface TooltipProps {
  hover: Hover;
  axis: string;
  /** The pointer on the page, CSS pixels. */
  left: number;
  top: number;
}

export function Tooltip({ hover, axis, left, top }: TooltipProps): JSX.Element | null {
  const box = useRef<HTMLDivElement>(null);
  const { hits } = hover;

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const { offsetWidth: width, offsetHeight: height } = element;
    const isRight = left + AWAY + width + EDGE <= innerWidth;
    const x = isRight ? left + AWAY : Math.max(EDGE, left - AWAY - width);
    const y = Math.max(EDGE, Math.min(top - height / 3, innerHeight - height - EDGE));
    element.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  });

  if (hits.length === 0) return null;
  // What the pointer is at is a logged point, the nearest one, and not the place between two of them.
  const x = (hits.find((hit) => hit.run === hover.near) ?? hits[0]!).x;
  return (
    <div ref={box} class="tooltip" role="tooltip">
      <div class="tooltip-x">
        {axis !== "wall" && axis !== "relative" && `${axisName(axis)} `}
        {formatX(axis, x)}
      </div>
      {hits.slice(0, MAX_ROWS).map((hit) => (
        <div class={`tooltip-row${hit.run === hover.near ? " nearest" : ""}`} key={hit.run}>
          <span class="swatch" style={{ backgroundColor: hit.color }} />
          <span class="name">{hit.label}</span>
          <span class="value">{formatValue(hit.y)}</span>
          <span class="at">{hit.x === x ? "" : formatX(axis, hit.x)}</span>
        </div>
      ))}
      {hits.length > MAX_ROWS && <div class="tooltip-more">+{hits.length - MAX_ROWS} more</div>}
    </div>
  );
}

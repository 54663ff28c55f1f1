/** The values under the pointer: logged points, nearest to the pointer first, or what groups have there. */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { formatValue } from "../../base/numbers.ts";
import type { GroupHit, Hit, Hover } from "../../plots/plot_types.ts";
import type { TipOrder } from "../../state/settings.ts";
import { dashedBackground } from "../../widgets/swatch.tsx";
import { axisName, formatX } from "./lines.ts";
import { inOrder } from "./tooltip_order.ts";
import { placeTooltip } from "./tooltip_place.ts";

const MAX_ROWS = 12;

interface TooltipProps {
  hover: Hover;
  order: TipOrder;
  axis: string;
  /** Uid of the run that others are compared with, when there is one. */
  baseline: string | null;
  /** The pointer on the page, CSS pixels. */
  left: number;
  top: number;
  isFrozen: boolean;
  /** What stands beside the position: how long the run had been going. */
  aside: string;
  /** Further lines: points that the axis leaves out. */
  children?: ComponentChildren;
}

export function Tooltip(props: TooltipProps): JSX.Element | null {
  const { hover, order, axis, baseline, left, top, isFrozen, aside, children } = props;
  const box = useRef<HTMLDivElement>(null);
  const hits = inOrder(hover.hits, order, ({ y, smoothed }) => smoothed ?? y);
  const groups = inOrder(hover.groups, order, ({ center }) => center);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const size = { width: element.offsetWidth, height: element.offsetHeight };
    const page = { width: innerWidth, height: innerHeight };
    const corner = placeTooltip(size, { left, top }, page);
    element.style.transform = `translate(${Math.round(corner.left)}px, ${Math.round(corner.top)}px)`;
  });

  if (hits.length + groups.length === 0) return null;
  const x = positionOf(hover);
  return (
    <div
      ref={box}
      class={`tooltip${isFrozen ? " frozen" : ""}`}
      role="tooltip"
      data-frozen={isFrozen || undefined}
    >
      <div class="tooltip-x">
        {axis !== "wall" && axis !== "relative" && `${axisName(axis)} `}
        {formatX(axis, x)}
        {aside && ` · ${aside}`}
      </div>
      {groups.length > 0 && <GroupRows groups={groups} near={hover.near} />}
      {hits.length > 0 && (
        <HitRows hits={hits} near={hover.near} baseline={baseline} x={x} axis={axis} />
      )}
      {children}
      {isFrozen && <div class="tooltip-more">Alt or Esc lets go of it.</div>}
    </div>
  );
}

/** What the pointer is at is a logged point, the nearest one, and not the place between two of them. */
export function pointOf({ hits, near }: Hover): Hit | null {
  return hits.find((one) => one.run === near) ?? hits[0] ?? null;
}

function positionOf(hover: Hover): number {
  const { groups, near, x } = hover;
  const group = groups.find((one) => one.id === near) ?? groups[0];
  return (pointOf(hover) ?? group)?.x ?? x;
}

interface HitRowsProps {
  hits: readonly Hit[];
  near: string | null;
  baseline: string | null;
  x: number;
  axis: string;
}

function HitRows({ hits, near, baseline, x, axis }: HitRowsProps): JSX.Element {
  const isSmoothed = hits.some((hit) => hit.smoothed !== undefined);
  const isCompared = baseline !== null && hits.some((hit) => hit.baseline !== undefined);
  return (
    <>
      <table class="tooltip-rows">
        {(isSmoothed || isCompared) && (
          <thead>
            <tr>
              <td colSpan={2} />
              <th scope="col">value</th>
              {isSmoothed && <th scope="col">smoothed</th>}
              {isCompared && <th scope="col">Δ baseline</th>}
              <td />
            </tr>
          </thead>
        )}
        <tbody>
          {hits.slice(0, MAX_ROWS).map((hit) => (
            <tr class={hit.run === near ? "nearest" : undefined} key={`${hit.run} ${hit.label}`}>
              <td>
                <span
                  class="swatch"
                  style={{ background: dashedBackground(hit.color, hit.dash) }}
                />
              </td>
              <td class="name">{hit.label}</td>
              <td>{formatValue(hit.y)}</td>
              {isSmoothed && <td>{hit.smoothed === undefined ? "" : formatValue(hit.smoothed)}</td>}
              {isCompared && <td class="at">{hit.run === baseline ? "base" : deltaText(hit)}</td>}
              <td class="at">{hit.x === x ? "" : formatX(axis, hit.x)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <More count={hits.length - MAX_ROWS} />
    </>
  );
}

function GroupRows(props: { groups: readonly GroupHit[]; near: string | null }): JSX.Element {
  const { groups, near } = props;
  const isBand = groups.some((group) => Number.isFinite(group.lo) && group.lo !== group.hi);
  return (
    <>
      <table class="tooltip-rows">
        <tbody>
          {groups.slice(0, MAX_ROWS).map((group) => (
            <tr class={group.id === near ? "nearest" : undefined} key={group.id}>
              <td>
                <span
                  class="swatch"
                  style={{ background: dashedBackground(group.color, group.dash) }}
                />
              </td>
              <td class="name">{group.label}</td>
              <td>{formatValue(group.center)}</td>
              {isBand && (
                <td class="at">
                  {formatValue(group.lo)} – {formatValue(group.hi)}
                </td>
              )}
              <td class="at" title="Runs with a value here">
                N {group.n === group.runs ? group.n : `${group.n}/${group.runs}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <More count={groups.length - MAX_ROWS} />
    </>
  );
}

function More({ count }: { count: number }): JSX.Element | null {
  return count > 0 ? <div class="tooltip-more">+{count} more</div> : null;
}

function deltaText({ y, baseline }: Hit): string {
  if (baseline === undefined) return "";
  const delta = y - baseline;
  return delta > 0 ? `+${formatValue(delta)}` : formatValue(delta).replace("-", "−");
}

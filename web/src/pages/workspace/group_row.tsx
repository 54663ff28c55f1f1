/** One group of the list: fold, eye, colour, what its runs share, how many there are, and their means. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { formatValue, groupDigits } from "../../base/numbers.ts";
import type { GroupNode, Spread } from "../../data/run_routes.ts";
import { groupId, groupLabel, valueLabel } from "../../state/groups.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Colour } from "../../widgets/swatch.tsx";
import { shortName } from "./columns.ts";
import type { RowEvents } from "./run_row.tsx";

interface GroupRowProps {
  ws: Workspace;
  node: GroupNode;
  isOpen: boolean;
  top: number;
  columns: readonly string[];
  hasSpark: boolean;
  events: RowEvents;
  onFold: (node: GroupNode) => void;
}

export function GroupRow(props: GroupRowProps): JSX.Element {
  const { ws, node, isOpen, top, columns, hasSpark, events, onFold } = props;
  const id = groupId(node);
  const isShown = useComputed(() => ws.grouping.isDrawn(node));
  const isCursor = useComputed(() => ws.picks.cursor.value === id);
  const column = ws.view.value.g[node.depth - 1] ?? "";
  const value = node.path.at(-1) ?? null;
  const paint = ws.grouping.paints.value.get(id);
  const label = groupLabel(node.path);
  // Then the colour says the value.
  const isByValue = ws.view.value.g.includes(ws.colours.column.value ?? "");
  return (
    // biome-ignore lint/a11y/useSemanticElements: see VirtualRows
    <div
      class={`run-row group-row cols-${columns.length}${hasSpark ? " has-spark" : ""}${isShown.value ? "" : " off"}${isCursor.value ? " cursor" : ""}`}
      role="listitem"
      data-group={id}
      style={{ transform: `translateY(${top}px)`, "--depth": node.depth - 1 }}
    >
      <button
        type="button"
        class="eye"
        aria-pressed={isShown.value}
        aria-label={`Show group ${label}`}
        title="Show or hide the group. Alt: only this group."
        onClick={(event) => events.onEye(id, event)}
      >
        <span class="eye-dot" />
      </button>
      {paint && !isByValue ? (
        <button
          type="button"
          class="swatch-button"
          aria-label={`Colour of group ${label}`}
          title={`Colour of group ${label}`}
          aria-haspopup="dialog"
          onClick={(event) => events.onColour(id, event)}
        >
          <Colour paint={paint} theme={theme.value} isOff={!isShown.value} />
        </button>
      ) : (
        <span class="group-colour">
          {paint && <Colour paint={paint} theme={theme.value} isOff={!isShown.value} />}
        </span>
      )}
      <button
        type="button"
        class="run-name"
        aria-expanded={isOpen}
        title={`${column}: ${valueLabel(value)}`}
        onClick={() => onFold(node)}
      >
        <Icon name={isOpen ? "chevronDown" : "chevronRight"} />
        <span class="group-value">
          {valueLabel(value)} <small>{shortName(column)}</small>
        </span>
        <span class="badge">{groupDigits(node.runs)}</span>
      </button>
      {columns.map((name) => (
        <SpreadCell key={name} spread={node.columns[name]} />
      ))}
    </div>
  );
}

/** Mean and, where there is more than one value, the standard deviation. */
function SpreadCell({ spread }: { spread: Spread | undefined }): JSX.Element {
  if (!spread || spread.n === 0) return <span class="cell" />;
  const mean = withDigits(spread.mean, 3);
  const std = formatValue(spread.std);
  // Rounding leaves a trace where all values are equal.
  const isSpread = spread.n > 1 && spread.std > Math.abs(spread.mean) * 1e-9;
  const title = `mean ${formatValue(spread.mean)}, standard deviation ${std}, ${formatValue(spread.min)} to ${formatValue(spread.max)}, of ${spread.n} runs`;
  return (
    <span class="cell spread" title={title}>
      <span>{mean}</span>
      {isSpread && <small>±{withDigits(spread.std, 2)}</small>}
    </span>
  );
}

/** A value in few digits, without zeros that say nothing. */
function withDigits(value: number, digits: number): string {
  return formatValue(Number(value.toPrecision(digits)))
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");
}

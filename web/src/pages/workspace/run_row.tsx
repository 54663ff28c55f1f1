/** One run of the list: eye, colour, name, state, chosen columns, and what can be done with it. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import type { Run } from "../../data/wire.ts";
import type { Place } from "../../state/list_rows.ts";
import { runHref } from "../../state/route.ts";
import { renamedRun, renameRun } from "../../state/run_actions.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { PathName } from "../../widgets/path_name.tsx";
import { Colour } from "../../widgets/swatch.tsx";
import { lazy } from "../lazy.tsx";
import { StateMark } from "../run_state.tsx";
import { cellText, narrowText } from "./columns.ts";
import type { SparklineProps } from "./sparkline.tsx";

/** What rows tell the list; the same object for all of them, so that rows rest when nothing changes. */
export interface RowEvents {
  onEye: (key: string, event: MouseEvent) => void;
  /** The pointer went down on an eye, or came over one while it is down. */
  onEyeDrag: (key: string, event: PointerEvent) => void;
  onName: (key: string, event: MouseEvent) => void;
  /** A right click, or a press on the dots. */
  onMenu: (key: string, event: MouseEvent) => void;
  onColour: (key: string, event: MouseEvent) => void;
}

interface RunRowProps {
  ws: Workspace;
  /** What the row is called in the list: the uid, but for runs that stand in several groups. */
  rowKey: string;
  run: Run;
  top: number;
  depth: number;
  /** Pinned runs and the baseline lead the list; a line is drawn below the last. */
  place: Place;
  columns: readonly string[];
  /** Whether the row has a small line of one of the run's series. */
  hasSpark: boolean;
  events: RowEvents;
}

const Sparkline = lazy<SparklineProps>(() =>
  // A list without them is whole; where the page has lost its server, it says so elsewhere.
  import("./sparkline.tsx").then(
    (module) => module.Sparkline,
    () => () => null,
  ),
);

export function RunRow(props: RunRowProps): JSX.Element {
  const { ws, rowKey, run, top, depth, place, columns, hasSpark, events } = props;
  const isShown = ws.shownUids.value.has(run.uid);
  // One row is lit at a time: the others need not be made anew when the pointer moves.
  const isLit = useComputed(() => ws.highlighted.value === run.uid || ws.lit.value === run.uid);
  const isCursor = useComputed(() => ws.picks.cursor.value === rowKey);
  const isPicked = useComputed(() => ws.picks.uids.value.has(run.uid));
  const isBase = useComputed(() => ws.view.value.base === run.id);
  const marks = [
    hasSpark && "has-spark",
    !isShown && "off",
    isLit.value && "lit",
    isCursor.value && "cursor",
    isPicked.value && "is-picked",
    place !== "list" && place,
  ].filter(Boolean);
  return (
    // biome-ignore lint/a11y/useSemanticElements: see VirtualRows
    <div
      class={`run-row cols-${columns.length} ${marks.join(" ")}`}
      role="listitem"
      data-uid={run.uid}
      style={{ transform: `translateY(${top}px)`, "--depth": depth }}
      onPointerEnter={() => {
        ws.pointedRun.value = run.uid;
      }}
      onPointerLeave={() => {
        ws.pointedRun.value = null;
      }}
      onContextMenu={(event) => events.onMenu(rowKey, event)}
    >
      <button
        type="button"
        class="eye"
        aria-pressed={isShown}
        aria-label={`Show ${run.name}`}
        title="Show or hide. Alt: only this run. Shift: all from the last one. Drag: several."
        onClick={(event) => events.onEye(rowKey, event)}
        onPointerDown={(event) => events.onEyeDrag(rowKey, event)}
        onPointerEnter={(event) => events.onEyeDrag(rowKey, event)}
      >
        <span class="eye-dot" />
      </button>
      {ws.picks.areShown.value ? (
        <label class="pick">
          <input
            type="checkbox"
            aria-label={`Select ${run.name}`}
            checked={isPicked.value}
            style={{ accentColor: ws.paint.value(run)[theme.value] }}
            onChange={() => ws.picks.toggle(run.uid)}
          />
        </label>
      ) : (
        <button
          type="button"
          class="swatch-button"
          aria-label={`Colour of ${run.name}`}
          title={`Colour of ${run.name}`}
          aria-haspopup="dialog"
          onClick={(event) => events.onColour(rowKey, event)}
        >
          <Colour paint={ws.paint.value(run)} theme={theme.value} isOff={!isShown} />
        </button>
      )}
      {renamedRun.value === run.uid ? (
        <RenameField ws={ws} run={run} />
      ) : (
        <span class="run-name">
          <a
            href={runHref(run.entity, run.project, run.id)}
            title={titleOf(run)}
            onClick={(event) => events.onName(rowKey, event)}
          >
            <PathName name={run.name} fits={SHORT} />
          </a>
          <StateMark state={run.state} />
          {place !== "list" && ws.view.value.rpin.includes(run.id) && (
            <span class="sr">pinned</span>
          )}
          {isBase.value && <span class="badge base">base</span>}
          {run.archived && <span class="badge">archived</span>}
        </span>
      )}
      {columns.map((column) => (
        <span class="cell" key={column} title={cellText(run, column)}>
          {narrowText(run, column, roomOf(columns, hasSpark))}
        </span>
      ))}
      {hasSpark && <Sparkline ws={ws} run={run} />}
      <button
        type="button"
        class="icon-button row-menu"
        aria-label={`Actions for ${run.name}`}
        title={`Actions for ${run.name}`}
        aria-haspopup="menu"
        onClick={(event) => events.onMenu(rowKey, event)}
      >
        <Icon name="dots" />
      </button>
    </div>
  );
}

/** Names of this many letters are seen whole beside two columns. */
const SHORT = 14;

/** Characters that a column has room for; two of them beside a line are narrower. */
function roomOf(columns: readonly string[], hasSpark: boolean): number {
  return hasSpark && columns.length > 1 ? 6 : 7;
}

function titleOf(run: Run): string {
  const tags = run.tags.length ? `\ntags: ${run.tags.join(", ")}` : "";
  return `${run.name} (${run.id})${tags}${run.notes ? `\n${run.notes}` : ""}`;
}

function RenameField({ ws, run }: { ws: Workspace; run: Run }): JSX.Element {
  function close(): void {
    if (renamedRun.peek() === run.uid) renamedRun.value = null;
  }
  function save(name: string): void {
    // Leaving the field saves too, but not after Escape or a second time.
    if (renamedRun.peek() !== run.uid) return;
    close();
    renameRun(ws, run, name);
  }
  return (
    <input
      class="inline-field run-name"
      aria-label={`New name of ${run.name}`}
      defaultValue={run.name}
      ref={selectAll}
      onBlur={(event) => save(event.currentTarget.value.trim())}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") close();
        if (event.key === "Enter") save(event.currentTarget.value.trim());
      }}
    />
  );
}

/** Puts the focus into a field when it appears, with its text ready to be replaced. */
function selectAll(field: HTMLInputElement | null): void {
  field?.focus();
  field?.select();
}

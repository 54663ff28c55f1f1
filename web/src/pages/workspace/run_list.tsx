/** The rows of the run list, and what the pointer does with them. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import type { SeriesLoader } from "../../data/series_loader.ts";
import { withoutPart } from "../../state/filter_text.ts";
import { unitOffset } from "../../state/filter_tokens.ts";
import { ListRows, type Row } from "../../state/list_rows.ts";
import { isPlainClick, openSheet } from "../../state/sheet.ts";
import { sparkKey } from "../../state/sparkline.ts";
import type { Workspace } from "../../state/workspace.ts";
import { VirtualRows } from "../../widgets/virtual_rows.tsx";
import { useShortcuts } from "../shortcuts.tsx";
import { EyePainter } from "./eye_painter.ts";
import { GroupRow } from "./group_row.tsx";
import { PickBar } from "./pick_bar.tsx";
import { type OpenedRow, placeOf, RowPopover } from "./row_popover.tsx";
import { ColourLegend } from "./run_colouring.tsx";
import { ColumnHeads, MAX_COLUMNS } from "./run_columns.tsx";
import { runBindings } from "./run_keys.ts";
import { type RowEvents, RunRow } from "./run_row.tsx";

export const ROW_HEIGHT = 24;
/** How long the rows wait at most for the first charts. */
const TURN_PATIENCE_MS = 250;
const TURN_LOOK_MS = 12;

export function RunList({ ws }: { ws: Workspace }): JSX.Element {
  const list = useMemo(() => new ListRows(ws), [ws]);
  const listed = ws.listed.value;
  const columns = useMemo(() => listed.slice(0, MAX_COLUMNS), [listed]);
  const spark = useComputed(() => sparkKey(ws)?.name ?? null).value;
  const hasSpark = spark !== null;
  const [reveal, setReveal] = useState<{ index: number } | null>(null);
  const [opened, setOpened] = useState<OpenedRow | null>(null);
  const close = useCallback(() => setOpened(null), []);
  const events = useRowEvents(ws, list, setOpened);
  const sight = useRef<[number, number]>([0, 0]);
  const onSight = useCallback(
    (first: number, last: number) => {
      sight.current = [first, last];
      if (list.isGrouped()) list.want(first, last);
      else void ws.list.ensure(last);
    },
    [ws, list],
  );
  const keys = useMemo(
    () =>
      runBindings(ws, list, {
        reveal: (index) => setReveal({ index }),
        open: (run) => openSheet(run.uid),
      }),
    [ws, list],
  );
  useShortcuts(keys);
  useEffect(() => ws.onRunsRead((changed) => list.members.refresh(changed)), [ws, list]);

  const areRowsDue = useTurn(ws.loader);
  const rows = list.rows.value;
  // Unfolding a group brings other rows into sight without scrolling.
  useEffect(() => {
    if (list.isGrouped()) list.want(...sight.current);
  }, [rows, list]);
  const isReady = list.isGrouped() ? ws.grouping.tree.value !== null : ws.list.isReady.value;
  return (
    <>
      <ColumnHeads ws={ws} columns={columns} spark={spark} />
      <ColourLegend ws={ws} />
      <ListNotice ws={ws} />
      {list.heldBack.value > 0 && (
        <button type="button" class="held-back" onClick={() => list.release()}>
          {list.heldBack.value === 1 ? "1 new run" : `${list.heldBack.value} new runs`}
        </button>
      )}
      {isReady && areRowsDue && (
        <VirtualRows
          count={list.count.value}
          rowHeight={ROW_HEIGHT}
          label="Runs"
          onSight={onSight}
          reveal={reveal}
          onPointer={(isOver) => (isOver ? list.hold() : list.release())}
          row={(index, top) =>
            rowOf(rows[index], index, top, { ws, list, columns, hasSpark, events })
          }
        />
      )}
      <PickBar ws={ws} />
      {opened && <RowPopover ws={ws} opened={opened} close={close} />}
    </>
  );
}

/** Whether the first charts have had their turn: two thirds of the page's elements are the rows of this list. */
function useTurn(loader: SeriesLoader): boolean {
  const [isDue, setDue] = useState(false);
  useEffect(() => {
    const began = performance.now();
    let frame = 0;
    const look = () => {
      if (!loader.isSightAwaited()) frame = requestAnimationFrame(() => setDue(true));
      else if (performance.now() - began > TURN_PATIENCE_MS) setDue(true);
      else timer = setTimeout(look, TURN_LOOK_MS);
    };
    let timer = setTimeout(look, TURN_LOOK_MS);
    return () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  }, [loader]);
  return isDue;
}

interface RowContext {
  ws: Workspace;
  list: ListRows;
  columns: readonly string[];
  hasSpark: boolean;
  events: RowEvents;
}

function rowOf(row: Row | undefined, index: number, top: number, context: RowContext): JSX.Element {
  const { ws, list, events } = context;
  const { columns, hasSpark } = context;
  if (row?.kind === "run") {
    const { key, run, depth, place } = row;
    return (
      <RunRow
        key={key}
        rowKey={key}
        {...{ ws, run, top, depth, place, columns, hasSpark, events }}
      />
    );
  }
  if (row?.kind === "group") {
    const { key, node, isOpen } = row;
    return (
      <GroupRow
        key={key}
        {...{ ws, node, isOpen, top, columns, hasSpark, events }}
        onFold={list.toggle}
      />
    );
  }
  return (
    <div
      key={row?.key ?? index}
      class="run-row waiting"
      style={{ transform: `translateY(${top}px)` }}
    />
  );
}

/** What happens at eyes, names and right clicks; one object for all rows. */
function useRowEvents(
  ws: Workspace,
  list: ListRows,
  onOpen: (opened: OpenedRow) => void,
): RowEvents {
  const lastEye = useRef<string | null>(null);
  return useMemo(() => {
    const painter = new EyePainter(ws, list);
    const runAt = (key: string) => {
      const row = list.find(key);
      return row?.kind === "run" ? row.run : null;
    };
    return {
      onEye(key, event) {
        const row = list.find(key);
        if (row?.kind === "group") {
          if (event.altKey) ws.grouping.solo(row.node);
          else ws.grouping.toggle(row.node);
        } else if (row?.kind === "run") {
          if (event.altKey) ws.solo(row.run.id);
          else showRange(ws, list, event.shiftKey ? lastEye.current : null, key);
          lastEye.current = key;
        }
      },
      onEyeDrag: (key, event) => painter.onPointer(key, event),
      onName(key, event) {
        const run = runAt(key);
        if (run === null) return;
        if (event.shiftKey || event.ctrlKey || event.metaKey) {
          event.preventDefault();
          const order = list.runs().map((one) => one.uid);
          if (event.shiftKey) ws.picks.extend(run.uid, order);
          else ws.picks.toggle(run.uid);
        } else if (isPlainClick(event)) {
          event.preventDefault();
          openSheet(run.uid);
        }
      },
      onMenu(key, event) {
        const run = runAt(key);
        if (run === null) return;
        event.preventDefault();
        onOpen({ kind: "menu", run, ...placeOf(event) });
      },
      onColour(key, event) {
        const row = list.find(key);
        const place = placeOf(event);
        if (row?.kind === "run") onOpen({ kind: "dialog", run: row.run, ...place });
        else if (row?.kind === "group") onOpen({ kind: "dialog", group: row.node, ...place });
      },
    };
  }, [ws, list, onOpen]);
}

/** Shows or hides the runs between two rows, as the eye of the second one says. */
function showRange(ws: Workspace, list: ListRows, from: string | null, to: string): void {
  const rows = list.rows.value;
  const end = rows.findIndex((row) => row.key === to);
  const start = from === null ? end : rows.findIndex((row) => row.key === from);
  const range = rows.slice(Math.min(start < 0 ? end : start, end), Math.max(start, end) + 1);
  const runs = range.flatMap((row) => (row.kind === "run" ? [row.run] : []));
  const last = rows[end];
  const isOn = last?.kind === "run" && !ws.shownUids.value.has(last.run.uid);
  ws.showRuns(
    runs.map((run) => run.id),
    isOn,
  );
}

/** Why the list is empty, or what is wrong with the filter. */
export function ListNotice({ ws }: { ws: Workspace }): JSX.Element | null {
  const { error, isReady, matched, total } = ws.list;
  const { q, list } = ws.still.value;
  const clear = (
    <button type="button" class="chip" onClick={() => ws.set({ q: "" })}>
      Clear the filter
    </button>
  );
  const fault = error.value ?? ws.grouping.error.value;
  // The middle of the page says it of a project that is not there.
  if (fault && ws.keysError.value && !ws.areKeysReady.value) return null;
  if (fault) {
    return (
      <div class="list-notice" role="alert">
        {fault.message} {q && clear}
      </div>
    );
  }
  if (!isReady.value || matched.value > 0) return null;
  if (q) {
    return (
      <div class="list-notice">
        None of {groupDigits(total.value)} runs matches “{q}”. <Culprit ws={ws} q={q} /> {clear}
      </div>
    );
  }
  return <div class="list-notice">{list === "trash" ? "The trash is empty." : "No runs yet."}</div>;
}

/** The part of the filter that alone excludes every run, with a way to take it out. */
function Culprit({ ws, q }: { ws: Workspace; q: string }): JSX.Element | null {
  const culprit = ws.list.culprit.value;
  if (culprit === null || culprit.text === q.trim()) return null;
  const [start, end] = [unitOffset(q, culprit.start), unitOffset(q, culprit.end)];
  return (
    <>
      No run passes <code>{culprit.text}</code>.{" "}
      <button type="button" class="chip" onClick={() => ws.set({ q: withoutPart(q, start, end) })}>
        Remove it
      </button>
    </>
  );
}

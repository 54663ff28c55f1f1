/** The keys of the run list: they act on the row that the keyboard is at, else on the one under the pointer. */
import type { Run } from "../../data/wire.ts";
import type { Bindings } from "../../state/keys.ts";
import type { ListRows, Row } from "../../state/list_rows.ts";
import { navigate, runHref } from "../../state/route.ts";
import {
  compareRuns,
  isPinned,
  pinRuns,
  runQuestion,
  toggleBaseline,
} from "../../state/run_actions.ts";
import type { Workspace } from "../../state/workspace.ts";
import { pickedRuns } from "./pick_bar.tsx";

interface KeyTargets {
  /** Scrolls the row at an index into sight. */
  reveal: (index: number) => void;
  open: (run: Run) => void;
}

export function runBindings(ws: Workspace, list: ListRows, { reveal, open }: KeyTargets): Bindings {
  const { picks } = ws;
  const move = (step: number) => {
    const rows = list.rows.peek();
    if (rows.length === 0) return false;
    const at = rows.findIndex((row) => row.key === picks.cursor.peek());
    const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step;
    const row = rows[Math.min(rows.length - 1, Math.max(0, next))]!;
    picks.cursor.value = row.key;
    ws.pointedRun.value = row.kind === "run" ? row.run.uid : null;
    return reveal(rows.indexOf(row));
  };
  const current = (): Row | undefined => {
    const key = picks.cursor.peek();
    const found = key === null ? undefined : list.find(key);
    const uid = ws.pointedRun.peek() ?? ws.selected.peek();
    return found ?? list.rows.peek().find((row) => row.kind === "run" && row.run.uid === uid);
  };
  const currentRun = (): Run | null => {
    const row = current();
    return row?.kind === "run" ? row.run : null;
  };
  /** Does something with the current run, or declines the key. */
  const withRun = (work: (run: Run) => unknown) => () => {
    const run = currentRun();
    if (run === null) return false;
    return work(run);
  };
  const asked = (): readonly Run[] => {
    const picked = pickedRuns(ws);
    const run = currentRun();
    return picked.length > 0 || run === null ? picked : [run];
  };
  return {
    "run-next": () => move(1),
    "run-previous": () => move(-1),
    "run-visible": () => {
      const row = current();
      if (row?.kind === "run") ws.showRuns([row.run.id], !ws.shownUids.peek().has(row.run.uid));
      else if (row?.kind === "group") ws.grouping.toggle(row.node);
      else return false;
      return true;
    },
    "run-solo": () => {
      const row = current();
      if (row?.kind === "run") ws.solo(row.run.id);
      else if (row?.kind === "group") ws.grouping.solo(row.node);
      else return false;
      return true;
    },
    "run-baseline": withRun((run) => toggleBaseline(ws, run)),
    "run-pin": withRun((run) => pinRuns(ws, [run], !isPinned(ws, run))),
    "run-compare": () => compareRuns(ws, pickedRuns(ws), currentRun()),
    "run-tag": () => {
      const runs = asked();
      if (runs.length === 0) return false;
      runQuestion.value = { ws, kind: "tags", runs };
      return true;
    },
    "run-open": () => {
      const row = current();
      if (row?.kind === "run") open(row.run);
      else if (row?.kind === "group") list.toggle(row.node);
      else return false;
      return true;
    },
    "run-enter": () => {
      // Enter presses whatever control has the focus; only a page without one leaves it to the list.
      const run = document.activeElement === document.body ? currentRun() : null;
      if (run === null) return false;
      return navigate(runHref(run.entity, run.project, run.id));
    },
    back: () => {
      // What lies under a chart in full screen is not what the reader backs out of.
      if (ws.view.peek().full !== null) return false;
      if (picks.areShown.peek()) picks.clear();
      else if (picks.cursor.peek() !== null) {
        picks.cursor.value = null;
        ws.pointedRun.value = null;
      } else return false;
      return true;
    },
  };
}

/** What stands in the sheet of a run: what it is, what people say of it, config, summary, where it came from. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatDuration, formatMoment } from "../../base/times.ts";
import { getRun } from "../../data/api.ts";
import type { RunDetail } from "../../data/wire.ts";
import type { Bindings } from "../../state/keys.ts";
import { navigate, runHref } from "../../state/route.ts";
import { closeSheet } from "../../state/sheet.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { swatchBackground } from "../../widgets/swatch.tsx";
import { Age } from "../age.tsx";
import { StateMark } from "../run_state.tsx";
import { useShortcuts } from "../shortcuts.tsx";
import { FindField } from "./find_field.tsx";
import { newest } from "./newest.ts";
import {
  ConfigCard,
  EnvironmentCard,
  FactsCard,
  HardwareCard,
  SummaryCard,
  WritersCard,
} from "./run_cards.tsx";
import { Name, Notes, Tags } from "./run_labels.tsx";
import "../../styles/sheet_of_run.css";

export function SheetOfRun({ ws, uid }: { ws: Workspace; uid: string }): JSX.Element | null {
  const { run, error } = useDetail(ws, uid);
  const panel = useRef<HTMLElement>(null);
  useShortcuts(CLOSING);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    // Whoever moves in a table goes on there; the sheet follows.
    if (before?.getAttribute("role") !== "grid") panel.current?.focus();
    return () => {
      if (panel.current?.contains(document.activeElement)) before?.focus();
    };
  }, []);
  const name = run?.name ?? ws.known.value.get(uid)?.name ?? "";
  return (
    <aside
      ref={panel}
      class="run-sheet"
      aria-label={`Run ${name}`}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === "Enter" && event.target === event.currentTarget && run) {
          navigate(runHref(run.entity, run.project, run.id));
        }
      }}
    >
      {run ? <SheetHead ws={ws} run={run} /> : <EmptyHead name={name} />}
      {error !== null && run === null && <p class="sheet-error">{error}</p>}
      {run && <SheetBody key={uid} run={run} />}
    </aside>
  );
}

const CLOSING: Bindings = { back: closeSheet };

/** The run as it is now: read again when the workspace hears of a newer version. */
function useDetail(ws: Workspace, uid: string): { run: RunDetail | null; error: string | null } {
  const [state, setState] = useState<{ run: RunDetail | null; error: string | null }>({
    run: null,
    error: null,
  });
  const version = useComputed(() => ws.known.value.get(uid)?.version).value;
  useEffect(() => {
    const known = ws.known.peek().get(uid);
    if (!known) return;
    const abort = new AbortController();
    getRun(known.entity, known.project, known.id, abort.signal).then(
      (run) => setState({ run, error: null }),
      (caught) => {
        if (!abort.signal.aborted) setState((old) => ({ ...old, error: caught.message }));
      },
    );
    return () => abort.abort();
  }, [ws, uid, version]);
  // Until the next run is there, the sheet is empty rather than another run's.
  const run = state.run?.uid === uid ? newest(ws, state.run) : null;
  return { run, error: state.error };
}

function CloseButton(): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label="Close the sheet"
      title="Close (Esc)"
      onClick={closeSheet}
    >
      <Icon name="close" />
    </button>
  );
}

function EmptyHead({ name }: { name: string }): JSX.Element {
  return (
    <header class="sheet-head">
      <div class="sheet-title">
        <h2>{name}</h2>
        <CloseButton />
      </div>
    </header>
  );
}

function SheetHead({ ws, run }: { ws: Workspace; run: RunDetail }): JSX.Element {
  const background = swatchBackground(ws.paint.value(run), theme.value);
  return (
    <header class="sheet-head">
      <div class="sheet-title">
        <span class="swatch" style={{ background }} />
        <h2>
          <Name ws={ws} run={run} />
        </h2>
        <a class="chip" href={runHref(run.entity, run.project, run.id)}>
          Open page
        </a>
        <CloseButton />
      </div>
      <p class="sheet-facts">
        <span class="fact">
          <StateMark state={run.state} /> {run.state}
        </span>
        {run.duration !== null && <span class="fact">{formatDuration(run.duration)}</span>}
        <span class="fact" title={`Started ${formatMoment(run.created)}`}>
          started <Age at={run.created} />
        </span>
        {run.host !== null && <span class="fact">{run.host}</span>}
      </p>
      <Tags ws={ws} run={run} />
      <Notes ws={ws} run={run} />
    </header>
  );
}

function SheetBody({ run }: { run: RunDetail }): JSX.Element {
  const [text, setText] = useState("");
  return (
    <div class="sheet-body">
      <FindField class="sheet-find" text={text} onText={setText} />
      <ConfigCard run={run} text={text} />
      <SummaryCard run={run} text={text} />
      <EnvironmentCard run={run} />
      <HardwareCard run={run} />
      <FactsCard run={run} />
      <WritersCard writers={run.writers} />
    </div>
  );
}

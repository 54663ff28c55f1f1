/** A project's workspace: its runs at the left, its charts at the right. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { projectHref } from "../../state/route.ts";
import { Workspace } from "../../state/workspace.ts";
import { Header } from "../header.tsx";
import { type Shortcut, useShortcuts } from "../shortcuts.tsx";
import { FullScreen } from "./full_screen.tsx";
import { PanelGrid } from "./panel_grid.tsx";
import { RunList, RunListHead } from "./run_list.tsx";
import { Splitter } from "./splitter.tsx";
import { Toolbar } from "./toolbar.tsx";

interface ProjectAddress {
  entity: string;
  project: string;
}

/** A workspace that lives as long as the calling component. */
export function useWorkspace(entity: string, project: string, run: string | null): Workspace {
  const ws = useMemo(() => new Workspace(entity, project, run), [entity, project, run]);
  useEffect(() => {
    ws.start();
    return () => ws.stop();
  }, [ws]);
  return ws;
}

const LIST_HIDDEN = "epochal.list.hidden";
const PHONE = 720;
const isListHidden = signal(localStorage.getItem(LIST_HIDDEN) === "1");

export function toggleList(): void {
  isListHidden.value = !isListHidden.value;
  localStorage.setItem(LIST_HIDDEN, isListHidden.value ? "1" : "0");
}

export function WorkspacePage({ entity, project }: ProjectAddress): JSX.Element {
  const ws = useWorkspace(entity, project, null);
  const [isSheet, setSheet] = useState(false);
  const shortcuts = useMemo(
    () => [
      ...chartShortcuts(ws),
      { keys: ["r", "R"], label: "Filter runs", run: () => focusField("run-filter") },
      { keys: ["["], label: "Show or hide the run list", run: toggleList },
    ],
    [ws],
  );
  useShortcuts(shortcuts);
  useEffect(() => {
    document.title = `${project} · epochal`;
  }, [project]);

  function onList(): void {
    if (innerWidth <= PHONE) setSheet(!isSheet);
    else toggleList();
  }

  return (
    <>
      <Header liveness={ws.liveness.value} heardAt={ws.heardAt.value}>
        <span>{entity}</span>
        <a href={projectHref(entity, project)} aria-current="page">
          {project}
        </a>
      </Header>
      <h1 class="sr">{project}: workspace</h1>
      <div
        class={`workspace${isListHidden.value ? " no-list" : ""}${isSheet ? " sheet-open" : ""}`}
      >
        <aside class="run-list" aria-label="Runs">
          <RunListHead ws={ws} />
          <RunList ws={ws} />
          <Splitter />
        </aside>
        {isSheet && (
          <button
            type="button"
            class="curtain"
            aria-label="Close the run list"
            onClick={() => setSheet(false)}
          />
        )}
        <div class="charts">
          <Toolbar ws={ws} onList={onList} />
          <PanelGrid ws={ws} />
        </div>
      </div>
      <FullScreen ws={ws} />
    </>
  );
}

export function focusField(id: string): void {
  const field = document.getElementById(id) as HTMLInputElement | null;
  field?.focus();
  field?.select();
}

/** The keys that work wherever there are charts. */
export function chartShortcuts(ws: Workspace): Shortcut[] {
  return [
    { keys: ["/"], label: "Filter panels", run: () => focusField("panel-filter") },
    {
      keys: ["x", "X"],
      label: "Next x axis: step, relative time, wall time",
      run: () => {
        const order = ["", "rel", "wall"];
        const next = order[(order.indexOf(ws.view.peek().x) + 1) % order.length]!;
        ws.setAxis(next);
      },
    },
    {
      keys: ["l", "L"],
      label: "Logarithmic y axes",
      run: () => ws.set({ ylog: !ws.view.peek().ylog }),
    },
    { keys: ["z", "Z"], label: "Show the whole x range", run: () => ws.resetZoom() },
    {
      keys: ["f", "F"],
      label: "Full screen of the chart under the pointer",
      run: () => {
        if (ws.view.peek().full !== null) return ws.setFull(null);
        const key = ws.pointed ?? ws.sections.peek().find((one) => !one.isFolded)?.keys[0]?.name;
        if (key !== undefined) ws.setFull(key);
      },
    },
    {
      keys: ["ArrowLeft"],
      label: "Previous chart, in full screen",
      run: () => ws.stepFull(-1),
    },
    { keys: ["ArrowRight"], label: "Next chart, in full screen", run: () => ws.stepFull(1) },
    {
      keys: ["Escape"],
      label: "Leave the full screen; let go of a chosen line",
      run: () => {
        if (ws.view.peek().full !== null) ws.setFull(null);
        else ws.select(null);
      },
    },
  ];
}

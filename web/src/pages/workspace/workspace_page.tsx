/** A project's workspace: its runs at the left, its charts at the right. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo } from "preact/hooks";
import type { Bindings } from "../../state/keys.ts";
import { toggleList } from "../../state/list_shown.ts";
import { findWorkspace, keepWorkspace } from "../../state/opened.ts";
import { printAll } from "../../state/printing.ts";
import { isEmbedded, projectHref } from "../../state/route.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Header } from "../header.tsx";
import { useShortcuts } from "../shortcuts.tsx";
import { FullSlot } from "./full_slot.tsx";
import { PanelGrid } from "./panel_grid.tsx";
import { RunSheet } from "./run_sheet.tsx";
import { RunsBeside } from "./runs_beside.tsx";
import { Toolbar } from "./toolbar.tsx";

interface ProjectAddress {
  entity: string;
  project: string;
}

/** A workspace that lives as long as the calling component, and is shared with the page after it. */
export function useWorkspace(entity: string, project: string, run: string | null): Workspace {
  const ws = useMemo(() => findWorkspace(entity, project, run), [entity, project, run]);
  useLayoutEffect(() => keepWorkspace(ws), [ws]);
  return ws;
}

export function WorkspacePage({ entity, project }: ProjectAddress): JSX.Element {
  const ws = useWorkspace(entity, project, null);
  const shortcuts = useMemo(
    (): Bindings => ({
      ...chartShortcuts(ws),
      "run-filter": () => focusField("run-filter"),
      list: toggleList,
    }),
    [ws],
  );
  useShortcuts(shortcuts);
  useEffect(() => {
    document.title = `${project} · epochal`;
  }, [project]);

  return (
    <>
      <Header ws={ws} tab="workspace">
        <span>{entity}</span>
        <a href={projectHref(entity, project)} aria-current="page">
          {project}
        </a>
      </Header>
      <h1 class="sr">{project}: workspace</h1>
      <RunsBeside ws={ws}>
        {(onList) => (
          <div class="charts">
            {!ws.isUnknown.value && <Toolbar ws={ws} onList={onList} />}
            <PanelGrid ws={ws} />
          </div>
        )}
      </RunsBeside>
      <FullSlot ws={ws} />
      <RunSheet ws={ws} />
    </>
  );
}

export function focusField(id: string): void {
  const field = document.getElementById(id) as HTMLInputElement | null;
  field?.focus();
  field?.select();
}

/** The keys that work wherever there are charts. */
export function chartShortcuts(ws: Workspace): Bindings {
  return {
    "panel-filter": () => focusField("panel-filter"),
    axis: () => {
      const order = ["", "rel", "wall"];
      const next = order[(order.indexOf(ws.view.peek().x) + 1) % order.length]!;
      ws.setAxis(next);
    },
    log: () => ws.set({ ylog: !ws.view.peek().ylog }),
    "reset-zoom": () => ws.resetZoom(),
    live: () => (ws.view.peek().xr === null ? false : ws.resetZoom()),
    full: () => {
      if (ws.view.peek().full !== null) return leaveFull(ws);
      const id = ws.pointed ?? ws.sections.peek().find((one) => !one.isFolded)?.panels[0]?.id;
      if (id !== undefined) ws.setFull(id);
    },
    print: () => (ws.view.peek().full === null ? printPanels(ws) : false),
    previous: () => (ws.view.peek().full === null ? false : ws.stepFull(-1)),
    next: () => (ws.view.peek().full === null ? false : ws.stepFull(1)),
    back: () => {
      if (ws.view.peek().full !== null) return leaveFull(ws);
      if (ws.selected.peek() === null) return false;
      return ws.select(null);
    },
  };
}

function printPanels(ws: Workspace): Promise<void> {
  const open = ws.sections.peek().filter((section) => !section.isFolded);
  return printAll(open.reduce((sum, { panels }) => sum + panels.length, 0));
}

/** A chart that is embedded alone stays so. */
function leaveFull(ws: Workspace): unknown {
  return isEmbedded.peek() ? false : ws.setFull(null);
}

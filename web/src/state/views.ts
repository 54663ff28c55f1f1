/** Saved views of a project: everybody sees the same ones; a change shows only once it is saved. */
import { signal } from "@preact/signals";
import {
  createView,
  deleteView,
  getViews,
  patchView,
  restoreView,
  type SavedView,
} from "../data/view_routes.ts";
import { saveDraft } from "./drafts.ts";
import { navigate, projectHref, viewHref } from "./route.ts";
import { notify, notifyError } from "./toasts.ts";
import { undoable } from "./undo.ts";
import { decodeView } from "./view.ts";
import { restingQuery } from "./view_address.ts";
import type { Workspace } from "./workspace.ts";

const read = signal<{ path: string; views: readonly SavedView[] } | null>(null);

/** The saved views of a project, by name; null until they are read. */
export function viewsOf(ws: Workspace): readonly SavedView[] | null {
  return read.value?.path === ws.path ? read.value.views : null;
}

/** What the next dialog asks for. */
export const asking = signal<
  { kind: "save" } | { kind: "rename"; view: SavedView } | { kind: "sections" } | null
>(null);

export async function readViews(ws: Workspace): Promise<void> {
  try {
    const views = await getViews(ws.entity, ws.project);
    const byName = [...views].sort((a, b) => a.name.localeCompare(b.name));
    read.value = { path: ws.path, views: byName };
  } catch (error) {
    notifyError(error);
  }
}

/** Goes to a saved view; null: to the default view. The reader has chosen it, so it is the draft. */
export function openView(ws: Workspace, view: SavedView | null): void {
  saveDraft(ws.path, { view: view?.id ?? null, query: "" });
  const { entity, project } = ws;
  if (view === null) navigate(`${projectHref(entity, project)}?v=default`);
  else navigate(viewHref(entity, project, view.id));
}

function queryNow(ws: Workspace): string {
  return restingQuery(ws.view.peek()).slice(1);
}

/** Saves the changes of the open view, or asks under which name to save a new one. */
export async function saveView(ws: Workspace): Promise<void> {
  const saved = ws.address.saved.peek();
  if (saved === null) {
    asking.value = { kind: "save" };
    return;
  }
  const before = saved.query;
  const after = queryNow(ws);
  if (!ws.address.isChanged.peek()) return;
  if (!(await change(ws, saved, { query: after }))) return;
  undoable(
    {
      label: `saving of “${saved.name}”`,
      undo: () => change(ws, saved, { query: before }),
      redo: () => change(ws, saved, { query: after }),
    },
    `Saved “${saved.name}”.`,
  );
}

export async function saveViewAs(ws: Workspace, name: string): Promise<void> {
  try {
    const view = await createView(ws.entity, ws.project, { name, query: queryNow(ws) });
    ws.address.attach(view);
    void readViews(ws);
    notify(`Saved “${name}”.`);
  } catch (error) {
    notifyError(error);
  }
}

export async function renameView(ws: Workspace, view: SavedView, name: string): Promise<void> {
  if (name === view.name || !(await change(ws, view, { name }))) return;
  undoable({
    label: `name of “${name}”`,
    undo: () => change(ws, view, { name: view.name }),
    redo: () => change(ws, view, { name }),
  });
}

/** Changes a saved view at the server, and the open one with it. Answers whether it was done. */
async function change(
  ws: Workspace,
  view: SavedView,
  to: Partial<Pick<SavedView, "name" | "query">>,
): Promise<boolean> {
  try {
    const now = await patchView(view.id, to);
    if (ws.address.saved.peek()?.id === view.id) ws.address.attach(now);
    await readViews(ws);
    return true;
  } catch (error) {
    notifyError(error);
    return false;
  }
}

export async function removeView(ws: Workspace, view: SavedView): Promise<void> {
  const isOpen = ws.address.saved.peek()?.id === view.id;
  const remove = async () => {
    await deleteView(view.id);
    if (ws.address.saved.peek()?.id === view.id) ws.address.attach(null);
    await readViews(ws);
  };
  const restore = async () => {
    const back = await restoreView(view.id);
    if (isOpen && ws.address.saved.peek() === null) ws.address.attach(back);
    await readViews(ws);
  };
  try {
    await remove();
    undoable(
      { label: `deletion of “${view.name}”`, undo: restore, redo: remove },
      `Deleted the view “${view.name}”.`,
    );
  } catch (error) {
    notifyError(error);
  }
}

/** Shows the open view as it was saved (or the default one); this can be undone like any change. */
export function discardChanges(ws: Workspace): void {
  const view = decodeView(ws.address.saved.peek()?.query ?? "");
  ws.set({ ...view, full: ws.view.peek().full });
}

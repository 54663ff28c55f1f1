/** Changes to runs: shown at once, sent in one transaction, taken back with Undo. */
import { type RunChanges, type RunEdit, sendEdits } from "../data/run_routes.ts";
import type { Run } from "../data/wire.ts";
import { notify, notifyError } from "./toasts.ts";
import { undoable, undoLast, undoStack } from "./undo.ts";
import type { Workspace } from "./workspace.ts";

/** Changes the same of several runs; `said` is what the notice tells, and `label` what Undo calls it. */
export async function editRuns(
  ws: Workspace,
  runs: readonly Run[],
  changes: RunChanges,
  said: string,
  label: string,
): Promise<boolean> {
  if (runs.length === 0) return false;
  const uids = runs.map((run) => run.uid);
  ws.amend(uids, (run) => changed(run, changes));
  try {
    const { undo } = await sendEdits([{ runs: uids, changes }]);
    remember(ws, label, undo.edits, [{ runs: uids, changes }]);
    ws.reread(uids);
    const step = undoStack.top;
    notify(said, {
      label: "Undo",
      run: () => {
        if (undoStack.top === step) return undoLast();
        // Later steps stand on top of this one; it alone is taken back.
        if (step) undoStack.drop(step);
        void send(ws, undo.edits).catch(notifyError);
      },
    });
    return true;
  } catch (error) {
    notifyError(error);
    ws.reread(uids);
    return false;
  }
}

function remember(
  ws: Workspace,
  label: string,
  back: readonly RunEdit[],
  again: readonly RunEdit[],
): void {
  undoable({ label, undo: () => send(ws, back), redo: () => send(ws, again) });
}

async function send(ws: Workspace, edits: readonly RunEdit[]): Promise<void> {
  try {
    await sendEdits(edits);
  } finally {
    ws.reread(edits.flatMap((edit) => edit.runs));
  }
}

/** A run as it will be answered after changes. */
export function changed(run: Run, changes: RunChanges): Run {
  const { add_tags, remove_tags, trashed, ...fields } = changes;
  const tags = fields.tags ?? run.tags;
  const kept = tags.filter((tag) => !remove_tags?.includes(tag));
  const added = (add_tags ?? []).filter((tag) => !kept.includes(tag));
  return { ...run, ...fields, tags: [...kept, ...added], trashed: trashed ?? run.trashed };
}

/** "3 runs", or the name of the only one. */
export function namesOf(runs: readonly Run[]): string {
  return runs.length === 1 ? `“${runs[0]!.name}”` : `${runs.length} runs`;
}

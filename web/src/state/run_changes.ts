/** Changes of one run that its own page makes; those of several, with their undo, are in `edits.ts`. */
import { batch } from "@preact/signals";
import { deleteRunForEver, patchRun, restoreRun } from "../data/api.ts";
import type { Run, RunDetail, RunPatch } from "../data/wire.ts";
import { notifyError } from "./toasts.ts";
import type { Workspace } from "./workspace.ts";

export async function changeRun(ws: Workspace, run: Run, change: RunPatch): Promise<void> {
  await apply(ws, () => patchRun(run.uid, change));
}

/** Takes a run out of the trash. */
export async function restore(ws: Workspace, run: Run): Promise<void> {
  await apply(ws, () => restoreRun(run.uid));
}

export async function deleteForEver(ws: Workspace, run: Run): Promise<void> {
  try {
    await deleteRunForEver(run.uid);
    ws.loader.forget(run.uid);
    ws.retry();
  } catch (error) {
    notifyError(error);
  }
}

async function apply(ws: Workspace, change: () => Promise<Run | RunDetail>): Promise<void> {
  try {
    const run = await change();
    batch(() => {
      ws.learn([run]);
      if (ws.runId !== null && "writers" in run) ws.detail.value = run;
    });
    ws.reread([run.uid]);
  } catch (error) {
    notifyError(error);
  }
}

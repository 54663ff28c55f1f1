/** What can be done with runs from a list, a table, a menu or a key. */
import { signal } from "@preact/signals";
import type { Run } from "../data/wire.ts";
import { editRuns, namesOf } from "./edits.ts";
import { compareHref, navigate, runHref } from "./route.ts";
import { notify } from "./toasts.ts";
import type { Workspace } from "./workspace.ts";

export type QuestionKind = "tags" | "notes" | "group" | "project";

/** A question about runs that stands open over the page. */
export const runQuestion = signal<{
  ws: Workspace;
  kind: QuestionKind;
  runs: readonly Run[];
} | null>(null);
/** The uid of the run whose name is a field now. */
export const renamedRun = signal<string | null>(null);

type Runs = readonly Run[];

function are(runs: Runs): string {
  return runs.length === 1 ? "is" : "are";
}

export function renameRun(ws: Workspace, run: Run, name: string): void {
  if (name === "" || name === run.name) return;
  void editRuns(ws, [run], { name }, `“${run.name}” is now “${name}”.`, "a run's name");
}

export function writeNotes(ws: Workspace, runs: Runs, notes: string): void {
  void editRuns(ws, runs, { notes }, `Notes of ${namesOf(runs)} saved.`, "notes");
}

/** Puts runs into a group; "" takes them out of theirs. */
export function setGroup(ws: Workspace, runs: Runs, group: string): void {
  const said = group ? `in group “${group}”` : "in no group";
  void editRuns(ws, runs, { group }, `${namesOf(runs)} ${are(runs)} ${said}.`, "a group");
}

/** Moves runs to another project, which is made where there is none; a run's own page goes along. */
export async function moveRuns(ws: Workspace, runs: Runs, project: string): Promise<void> {
  const said = `${namesOf(runs)} ${are(runs)} in project “${project}” now.`;
  const isDone = await editRuns(ws, runs, { project }, said, `moving ${namesOf(runs)}`);
  if (!isDone) return;
  ws.picks.clear();
  if (ws.runId !== null) navigate(runHref(ws.entity, project, ws.runId));
}

export function addTag(ws: Workspace, runs: Runs, tag: string): void {
  if (tag === "") return;
  void editRuns(ws, runs, { add_tags: [tag] }, `Tagged ${namesOf(runs)} “${tag}”.`, `tag “${tag}”`);
}

export function removeTag(ws: Workspace, runs: Runs, tag: string): void {
  const said = `Took the tag “${tag}” from ${namesOf(runs)}.`;
  void editRuns(ws, runs, { remove_tags: [tag] }, said, `tag “${tag}”`);
}

/** Gives runs a slot of the palette; null: back to their own. */
export function colourRuns(ws: Workspace, runs: Runs, color: number | null): void {
  const said = `Coloured ${namesOf(runs)}.`;
  void editRuns(ws, runs, { color }, said, `colour of ${namesOf(runs)}`);
}

export function archiveRuns(ws: Workspace, runs: Runs, archived: boolean): void {
  const said = `${namesOf(runs)} ${are(runs)} ${archived ? "archived" : "back in the list"}.`;
  void editRuns(ws, runs, { archived }, said, "archiving");
}

export function trashRuns(ws: Workspace, runs: Runs, trashed: boolean): void {
  const said = `${namesOf(runs)} ${are(runs)} ${trashed ? "in the trash" : "back in the list"}.`;
  void editRuns(ws, runs, { trashed }, said, trashed ? "moving to the trash" : "restoring");
}

export function isPinned(ws: Workspace, run: Run): boolean {
  return ws.view.value.rpin.includes(run.id);
}

/** Pins runs to the top of the list, or takes all of them from there. */
export function pinRuns(ws: Workspace, runs: Runs, isOn: boolean): void {
  const ids = runs.map((run) => run.id);
  const others = ws.view.value.rpin.filter((id) => !ids.includes(id));
  ws.set({ rpin: isOn ? [...others, ...ids] : others });
}

/** Makes a run the one that others are compared with; a second time, none is. */
export function toggleBaseline(ws: Workspace, run: Run): void {
  ws.set({ base: ws.view.value.base === run.id ? "" : run.id });
}

/**
 * Opens the page on which runs stand beside one another: the picked ones, or `run` and the baseline. False: there are no
 * two. The baseline of the view comes first, else the run that was picked first.
 */
export function compareRuns(ws: Workspace, picked: Runs, run: Run | null = null): boolean {
  const base = ws.view.peek().base;
  const ids = (picked.length > 0 || run === null ? picked : [run]).map(({ id }) => id);
  const isInside = ids.includes(base);
  if (ids.length === 1 && base !== "" && !isInside) ids.unshift(base);
  else if (isInside) ids.sort((a, b) => Number(b === base) - Number(a === base));
  if (ids.length < 2) {
    if (ids.length === 0) return false;
    notify("Select two to eight runs (Ctrl+click), or choose a baseline (B), to compare.");
    return true;
  }
  if (ids.length > MOST_COMPARED) {
    notify(`${ids.length} runs are selected: at most ${MOST_COMPARED} fit side by side.`);
    return true;
  }
  navigate(compareHref(ws.entity, ws.project, ids));
  return true;
}

/** Runs that one page can hold side by side. */
export const MOST_COMPARED = 8;

/** The line of Python that goes on with a run. */
export function resumeLine(run: Run): string {
  const text = (value: string) => JSON.stringify(value);
  const entity = run.entity === "local" ? "" : `entity=${text(run.entity)}, `;
  return `run = epochal.init(${entity}project=${text(run.project)}, id=${text(run.id)}, resume="must")`;
}

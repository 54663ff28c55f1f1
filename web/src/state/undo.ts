/**
 * What can be undone on a project's pages: changes of the view and of data, on one stack.
 *
 * Who changes data calls `undoable` when it is done; the view's changes come from `ViewSteps`.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import { notify, notifyError } from "./toasts.ts";

export interface Step {
  /** What was done, as a noun: "x axis", "name of “run-3”". */
  label: string;
  undo: () => unknown;
  redo: () => unknown;
  /** Whether it still means something; a step of a page that was left is passed over. */
  isAlive?: () => boolean;
}

const DEPTH = 200;

export class UndoStack {
  private past: Step[] = [];
  private future: Step[] = [];
  private readonly labels = signal<{ undo: string | null; redo: string | null }>({
    undo: null,
    redo: null,
  });
  /** One step at a time: an undo that asks the server is over before the next one begins. */
  private turn: Promise<unknown> | null = null;

  /** What would be undone and redone next; null: nothing. */
  get next(): ReadonlySignal<{ undo: string | null; redo: string | null }> {
    return this.labels;
  }

  /** The step that would be undone next. */
  get top(): Step | undefined {
    return this.past.at(-1);
  }

  push(step: Step): void {
    this.past.push(step);
    if (this.past.length > DEPTH) this.past.shift();
    this.future = [];
    this.tell();
  }

  /** Takes a step away that turned out to change nothing. */
  drop(step: Step): void {
    this.past = this.past.filter((one) => one !== step);
    this.tell();
  }

  /** Undoes a step wherever it stands; later ones stay done. */
  takeBack(step: Step): void {
    if (!this.past.includes(step)) return;
    this.past = [...this.past.filter((one) => one !== step), step];
    this.undo();
  }

  clear(): void {
    this.past = [];
    this.future = [];
    this.tell();
  }

  /** Undoes the last step; answers null when there is none. */
  undo(): Step | null {
    return this.move(this.past, this.future, (step) => step.undo());
  }

  redo(): Step | null {
    return this.move(this.future, this.past, (step) => step.redo());
  }

  private move(from: Step[], to: Step[], act: (step: Step) => unknown): Step | null {
    let step = from.pop();
    while (step?.isAlive && !step.isAlive()) step = from.pop();
    if (step === undefined) {
      this.tell();
      return null;
    }
    const done = step;
    to.push(done);
    this.tell();
    // Changes of the view happen at once; only what has to wait for the server waits.
    const work = this.turn === null ? act(done) : this.turn.then(() => act(done));
    if (work instanceof Promise) {
      const turn = work
        .catch((error: unknown) => {
          this.putBack(done, to, from);
          notifyError(error);
        })
        .finally(() => {
          if (this.turn === turn) this.turn = null;
        });
      this.turn = turn;
    }
    return done;
  }

  /** A step that the server refused stays where it was. */
  private putBack(step: Step, from: Step[], to: Step[]): void {
    const at = from.indexOf(step);
    if (at < 0) return;
    from.splice(at, 1);
    to.push(step);
    this.tell();
  }

  private tell(): void {
    const undo = this.past.at(-1)?.label ?? null;
    const redo = this.future.at(-1)?.label ?? null;
    const { undo: oldUndo, redo: oldRedo } = this.labels.peek();
    if (undo !== oldUndo || redo !== oldRedo) this.labels.value = { undo, redo };
  }
}

/** The stack of the project that is open. */
export const undoStack = new UndoStack();

let openProject = "";

/** Begins with nothing to undo when another project is opened. */
export function openUndo(project: string): void {
  if (project === openProject) return;
  openProject = project;
  undoStack.clear();
}

/** Remembers something that has just been done to data; `said` tells of it, with a way back. */
export function undoable(step: Step, said?: string): void {
  undoStack.push(step);
  if (said !== undefined) {
    notify(said, { label: "Undo", run: () => undoStack.takeBack(step) });
  }
}

export function undoLast(): void {
  const step = undoStack.undo();
  if (step) notify(`Undone: ${step.label}`, { label: "Redo", run: redoLast });
}

export function redoLast(): void {
  const step = undoStack.redo();
  if (step) notify(`Redone: ${step.label}`, { label: "Undo", run: undoLast });
}

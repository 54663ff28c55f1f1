/** Changes of a view as steps that can be undone: a drag, a zoom or a word typed is one. */
import type { Step, UndoStack } from "./undo.ts";
import { DEFAULT_VIEW, encodeView, type View } from "./view.ts";

/** Changes of the same fields that follow one another this soon are one step. */
export const BURST_MS = 800;

type Field = keyof View;
const FIELDS = Object.keys(DEFAULT_VIEW) as Field[];

const WORDS: Partial<Record<Field, string>> = {
  q: "run filter",
  list: "listed runs",
  show: "shown runs",
  only: "shown runs",
  hide: "shown runs",
  rpin: "pinned runs",
  base: "baseline",
  g: "grouping",
  ghide: "shown groups",
  color: "colouring",
  pin: "pinned charts",
  xr: "zoom",
  yr: "zoom",
  own: "zoom",
  samey: "y axis of a section",
  marks: "marked step",
  events: "events",
  notes: "note",
  sections: "settings of a section",
  panels: "settings of a chart",
  options: "settings of a panel",
  merged: "merged charts",
  off: "hidden panels",
  moved: "order of the panels",
  size: "size of a panel",
  grids: "size of the charts of a section",
  sectionsBy: "sections",
  gslots: "colour of a group",
  manual: "panels",
  tags: "panel filter",
  kind: "kind of the panels",
  density: "size of the charts",
  cols: "columns",
  spark: "sparkline",
  sort: "order of the runs",
  spin: "pinned sections",
  fold: "folded sections",
  tcols: "columns",
  freeze: "frozen columns",
  differs: "columns",
  axes: "axes",
  axcolor: "colour of the axes",
  below: "what stands below the axes",
  x: "x axis",
  xlog: "logarithmic x axis",
  ylog: "logarithmic y axis",
  smooth: "smoothing",
  outliers: "outliers",
};

/** Fields in which two views differ, but for the full screen, which the back button undoes. */
export function changedFields(before: View, after: View): Field[] {
  return FIELDS.filter(
    (field) =>
      field !== "full" &&
      before[field] !== after[field] &&
      JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
}

export function labelOf(fields: readonly Field[]): string {
  const words = new Set(fields.map((field) => WORDS[field] ?? "settings of the charts"));
  return words.size <= 2 ? [...words].join(" and ") : "view";
}

interface ViewStep extends Step {
  before: View;
  after: View;
  fields: string;
  at: number;
  /** The press of the pointer during which it began; 0: none. */
  press: number;
}

let presses = 0;
let isPressed = false;

/** Counts presses of the pointer, so that a drag is one step however long it rests. */
export function watchPresses(target: EventTarget): void {
  target.addEventListener(
    "pointerdown",
    () => {
      presses += 1;
      isPressed = true;
    },
    true,
  );
  for (const end of ["pointerup", "pointercancel"]) {
    target.addEventListener(
      end,
      () => {
        isPressed = false;
      },
      true,
    );
  }
}

export class ViewSteps {
  private last: ViewStep | null = null;

  constructor(
    private readonly stack: UndoStack,
    /** Shows a view without its being recorded. */
    private readonly show: (view: View) => void,
    private readonly current: () => View,
    private readonly isAlive: () => boolean,
    private readonly now: () => number = () => performance.now(),
  ) {}

  record(before: View, after: View): void {
    const changed = changedFields(before, after);
    if (changed.length === 0) return;
    const fields = changed.join();
    const press = isPressed ? presses : 0;
    const last = this.stack.top === this.last ? this.last : null;
    const isSameBurst = last !== null && this.now() - last.at < BURST_MS;
    const isSamePress = last !== null && press !== 0 && last.press === press;
    if (last !== null && last.fields === fields && (isSameBurst || isSamePress)) {
      last.after = after;
      last.at = this.now();
      if (encodeView(last.before) === encodeView({ ...after, full: last.before.full })) {
        this.stack.drop(last);
        this.last = null;
      }
      return;
    }
    const step: ViewStep = {
      label: labelOf(changed),
      before,
      after,
      fields,
      at: this.now(),
      press,
      undo: () => this.restore(step.before),
      redo: () => this.restore(step.after),
      isAlive: this.isAlive,
    };
    this.last = step;
    this.stack.push(step);
  }

  /** Lets no further change join the last step. */
  end(): void {
    this.last = null;
  }

  private restore(view: View): void {
    this.last = null;
    this.show({ ...view, full: this.current().full });
  }
}

/** Where panels that are dragged would be put: momentary, for whoever draws it. */
import { signal } from "@preact/signals";

export interface Drop {
  section: string;
  /** The panel behind which they would stand; null: at the head of the section. */
  after: string | null;
  /** Where that is, in the column of panels: a bar beside a panel, or a line below a section's head. */
  mark: { left: number; top: number; width: number; height: number };
}

/** Null: nobody drags, or there is no place for them where the pointer is. */
export const drop = signal<Drop | null>(null);

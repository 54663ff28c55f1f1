/** What the charts of a run's machine have in common: the part of the time that is shown, and where the pointer is. */
import { signal } from "@preact/signals";
import { createViewHistory } from "../../../plots/view_history.ts";

export class SharedTime {
  /** Seconds since the start of the run; null for all of it. */
  readonly view = signal<readonly [number, number] | null>(null);
  /** Where the pointer is, and in which chart. */
  readonly hover = signal<{ chart: string; x: number } | null>(null);
  readonly history = createViewHistory();

  reset(): void {
    this.history.clear();
    this.view.value = null;
  }
}

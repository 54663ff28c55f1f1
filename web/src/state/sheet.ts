/** Which run's sheet stands open over the page. */
import { signal } from "@preact/signals";

/** The uid of the run, or null. */
export const openedRun = signal<string | null>(null);

/** Opens the sheet of a run, or turns to it. */
export function openSheet(uid: string): void {
  openedRun.value = uid;
}

export function closeSheet(): void {
  openedRun.value = null;
}

/** Whether a click is meant for the page: a new tab, window or download is not. */
export function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
}

/** Runs that are picked to do something with all of them, and the row that the keyboard is at. */
import { computed, signal } from "@preact/signals";

const NONE: ReadonlySet<string> = new Set();

export class Picks {
  /** Picked runs, by uid. */
  readonly uids = signal<ReadonlySet<string>>(NONE);
  /** Whether rows show boxes to pick them with. */
  readonly isPicking = signal(false);
  readonly areShown = computed(() => this.isPicking.value || this.uids.value.size > 0);
  /** The row at which the keyboard is: a run's uid or a group's id. */
  readonly cursor = signal<string | null>(null);
  /** Where a range begins. */
  private anchor: string | null = null;

  toggle(uid: string): void {
    const next = new Set(this.uids.value);
    if (!next.delete(uid)) next.add(uid);
    this.uids.value = next;
    this.anchor = uid;
  }

  /** Picks every run of `order` from the last one that was picked to `uid`. */
  extend(uid: string, order: readonly string[]): void {
    const to = order.indexOf(uid);
    const from = this.anchor === null ? to : order.indexOf(this.anchor);
    if (to < 0 || from < 0) {
      this.toggle(uid);
      return;
    }
    const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
    this.uids.value = new Set([...this.uids.value, ...range]);
  }

  set(uids: readonly string[]): void {
    this.uids.value = new Set(uids);
  }

  clear(): void {
    this.uids.value = NONE;
    this.isPicking.value = false;
    this.anchor = null;
  }
}

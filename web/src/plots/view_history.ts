/** The views that were left by zooming, so that double-click goes back one by one. */

export interface View {
  readonly x0: number;
  readonly x1: number;
}

export interface Seen {
  readonly view: View | null;
  readonly yRange: readonly [number, number] | null;
}

export interface ViewHistory {
  push(seen: Seen): void;
  /** The view that was left last; undefined when there is none. */
  pop(): Seen | undefined;
  clear(): void;
}

const DEPTH = 64;

export function createViewHistory(): ViewHistory {
  const seen: Seen[] = [];
  return {
    push(view) {
      seen.push(view);
      if (seen.length > DEPTH) seen.shift();
    },
    pop: () => seen.pop(),
    clear() {
      seen.length = 0;
    },
  };
}

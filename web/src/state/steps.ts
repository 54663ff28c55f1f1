/**
 * The steps at which the media of the page have something, and going through them.
 *
 * Loaded with the step slider. Where it stands is `ws.place`: what is pinned in the charts. Its axis is that of the
 * page: "steps" here are places on it, seconds or a metric's values too.
 */
import { batch, computed, effect, signal, untracked } from "@preact/signals";
import type { ObjectWatch } from "../data/object_loader.ts";
import type { ObjectPick } from "../data/objects.ts";
import { setPlace } from "./marks.ts";
import { objectsOf } from "./objects.ts";
import { isStepwise } from "./panel_kinds.ts";
import type { Workspace } from "./workspace.ts";

/** Keys whose steps are looked at: the ticks of more would be as good as those of these. */
const MOST_KEYS = 40;
/** While playing, a step that has not come is waited for this long. */
const MOST_WAIT_MS = 2000;
const LOOK_AGAIN_MS = 30;

export const SPEEDS = [1, 2, 5, 10, 20, 30] as const;
/** Steps a second while playing. */
export const speed = signal<number>(5);

/** The distinct numbers of some ascending or unordered lists, ascending. */
export function union(lists: readonly (readonly number[])[]): number[] {
  const distinct: (readonly number[])[] = [];
  for (const list of lists) {
    // Most series are logged at the same steps: comparing is much cheaper than collecting.
    if (!distinct.some((one) => isSame(one, list))) distinct.push(list);
  }
  const all = new Set<number>();
  for (const list of distinct) for (const step of list) all.add(step);
  return [...all].sort((a, b) => a - b);
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

/** The index of the last step that is not after `at`; -1: all are. */
export function indexAt(steps: readonly number[], at: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]! <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The step that `by` positions from where the page is lead to; null: the newest, as before and at the end. */
export function stepAfter(
  steps: readonly number[],
  at: number | null,
  by: number,
): number | null | undefined {
  if (steps.length === 0) return undefined;
  const last = steps.length - 1;
  const here = at === null ? last : indexAt(steps, at);
  // Between two steps, the one before is on screen: going back leads there from a mark after it.
  const isBetween = at !== null && here >= 0 && steps[here] !== at;
  const next = Math.min(last, Math.max(0, here + by + (isBetween && by < 0 ? 1 : 0)));
  return next === last && by > 0 ? null : steps[next]!;
}

export class Steps {
  /** Steps with data of the runs and panels shown, ascending and distinct. */
  readonly ticks = signal<readonly number[]>([]);
  readonly isPlaying = signal(false);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly watches = new Map<string, ObjectWatch>();
  private readonly keys;
  readonly axis;

  constructor(private readonly ws: Workspace) {
    this.keys = computed(() => stepwiseKeys(ws).join("\n"));
    this.axis = computed(() => ws.place.value.axis);
  }

  /** Follows the steps until the returned function is called. */
  start(): () => void {
    const { ws } = this;
    const stop = effect(() => {
      const names = this.keys.value === "" ? [] : this.keys.value.split("\n");
      const runs = ws.shownOrder.value;
      const axis = this.axis.value;
      untracked(() => this.follow(names, runs, axis));
    });
    return () => {
      stop();
      this.pause();
      for (const watch of this.watches.values()) watch.close();
      this.watches.clear();
    };
  }

  go(by: number): void {
    const next = stepAfter(this.ticks.peek(), this.ws.place.peek().at, by);
    if (next !== undefined) setPlace(this.ws, next);
  }

  play(): void {
    const { ws } = this;
    const ticks = this.ticks.peek();
    if (ticks.length < 2) return;
    const { at } = ws.place.peek();
    batch(() => {
      this.isPlaying.value = true;
      if (at === null || at >= ticks.at(-1)!) setPlace(ws, ticks[0]!);
    });
    this.wait();
  }

  pause(): void {
    clearTimeout(this.timer);
    this.isPlaying.value = false;
  }

  toggle(): void {
    if (this.isPlaying.peek()) this.pause();
    else this.play();
  }

  /** The next step in its time, but not before what is shown now has come. */
  private wait(since = performance.now()): void {
    this.timer = setTimeout(
      () => {
        const isLate = performance.now() - since > MOST_WAIT_MS;
        if (objectsOf(this.ws).isBusy() && !isLate) {
          this.timer = setTimeout(() => this.wait(since), LOOK_AGAIN_MS);
          return;
        }
        this.go(1);
        if (this.ws.place.peek().at === null) this.pause();
        else this.wait();
      },
      Math.max(0, since + 1000 / speed.peek() - performance.now()),
    );
  }

  private follow(names: readonly string[], runs: readonly string[], axis: string): void {
    const loader = objectsOf(this.ws);
    for (const [name, watch] of this.watches) {
      if (names.includes(name)) continue;
      watch.close();
      this.watches.delete(name);
    }
    const pick: ObjectPick = axis === "step" ? { last: true } : { last: true, x: axis };
    for (const key of names) {
      const want = { key, runs, pick, index: true, visible: false };
      const watch = this.watches.get(key);
      if (watch !== undefined) watch.update(want);
      else
        this.watches.set(
          key,
          loader.open(want, () => this.read()),
        );
    }
    this.read();
  }

  private read(): void {
    const lists = [...this.watches.values()].flatMap((watch) =>
      watch.entries().map(({ index }) => {
        if (this.axis.peek() === "step") return index?.steps ?? [];
        // Of an answer that is still for another axis there are none.
        return index?.x?.filter((one) => typeof one === "number") ?? [];
      }),
    );
    const ticks = union(lists);
    if (!isSame(ticks, this.ticks.peek())) this.ticks.value = ticks;
  }
}

/** The keys of the panels in sight of the page's filters whose content is that of one step. */
function stepwiseKeys(ws: Workspace): string[] {
  const keys = new Set<string>();
  for (const section of ws.sections.value) {
    if (section.isFolded) continue;
    for (const { kind, key } of section.panels) {
      if (kind !== "line" && isStepwise(kind)) keys.add(key.name);
      if (keys.size >= MOST_KEYS) return [...keys];
    }
  }
  return [...keys];
}

const STEPS = new WeakMap<Workspace, Steps>();

export function stepsOf(ws: Workspace): Steps {
  const steps = STEPS.get(ws) ?? new Steps(ws);
  STEPS.set(ws, steps);
  return steps;
}

/**
 * The series behind the small lines of the run list: one question for all rows that are there, asked when
 * the first charts are served and the rows have come to rest.
 */
import { computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import { whenServed } from "../../base/idle.ts";
import type { Watch } from "../../data/series_loader.ts";
import type { Series } from "../../plots/series.ts";
import { sparkKey } from "../../state/sparkline.ts";
import type { Workspace } from "../../state/workspace.ts";

/** Of a line in a row, in CSS pixels. */
export const SPARK = { width: 48, height: 20 } as const;
/** How long rows stay as they are before their series are asked for: those passed by are not. */
const REST_MS = 150;

export class Sparks {
  /** Whether the y axis of the key's panel is logarithmic. */
  readonly isLog: ReadonlySignal<boolean>;
  /** Counts answers. */
  private readonly revision = signal(0);
  private readonly asked: ReadonlySignal<{ key: string; x: string } | null>;
  /** The uids of the rows that are there, and how often: a run with several tags stands in several groups. */
  private readonly rows = new Map<string, number>();
  private found: ReadonlyMap<string, Series> = new Map();
  private watch: Watch | null = null;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private unwatch: (() => void) | null = null;
  private unwait = () => {};
  private isServed = false;

  constructor(private readonly ws: Workspace) {
    let last: { key: string; x: string } | null = null;
    this.asked = computed(() => {
      const metric = sparkKey(ws);
      const next = metric && { key: metric.name, x: ws.axisOf(metric) };
      if (next?.key !== last?.key || next?.x !== last?.x) last = next;
      return last;
    });
    this.isLog = computed(() => {
      const key = this.asked.value?.key;
      return key !== undefined && ws.settingsOf(key).ylog;
    });
  }

  /** Says that a row of a run is there; answers what says that it is not any more. */
  enter(uid: string): () => void {
    this.rows.set(uid, (this.rows.get(uid) ?? 0) + 1);
    this.unwatch ??= effect(() => {
      this.asked.value;
      untracked(() => this.soon());
    });
    this.soon();
    return () => {
      const count = this.rows.get(uid)! - 1;
      if (count > 0) this.rows.set(uid, count);
      else this.rows.delete(uid);
      this.soon();
    };
  }

  /** What is known of a run's line; null: nothing. */
  seriesOf(uid: string): Series | null {
    this.revision.value;
    return this.found.get(uid) ?? null;
  }

  private soon(): void {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.ask(), REST_MS);
  }

  private ask(): void {
    const { ws } = this;
    this.unwait();
    if (!this.isServed && this.rows.size > 0) {
      this.unwait = whenServed(
        () => ws.loader.isSightAwaited(),
        () => {
          this.isServed = true;
          this.ask();
        },
      );
      return;
    }
    const asked = this.asked.peek();
    if (this.rows.size === 0 || asked === null) {
      this.close();
      return;
    }
    const before = this.watch?.want;
    const isSame =
      before !== undefined &&
      before.runs.length === this.rows.size &&
      before.runs.every((uid) => this.rows.has(uid));
    if (isSame && before.key === asked.key && before.x === asked.x) return;
    const runs = isSame ? before.runs : [...this.rows.keys()];
    const px = SPARK.width * devicePixelRatio;
    // Not as what is in sight: charts come first.
    const want = { ...asked, runs, range: null, px, visible: false };
    if (this.watch === null) this.watch = ws.loader.open(want, () => this.take());
    else this.watch.update(want);
    this.take();
  }

  private take(): void {
    this.found = new Map(this.watch?.series().map((series) => [series.run, series]));
    this.revision.value += 1;
  }

  private close(): void {
    this.watch?.close();
    this.watch = null;
    this.take();
    if (this.rows.size > 0) return;
    this.unwatch?.();
    this.unwatch = null;
  }
}

const ofWorkspace = new WeakMap<Workspace, Sparks>();

export function sparksOf(ws: Workspace): Sparks {
  let sparks = ofWorkspace.get(ws);
  if (sparks === undefined) {
    sparks = new Sparks(ws);
    ofWorkspace.set(ws, sparks);
  }
  return sparks;
}

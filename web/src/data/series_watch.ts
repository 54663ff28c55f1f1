/** What one panel wants of the series loader, and what is there for it. */
import type { Series } from "../plots/series.ts";
import { type Smoothing, smoothingKey, smoothSeries } from "../plots/smooth.ts";
import type { RequestError } from "./client.ts";
import { type Asked, type Entry, partOf, placeOf } from "./series_entries.ts";
import { type Range, snapRange, snapWidth, widening } from "./snap.ts";

export interface Want {
  key: string;
  runs: readonly string[];
  /** "step", "relative", "wall" or "metric:<key>". */
  x: string;
  range: Range | null;
  /** Width of the plot in device pixels. */
  px: number;
  /** Whether pixels are even in log10(x), and what is not positive has no place. */
  log?: boolean;
  smooth?: Smoothing | null;
  visible: boolean;
}

/** What a watch needs of the loader that it was opened by. */
export interface WatchHost {
  /** Counts changes of what is kept. */
  readonly stamp: number;
  best(watch: Watch, base: string): Entry | null;
  close(watch: Watch): void;
  refresh(watch: Watch): void;
  rest(): number;
  schedule(): void;
}

export class Watch implements Asked {
  error: RequestError | null = null;
  /** What of the want the server is asked in; a range wider than the view, a width of the ladder. */
  range: Range | null = null;
  part = "";
  place = "";
  log = false;
  smooth: Smoothing | null = null;
  px = 0;
  /** Until when the server is not asked to smooth anew (milliseconds of the page's clock). */
  restsUntil = 0;
  /** The loader's count of changes when the watch was found to lack nothing; -1: it may lack something. */
  settled = -1;
  private bases: { runs: readonly string[]; list: readonly string[] } | null = null;
  private ids: { bases: readonly string[]; part: string; list: readonly string[] } | null = null;
  private found: {
    stamp: number;
    bases: readonly string[];
    part: string;
    list: readonly (Entry | null)[];
  } | null = null;

  constructor(
    private readonly loader: WatchHost,
    public want: Want,
    readonly onChange: () => void,
  ) {
    this.settle();
  }

  update(want: Want): void {
    if (want.key !== this.want.key || want.x !== this.want.x) this.bases = null;
    const isMoved = smoothingKey(want.smooth ?? null) !== smoothingKey(this.smooth);
    this.want = want;
    this.settle();
    if (isMoved) this.restsUntil = this.loader.rest();
    this.loader.refresh(this);
  }

  close(): void {
    this.loader.close(this);
  }

  /**
   * The best series known for each run, in the order of the want, smoothed as wanted; runs without the key
   * are left out.
   */
  series(): Series[] {
    const out: Series[] = [];
    for (const entry of this.entries()) {
      if (!entry?.series) continue;
      out.push(smoothSeries(entry.series, smoothingKey(entry.smooth), this.smooth));
    }
    return out;
  }

  /** Whether the first answer for some run is still to come. */
  isLoading(): boolean {
    return this.entries().includes(null);
  }

  retry(): void {
    this.error = null;
    this.loader.schedule();
  }

  /** What the series of each run are kept under, in the order of the want. */
  basesOfRuns(): readonly string[] {
    const { runs, key, x } = this.want;
    if (this.bases?.runs !== runs) {
      this.bases = { runs, list: runs.map((run) => `${run}\n${key}\n${x}`) };
    }
    return this.bases.list;
  }

  /** The id of the exact answer for each run, in the order of the want. */
  idsOfRuns(): readonly string[] {
    const bases = this.basesOfRuns();
    const { part } = this;
    if (this.ids?.bases !== bases || this.ids.part !== part) {
      this.ids = { bases, part, list: bases.map((base) => `${base}\n${part}`) };
    }
    return this.ids.list;
  }

  /** What answers the want for each run best, null where nothing is known; worked out when something has changed. */
  entries(): readonly (Entry | null)[] {
    const { loader, part } = this;
    const bases = this.basesOfRuns();
    const before = this.found;
    if (before?.stamp === loader.stamp && before.bases === bases && before.part === part) {
      return before.list;
    }
    const list = bases.map((base) => loader.best(this, base));
    this.found = { stamp: loader.stamp, bases, part, list };
    return list;
  }

  private settle(): void {
    this.settled = -1;
    const { range, px, log = false, smooth = null } = this.want;
    this.range = range === null ? null : snapRange(range, log);
    this.px = snapWidth(px * (range === null ? 1 : widening(range, this.range!, log)));
    this.log = log;
    this.smooth = smooth;
    this.place = placeOf(this.range, this.px, log);
    this.part = partOf(this.place, smooth);
  }
}

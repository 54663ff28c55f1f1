/** The watches of a panel: one for each key that it draws, in their order. */
import type { RequestError } from "../../data/client.ts";
import type { SeriesLoader, Want, Watch } from "../../data/series_loader.ts";
import type { Series } from "../../plots/series.ts";

export class Watches {
  private open: readonly Watch[] = [];

  constructor(
    private readonly loader: SeriesLoader,
    private readonly onChange: () => void,
  ) {}

  /** Wants these from now on; what was wanted of a key before goes over into what is wanted now. */
  update(wants: readonly Want[]): void {
    const before = new Map(this.open.map((watch) => [watch.want.key, watch]));
    this.open = wants.map((want, i) => {
      // A panel that shows another key in its place goes on with the watch of the old one.
      const watch = before.get(want.key) ?? (i === 0 ? this.leftOver(wants) : undefined);
      if (watch === undefined) return this.loader.open(want, this.onChange);
      before.delete(watch.want.key);
      watch.update(want);
      return watch;
    });
    for (const watch of before.values()) watch.close();
  }

  private leftOver(wants: readonly Want[]): Watch | undefined {
    const keys = new Set(wants.map((want) => want.key));
    return this.open.find((watch) => !keys.has(watch.want.key));
  }

  /** The series known, by key. */
  series(): readonly (readonly Series[])[] {
    return this.open.map((watch) => watch.series());
  }

  isLoading(): boolean {
    return this.open.some((watch) => watch.isLoading());
  }

  get error(): RequestError | null {
    return this.open.find((watch) => watch.error !== null)?.error ?? null;
  }

  retry(): void {
    for (const watch of this.open) watch.retry();
  }

  close(): void {
    for (const watch of this.open) watch.close();
    this.open = [];
  }
}

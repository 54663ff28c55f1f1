/** What a panel asks for and draws: lines of runs, or bands of groups with their runs behind them. */
import type { BandWant, BandWatch } from "../../data/band_loader.ts";
import type { RequestError } from "../../data/client.ts";
import type { Want } from "../../data/series_loader.ts";
import type { Key } from "../../data/wire.ts";
import type { Band, Line } from "../../plots/plot_types.ts";
import { bandGroupsOf, memberGroups } from "../../state/group_members.ts";
import { keysIn } from "../../state/panel_edits.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { bandsOf, linesOf, wantOf } from "./lines.ts";
import { Watches } from "./watches.ts";

export class Drawing {
  private readonly watches: Watches;
  private bandWatches: readonly BandWatch[] = [];

  constructor(
    private readonly ws: Workspace,
    private readonly onChange: () => void,
  ) {
    this.watches = new Watches(ws.loader, onChange);
  }

  /** Asks for what a panel of a key shows, `px` device pixels wide. Reads signals: call it in an effect. */
  update(metric: Key, px: number, isVisible: boolean): void {
    const { ws } = this;
    const keys = keysIn(ws, metric.name);
    const { xlog: log, smooth, center, band } = ws.settingsOf(metric.name);
    const own: Want = { ...wantOf(ws, metric, px, isVisible), log, smooth };
    const range = positiveRange(own.range, log, own.x);
    const runs = this.runs(metric);
    this.watches.update(keys.map((key) => ({ ...own, key, range, runs })));
    const groups = ws.groups.value;
    const shared = { x: own.x, range, px, log, smooth, center, band, visible: isVisible };
    this.watchBands(
      groups === null ? [] : keys.map((key) => ({ ...shared, key, groups: bandGroupsOf(groups) })),
    );
  }

  lines(metric: Key): Line[] {
    const { ws } = this;
    const groups = ws.groups.value;
    return linesOf(this.watches.series(), keysIn(ws, metric.name), {
      runs: ws.known.value,
      paint: ws.paint.value,
      theme: theme.value,
      baseline: baselineOf(ws),
      members: groups === null ? null : memberGroups(groups),
    });
  }

  bands(metric: Key): Band[] {
    const { ws } = this;
    const groups = ws.groups.value;
    if (groups === null) return [];
    const { band } = ws.settingsOf(metric.name);
    const found = this.bandWatches.map((watch) => watch.bands() ?? []);
    const keys = keysIn(ws, metric.name);
    return bandsOf(found, keys, groups, { theme: theme.value, isShaded: band !== "none" });
  }

  isLoading(): boolean {
    return this.watches.isLoading() || this.bandWatches.some((watch) => watch.bands() === null);
  }

  get error(): RequestError | null {
    return this.watches.error ?? this.bandWatches.find((one) => one.error !== null)?.error ?? null;
  }

  retry(): void {
    this.watches.retry();
    for (const watch of this.bandWatches) watch.retry();
  }

  close(): void {
    this.watches.close();
    this.watchBands([]);
  }

  /** The runs that have a line of their own. */
  private runs(metric: Key): readonly string[] {
    const { ws } = this;
    const groups = ws.groups.value;
    let runs = ws.shownOrder.value;
    if (groups !== null) {
      runs = ws.settingsOf(metric.name).members ? [...memberGroups(groups).keys()] : [];
    }
    const baseline = baselineOf(ws);
    if (baseline === null || runs.includes(baseline)) return runs;
    return ws.shownUids.value.has(baseline) ? [...runs, baseline] : runs;
  }

  private watchBands(wants: readonly BandWant[]): void {
    const before = [...this.bandWatches];
    this.bandWatches = wants.map((want) => {
      const watch = before.shift();
      if (watch === undefined) return this.ws.bands.open(want, this.onChange);
      watch.update(want);
      return watch;
    });
    for (const watch of before) watch.close();
  }
}

/** The uid of the run that others are compared with, null when there is none or it is alone on its page. */
export function baselineOf(ws: Workspace): string | null {
  const { base } = ws.view.value;
  return base === "" || ws.runId !== null ? null : (ws.chosen.find(base)?.uid ?? null);
}

/** A range as a logarithmic axis can show it: where it reaches 0 or below, from something small on. */
export function positiveRange(
  range: readonly [number, number] | null,
  isLog: boolean,
  axis: string,
): readonly [number, number] | null {
  if (range === null || !isLog || range[0] > 0) return range;
  const [, hi] = range;
  if (!(hi > 0)) return null;
  const small = hi / 1000;
  return [axis === "step" ? Math.min(Math.max(1, small), hi / 2) : small, hi];
}

/**
 * One y axis for the charts of a section: it spans what each of them would show by itself.
 *
 * Charts say what they fit whenever that changes. What a chart said stays when it is scrolled away, so that the
 * axis does not jump, as long as the same runs and the same part of x are shown.
 */
import { signal, untracked } from "@preact/signals";
import type { View } from "./view.ts";
import type { Workspace } from "./workspace.ts";

type Range = readonly [number, number];

interface Fit {
  readonly range: Range;
  /** What it was fitted for. */
  readonly runs: readonly string[];
  readonly xr: View["xr"];
}

type Host = Pick<Workspace, "homes" | "view" | "shownOrder" | "set">;

export class SameY {
  private readonly fits = new Map<string, Fit>();
  /** Grows with each change of what charts of a section with one axis fit. */
  private readonly version = signal(0);

  constructor(private readonly ws: Host) {}

  /** The section whose y axis a chart shares; null: it has its own. */
  sectionOf(key: string): string | null {
    const { samey } = this.ws.view.value;
    if (samey.length === 0) return null;
    const home = this.ws.homes.value.get(key);
    return home !== undefined && samey.includes(home) ? home : null;
  }

  /** Lets the charts of a section share their y axis; a second time, no longer. */
  toggle(section: string): void {
    const { samey } = this.ws.view.peek();
    const others = samey.filter((one) => one !== section);
    this.ws.set({ samey: others.length < samey.length ? others : [...samey, section] });
  }

  /** Takes in what the y axis of a chart would span by itself. */
  tell(key: string, range: Range): void {
    const { ws, fits } = this;
    const old = fits.get(key);
    const [runs, xr] = [ws.shownOrder.peek(), ws.view.peek().xr];
    const isSameRange = old?.range[0] === range[0] && old.range[1] === range[1];
    if (isSameRange && old.runs === runs && old.xr === xr) return;
    fits.set(key, { range, runs, xr });
    untracked(() => {
      if (this.sectionOf(key) !== null) this.version.value += 1;
    });
  }

  /** What the charts of a chart's section span together; null where it does not share its axis. */
  shared(key: string): Range | null {
    const section = this.sectionOf(key);
    if (section === null) return null;
    void this.version.value;
    const { ws } = this;
    const homes = ws.homes.value;
    const runs = ws.shownOrder.value;
    const { xr, own } = ws.view.value;
    let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const [other, fit] of this.fits) {
      if (homes.get(other) !== section || fit.runs !== runs) continue;
      if (fit.xr !== xr && !(other in own)) continue;
      lo = Math.min(lo, fit.range[0]);
      hi = Math.max(hi, fit.range[1]);
    }
    return lo < hi ? [lo, hi] : null;
  }

  /** The zoomed part of a chart's y axis, or of the axis that it shares; null: all of it. */
  zoomed(key: string): Range | null {
    const { yr } = this.ws.view.value;
    const section = this.sectionOf(key);
    if (section === null || key in yr) return yr[key] ?? null;
    const homes = this.ws.homes.value;
    return Object.entries(yr).find(([other]) => homes.get(other) === section)?.[1] ?? null;
  }

  /** The zoomed y axes, but for the one of a chart and of those that share it. */
  others(key: string): View["yr"] {
    const section = this.sectionOf(key);
    const homes = this.ws.homes.value;
    const isOther = (one: string) =>
      one !== key && (section === null || homes.get(one) !== section);
    return Object.fromEntries(
      Object.entries(this.ws.view.value.yr).filter(([one]) => isOther(one)),
    );
  }
}

/** How far beyond the viewport panels are kept ready. */
import { useEffect, useState } from "preact/hooks";
import { whenServed } from "../../base/idle.ts";
import type { SeriesLoader } from "../../data/series_loader.ts";

/** In screens, above and below. */
const STEP = 0.5;
const MOST = 1;

/**
 * Screens beyond the viewport of which panels are in the page: none at first, and more in idle moments once
 * those in sight have what they show, so that they need not wait for what nobody sees.
 */
export function useReach(loader: SeriesLoader, hasPanels: boolean): number {
  const [reach, setReach] = useState(0);
  useEffect(() => {
    if (!hasPanels || reach >= MOST) return;
    return whenServed(
      () => loader.isSightAwaited(),
      () => setReach(reach + STEP),
    );
  }, [loader, hasPanels, reach]);
  return reach;
}

/** The last points of series that are too long to be answered point by point. */
import { useEffect, useState } from "preact/hooks";
import { askRange } from "../../data/exact.ts";
import { at, length, type Series } from "../../plots/series.ts";
import { notifyError } from "../../state/toasts.ts";

/** Points looked at, so that some non-finite ones among them do no harm. */
const WANTED = 40;
/** While series grow, their ends are read again at this pace. */
const REST_MS = 500;

/** The part of an axis in which the last points of a series lie; null when all of its points are known. */
export function tailOf(series: Series): readonly [number, number] | null {
  const n = length(series);
  if (series.mode === "points" || n === 0) return null;
  const buckets = Math.min(n, 1 + Math.ceil((WANTED * n) / series.total));
  const [lo, hi] = [at(series.x0, n - buckets), at(series.x1, n - 1)];
  return lo <= hi ? [lo, hi] : null;
}

/** The ends of long series by run, point by point, once they are read. */
export function useTails(
  key: string,
  axis: string,
  series: readonly Series[],
): ReadonlyMap<string, Series> {
  const [tails, setTails] = useState<ReadonlyMap<string, Series>>(new Map());
  const parts = new Map<string, string[]>();
  for (const one of series) {
    const part = tailOf(one)?.join(",");
    if (part !== undefined) parts.set(part, [...(parts.get(part) ?? []), one.run]);
  }
  // Runs of one length have their ends in one place, and share a question.
  const asked = JSON.stringify([...parts]);

  useEffect(() => {
    const questions = JSON.parse(asked) as [string, string[]][];
    if (questions.length === 0) return;
    const abort = new AbortController();
    const read = async () => {
      const answers = questions.map(([part, runs]) => {
        const [lo, hi] = part.split(",").map(Number);
        return askRange(runs, key, axis, [lo!, hi!], abort.signal);
      });
      const found = (await Promise.all(answers)).flatMap((answer) => answer.series);
      setTails(new Map(found.map((one) => [one.run, one])));
    };
    const timer = setTimeout(() => {
      read().catch((error: unknown) => {
        if (!abort.signal.aborted) notifyError(error);
      });
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, axis, asked]);

  return tails;
}

/** Questions about a few points that no panel draws, asked outside of the loader and kept by nobody. */
import { askSeries } from "./series_answer.ts";
import type { Range, SeriesAnswer } from "./series_loader.ts";

/** Up to four times as many points of a series are answered one by one. */
const WIDTH = 4096;

/**
 * The series of runs over a range of an axis, with the neighbours of its ends: points where there are at most
 * 16,384 of them, else columns.
 */
export function askRange(
  runs: readonly string[],
  key: string,
  x: string,
  range: Range,
  signal: AbortSignal,
): Promise<SeriesAnswer> {
  const question = { runs: [...runs], keys: [key], x, range, px: WIDTH, mode: "auto" as const };
  return askSeries(question, signal);
}

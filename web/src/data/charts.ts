/** How runs want tables of theirs to be drawn: `wandb.plot` and custom charts, by `POST /api/v1/charts`. */
import { sendJson } from "./client.ts";

export interface ChartSpec {
  /** What the script called the chart. */
  key: string;
  /** The key of the table that it draws. */
  table: string;
  /** `wandb/line/v0`, ...; any other name is one of a custom chart. */
  preset: string;
  /** Which column stands for which field of the preset. */
  fields: Record<string, string>;
  /** Titles and other texts. */
  strings: Record<string, string>;
}

/** By run; a run without charts has an empty list. At most 1000 runs. */
export async function askCharts(runs: readonly string[]): Promise<Record<string, ChartSpec[]>> {
  const answer = await sendJson<{ charts: Record<string, ChartSpec[]> }>("POST", "api/v1/charts", {
    runs,
  });
  return answer.charts;
}

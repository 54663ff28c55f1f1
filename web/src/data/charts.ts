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

/** What a run has said of how its values are to be drawn. */
export interface RunCharts {
  charts: readonly ChartSpec[];
  /** The names of classes, by the key of the image, the name of the mask, and the number of the class. */
  masks: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;
}

/** By run. At most 1000 runs. */
export async function askCharts(runs: readonly string[]): Promise<Record<string, RunCharts>> {
  const answer = await sendJson<{ runs: Record<string, RunCharts> }>("POST", "api/v1/charts", {
    runs,
  });
  return answer.runs;
}

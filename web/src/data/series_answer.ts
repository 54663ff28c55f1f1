/** The series route: a question in JSON, the answer as views on one bundle. */
import type { ColumnsSeries, PointsSeries, Series } from "../plots/series.ts";
import { type ArrayReference, decodeBundle } from "./bundle.ts";
import { postForBytes } from "./client.ts";
import type { SeriesAnswer, SeriesQuestion } from "./series_loader.ts";

interface PointsHeader {
  run: string;
  key: string;
  mode: "points";
  total: number;
  starts: number[];
  x: ArrayReference;
  y: ArrayReference;
  s?: ArrayReference;
}

interface ColumnsHeader {
  run: string;
  key: string;
  mode: "columns";
  total: number;
  starts: number[];
  sorted: boolean;
  x0: ArrayReference;
  x1: ArrayReference;
  first: ArrayReference;
  min: ArrayReference;
  max: ArrayReference;
  last: ArrayReference;
  flags: ArrayReference;
  sfirst?: ArrayReference;
  smin?: ArrayReference;
  smax?: ArrayReference;
  slast?: ArrayReference;
}

interface AnswerHeader {
  version: number;
  marks: Record<string, string>;
  series: (PointsHeader | ColumnsHeader)[];
}

export function decodeSeries(bytes: ArrayBuffer): SeriesAnswer {
  const { header, array, axis } = decodeBundle<AnswerHeader>(bytes);
  const series = header.series.map((one): Series => {
    const { run, key, total, starts } = one;
    if (one.mode === "points") {
      const points: PointsSeries = {
        mode: "points",
        run,
        key,
        total,
        starts,
        x: axis(one.x),
        y: array(one.y),
      };
      return one.s ? { ...points, smoothed: array(one.s) } : points;
    }
    const columns: ColumnsSeries = {
      mode: "columns",
      run,
      key,
      total,
      starts,
      sorted: one.sorted,
      x0: axis(one.x0),
      x1: axis(one.x1),
      first: array(one.first),
      min: array(one.min),
      max: array(one.max),
      last: array(one.last),
      flags: array(one.flags) as Uint8Array,
    };
    const { sfirst, smin, smax, slast } = one;
    if (!sfirst || !smin || !smax || !slast) return columns;
    const smoothed = {
      first: array(sfirst),
      min: array(smin),
      max: array(smax),
      last: array(slast),
    };
    return { ...columns, smoothed };
  });
  return { marks: header.marks, series };
}

export async function askSeries(
  question: SeriesQuestion,
  signal: AbortSignal,
): Promise<SeriesAnswer> {
  return decodeSeries(await postForBytes("api/v1/series", question, signal));
}

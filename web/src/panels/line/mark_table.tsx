/** What each run has at the pinned step, or over the pinned range. */
import { effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { formatValue } from "../../base/numbers.ts";
import { askRange } from "../../data/exact.ts";
import type { Key } from "../../data/wire.ts";
import { marksOn } from "../../state/marks.ts";
import { theme } from "../../state/theme.ts";
import { notifyError } from "../../state/toasts.ts";
import type { Workspace } from "../../state/workspace.ts";
import { swatchBackground } from "../../widgets/swatch.tsx";
import { formatX } from "./lines.ts";
import { pointAt, type RangeStatistics, statisticsBetween } from "./statistics.ts";

export type MarkRow =
  | { readonly run: string; readonly point: { x: number; y: number } | null }
  | { readonly run: string; readonly range: RangeStatistics | null };

const MOST_ROWS = 200;
/** While runs log, the values are read again at most this often. */
const REREAD_MS = 3000;

/** What the runs that are shown have at the marks, read anew when either changes. */
function useMarkRows(ws: Workspace, metric: Key): readonly MarkRow[] | null {
  const rows = useMemo(() => signal<readonly MarkRow[] | null>(null), []);
  useEffect(() => {
    let abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let readAt = 0;
    let asked = "";
    const stop = effect(() => {
      const axis = ws.axisOf(metric);
      const at = marksOn(ws, axis);
      const runs = ws.shownOrder.value.slice(0, MOST_ROWS);
      const question = JSON.stringify([axis, at, runs]);
      const isSame = question === asked;
      // A change notice only has the same question asked again.
      void ws.heardAt.value;
      asked = question;
      clearTimeout(timer);
      if (at.length === 0) return;
      const read = () => {
        abort.abort();
        abort = new AbortController();
        readAt = performance.now();
        readRows(runs, metric.name, axis, at, abort.signal)
          .then((found) => {
            rows.value = found;
          })
          .catch((error: unknown) => {
            if (!(error instanceof DOMException && error.name === "AbortError")) notifyError(error);
          });
      };
      timer = setTimeout(read, isSame ? Math.max(0, readAt + REREAD_MS - performance.now()) : 0);
    });
    return () => {
      stop();
      clearTimeout(timer);
      abort.abort();
    };
  }, [ws, metric, rows]);
  return rows.value;
}

async function readRows(
  runs: readonly string[],
  key: string,
  axis: string,
  at: readonly number[],
  signal: AbortSignal,
): Promise<MarkRow[]> {
  const [lo, hi] = [at[0]!, at.at(-1)!];
  const { series } = await askRange(runs, key, axis, [lo, hi], signal);
  const rows = series.map((one): MarkRow => {
    if (at.length > 1) return { run: one.run, range: statisticsBetween(one, lo, hi) };
    return { run: one.run, point: one.mode === "points" ? pointAt(one, lo) : null };
  });
  const order = new Map(runs.map((run, i) => [run, i]));
  // Those with nothing to tell stand below.
  const isEmpty = (row: MarkRow) => ("point" in row ? row.point : row.range) === null;
  return rows.sort(
    (a, b) => Number(isEmpty(a)) - Number(isEmpty(b)) || order.get(a.run)! - order.get(b.run)!,
  );
}

/** How the marks read: `step 1,200`, `step 1,200 – 5,000`. */
export function marksText(ws: Workspace, axis: string): string {
  const texts = marksOn(ws, axis).map((x) => formatX(axis, x));
  const name = axis === "relative" || axis === "wall" ? "" : `${axis.replace("metric:", "")} `;
  return name + texts.join(" – ");
}

export function MarkTable({ ws, metric }: { ws: Workspace; metric: Key }): JSX.Element | null {
  const rows = useMarkRows(ws, metric);
  const axis = ws.axisOf(metric);
  const isRange = marksOn(ws, axis).length > 1;
  if (rows === null) return <div class="mark-wait" aria-busy="true" />;
  const known = rows.filter((row) => ws.known.value.has(row.run));
  if (known.length === 0) return <p class="list-notice">No run has a value there.</p>;
  const heads = isRange ? ["mean", "min", "max", "slope", "points"] : ["value", "logged at"];
  return (
    <table class={`line-table${isRange ? " mark-range" : ""}`}>
      <thead>
        <tr>
          <th scope="col">run</th>
          {heads.map((head) => (
            <th scope="col" key={head}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {known.map((row) => (
          <MarkTableRow key={row.run} ws={ws} row={row} axis={axis} />
        ))}
      </tbody>
    </table>
  );
}

function MarkTableRow(props: { ws: Workspace; row: MarkRow; axis: string }): JSX.Element {
  const { ws, row, axis } = props;
  const run = ws.known.value.get(row.run)!;
  return (
    <tr
      class={ws.highlighted.value === run.uid ? "lit" : undefined}
      onPointerEnter={() => {
        ws.pointedRun.value = run.uid;
      }}
      onPointerLeave={() => {
        ws.pointedRun.value = null;
      }}
    >
      <td>
        <span class="name" title={run.name}>
          <span
            class="swatch"
            style={{ background: swatchBackground(ws.paint.value(run), theme.value) }}
          />
          <span>{run.name}</span>
        </span>
      </td>
      {cellsOf(row, axis).map((text, i) => (
        <td key={i}>{text}</td>
      ))}
    </tr>
  );
}

function cellsOf(row: MarkRow, axis: string): string[] {
  if ("point" in row) {
    return row.point ? [formatValue(row.point.y), formatX(axis, row.point.x)] : ["–", "–"];
  }
  if (row.range === null) return ["–", "–", "–", "–", "0"];
  const { mean, min, max, slope, count, isExact } = row.range;
  // Buckets give a mean of their middles: near, and said to be so.
  const near = (value: number) => (isExact ? "" : "≈ ") + formatValue(value);
  const points = isExact ? formatValue(count) : "many";
  return [near(mean), formatValue(min), formatValue(max), near(slope), points];
}

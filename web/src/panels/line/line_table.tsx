/** What each line of a chart holds: last, smallest and largest value, and the mean of the last few. */
import { effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { formatValue } from "../../base/numbers.ts";
import type { Key } from "../../data/wire.ts";
import type { Series } from "../../plots/series.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { swatchBackground } from "../../widgets/swatch.tsx";
import { formatX, wantOf } from "./lines.ts";
import { factsOf, meanOfLast } from "./statistics.ts";
import { useTails } from "./tails.ts";

const WIDTH = 1024;
const ROWS = 200;
/** Values in the mean of the last ones. */
const LAST = 10;

const HEAD_TITLES: Readonly<Record<string, string>> = {
  "at min": "Where the smallest value was logged",
  [`mean ${LAST}`]: `Mean of the last ${LAST} values`,
};

interface LineTableProps {
  ws: Workspace;
  metric: Key;
  /** Says the key above the table; where a chart draws several. */
  isTitled: boolean;
}

export function LineTable({ ws, metric, isTitled }: LineTableProps): JSX.Element {
  const found = useSeries(ws, metric);
  const axis = ws.axisOf(metric);
  const isZoomed = ws.rangeOf(metric.name, axis) !== null;
  const rows = found.filter((series) => ws.known.value.has(series.run)).slice(0, ROWS);
  const tails = useTails(metric.name, axis, rows);
  const heads = ["last", "min", "max", "at min", `mean ${LAST}`];
  return (
    <>
      <table class="line-table">
        {isTitled && <caption>{metric.name}</caption>}
        <thead>
          <tr>
            <th scope="col">run{isZoomed && ", in this part"}</th>
            {heads.map((head) => (
              <th scope="col" key={head} title={HEAD_TITLES[head]}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((series) => (
            <LineTableRow
              key={series.run}
              ws={ws}
              series={series}
              end={series.mode === "points" ? series : tails.get(series.run)}
              axis={axis}
            />
          ))}
        </tbody>
      </table>
      {found.length > ROWS && <p class="list-notice">+{found.length - ROWS} more</p>}
    </>
  );
}

interface RowProps {
  ws: Workspace;
  series: Series;
  /** Its last points, one by one, as far as they are known. */
  end: Series | undefined;
  axis: string;
}

function LineTableRow({ ws, series, end, axis }: RowProps): JSX.Element {
  const run = ws.known.value.get(series.run)!;
  const facts = factsOf(series);
  const mean = end === undefined ? Number.NaN : meanOfLast(end, LAST);
  // A bucket of a long series tells that its smallest value lies in it, and not where.
  const near = facts.isExact ? "" : "≈ ";
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
      <td title={`at ${formatX(axis, facts.lastX)}`}>{formatValue(facts.last)}</td>
      <td>{formatValue(facts.min)}</td>
      <td>{formatValue(facts.max)}</td>
      <td>{Number.isNaN(facts.minX) ? "–" : near + formatX(axis, facts.minX)}</td>
      <td>{Number.isNaN(mean) ? "–" : formatValue(mean)}</td>
    </tr>
  );
}

/** The series of the runs that are shown, as the panel draws them and as they grow. */
function useSeries(ws: Workspace, metric: Key): readonly Series[] {
  const found = useMemo(() => signal<readonly Series[]>([]), []);
  useEffect(() => {
    const want = () => wantOf(ws, metric, WIDTH, true);
    const watch = ws.loader.open(want(), () => {
      found.value = watch.series();
    });
    const stop = effect(() => {
      watch.update(want());
      found.value = watch.series();
    });
    return () => {
      stop();
      watch.close();
    };
  }, [ws, metric, found]);
  return found.value;
}

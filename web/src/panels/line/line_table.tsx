/** What each line of a chart holds: last, smallest and largest value, and the mean of the last few. */
import { effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { formatValue } from "../../base/numbers.ts";
import type { Key } from "../../data/wire.ts";
import type { Series } from "../../plots/series.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { formatX, wantOf } from "./lines.ts";
import { factsOf, meanOfLast } from "./statistics.ts";

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
  const isZoomed = ws.rangeOn(axis) !== null;
  const rows = found.filter((series) => ws.known.value.has(series.run));
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
          {rows.slice(0, ROWS).map((series) => (
            <LineTableRow key={series.run} ws={ws} series={series} axis={axis} />
          ))}
        </tbody>
      </table>
      {rows.length > ROWS && <p class="list-notice">+{rows.length - ROWS} more</p>}
    </>
  );
}

function LineTableRow(props: { ws: Workspace; series: Series; axis: string }): JSX.Element {
  const { ws, series, axis } = props;
  const run = ws.known.value.get(series.run)!;
  const facts = factsOf(series);
  const mean = meanOfLast(series, LAST);
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
          <span class="swatch" style={{ backgroundColor: ws.paint.value(run)[theme.value] }} />
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

/** What each line of a chart holds: last, smallest and largest value. */
import { effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { formatValue } from "../../base/numbers.ts";
import type { Key } from "../../data/wire.ts";
import type { Series } from "../../plots/series.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { axisName, factsOf, formatX, wantOf } from "./lines.ts";

const WIDTH = 1024;
const ROWS = 200;

export function LineTable({ ws, metric }: { ws: Workspace; metric: Key }): JSX.Element {
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

  const axis = ws.axisOf(metric);
  const isZoomed = ws.rangeOn(axis) !== null;
  return (
    <table class="line-table">
      <thead>
        <tr>
          <th scope="col">run{isZoomed && ", in this part"}</th>
          <th scope="col">last</th>
          <th scope="col">min</th>
          <th scope="col">max</th>
          <th scope="col">{axisName(axis)}</th>
        </tr>
      </thead>
      <tbody>
        {found.value.slice(0, ROWS).map((series) => {
          const run = ws.known.value.get(series.run);
          if (!run) return null;
          const facts = factsOf(series);
          return (
            <tr
              key={series.run}
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
                    style={{ backgroundColor: ws.paint.value(run)[theme.value] }}
                  />
                  <span>{run.name}</span>
                </span>
              </td>
              <td>{formatValue(facts.last)}</td>
              <td>{formatValue(facts.min)}</td>
              <td>{formatValue(facts.max)}</td>
              <td>{formatX(axis, facts.lastX)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

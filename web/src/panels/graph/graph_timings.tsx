/** What nodes took when a graph was run, where the graph itself is not there. */
import type { JSX } from "preact";
import { groupDigits } from "../../base/numbers.ts";
import type { GraphAnswer } from "../../data/graphs.ts";
import { amountText } from "./graph_costs.ts";

const MOST_ROWS = 500;

export function GraphTimings({ answer }: { answer: GraphAnswer }): JSX.Element {
  const rows = Object.entries(answer.statistics).sort(([, a], [, b]) => b.time_us - a.time_us);
  const where = answer.devices.join(", ") || "a device that is not named";
  if (rows.length === 0) {
    return (
      <div class="panel-cover">
        <p>A run of the graph on {where}, of which no times were recorded.</p>
      </div>
    );
  }
  return (
    <div class="graph-timings">
      <p class="quiet">A run on {where}, longest first. The graph itself was not logged with it.</p>
      <table>
        <thead>
          <tr>
            <th scope="col">node</th>
            <th scope="col">time</th>
            <th scope="col">memory</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map(([name, one]) => (
            <tr key={name}>
              <td title={one.device}>{name}</td>
              <td>{amountText("time", one.time_us)}</td>
              <td>{one.memory_bytes > 0 ? amountText("memory", one.memory_bytes) : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && (
        <p class="quiet">and {groupDigits(rows.length - MOST_ROWS)} more</p>
      )}
    </div>
  );
}

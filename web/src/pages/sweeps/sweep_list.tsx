/** The sweeps of a project, newest first. */
import type { JSX } from "preact";
import { formatValue } from "../../base/numbers.ts";
import { getSweeps } from "../../data/sweeps.ts";
import { sweepsHref } from "../../state/route.ts";
import { Age } from "../age.tsx";
import { useAnswer } from "../artifacts/use_answer.ts";
import { Notice } from "../notice.tsx";
import { runCount, StateWord } from "./sweep_words.tsx";

interface SweepListProps {
  entity: string;
  project: string;
  moment: number;
}

export function SweepList({ entity, project, moment }: SweepListProps): JSX.Element {
  const { value, error } = useAnswer(`${entity}/${project} ${moment}`, () =>
    getSweeps(entity, project),
  );
  if (error !== null) {
    return (
      <main class="sweeps">
        <Notice title="The sweeps cannot be read" isError>
          <p>{error.message}</p>
        </Notice>
      </main>
    );
  }
  if (value === null) return <main class="sweeps" />;
  if (value.length === 0) {
    return (
      <main class="sweeps">
        <Notice title="This project has no sweeps">
          <p>
            <code>wandb sweep CONFIG.yaml</code> or <code>wandb.sweep()</code> makes one, and{" "}
            <code>wandb agent</code> does its runs.
          </p>
        </Notice>
      </main>
    );
  }
  return (
    <main class="sweeps">
      <h1>Sweeps</h1>
      <div class="sweep-scroll">
        <table class="sweep-table">
          <thead>
            <tr>
              <th>Name</th>
              <th>State</th>
              <th>Method</th>
              <th>Metric</th>
              <th class="number">Best</th>
              <th class="number">Runs</th>
              <th>Made</th>
            </tr>
          </thead>
          <tbody>
            {value.map((sweep) => (
              <tr key={sweep.id}>
                <td>
                  <a href={sweepsHref(entity, project, sweep.id)}>{sweep.name}</a>
                </td>
                <td>
                  <StateWord state={sweep.state} />
                </td>
                <td>{sweep.method}</td>
                <td>{sweep.metric === null ? "–" : `${sweep.goal} ${sweep.metric}`}</td>
                <td class="number">{sweep.best === null ? "–" : formatValue(sweep.best)}</td>
                <td class="number">{runCount(sweep)}</td>
                <td>
                  <Age at={sweep.created} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </main>
  );
}

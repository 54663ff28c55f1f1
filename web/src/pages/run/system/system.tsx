/** What the machine of a run did meanwhile: charts of its devices over the time since the start. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { Nothing } from "../nothing.tsx";
import type { TabProps } from "../run_page.tsx";
import { chartsOf } from "./metrics.ts";
import { SharedTime } from "./shared_time.ts";
import { ChartOfSystem } from "./system_chart.tsx";
import "../../../styles/system.css";

export function System({ ws, run, contents }: TabProps): JSX.Element {
  const keys = contents.now.value?.system ?? null;
  // The same charts again while the run goes on, so that they rest.
  const names = JSON.stringify(keys ?? []);
  const charts = useMemo(() => chartsOf(JSON.parse(names)), [names]);
  const time = useMemo(() => new SharedTime(), [run.uid]);
  if (keys === null) {
    const error = contents.error.value;
    return error === null ? <main class="system-page" /> : <Nothing error={error} />;
  }
  if (charts.length === 0) {
    return (
      <Nothing title="Nothing is known of this run's machine">
        <p>
          The wandb client measures it while the script runs; its first values come after 15
          seconds.
        </p>
      </Nothing>
    );
  }
  const isZoomed = time.view.value !== null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
    <main class="system-page" tabIndex={0}>
      {isZoomed && (
        <button type="button" class="chip zoomed system-reset" onClick={() => time.reset()}>
          Show the whole time
        </button>
      )}
      <div class="system-charts">
        {charts.map((chart) => (
          <ChartOfSystem key={chart.title} {...{ ws, run, chart, time }} />
        ))}
      </div>
    </main>
  );
}

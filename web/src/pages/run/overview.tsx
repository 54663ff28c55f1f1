/** What is known of a run: config, summary, where and how it ran, its writers. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { FindField } from "./find_field.tsx";
import { AlertsCard, ReproduceCard, RequirementsCard } from "./overview_cards.tsx";
import {
  ConfigCard,
  EnvironmentCard,
  FactsCard,
  HardwareCard,
  SummaryCard,
  WritersCard,
} from "./run_cards.tsx";
import type { TabProps } from "./run_page.tsx";

export function Overview({ run, contents }: TabProps): JSX.Element {
  const [text, setText] = useState("");
  const hasFiles = (contents.now.value?.files ?? 0) > 0;
  useEffect(() => {
    if (hasFiles) contents.wantFiles();
  }, [contents, hasFiles]);
  return (
    <main class="overview">
      <div class="overview-column">
        <AlertsCard alerts={contents.now.value?.alerts ?? []} />
        <ConfigCard run={run} text={text} />
      </div>
      <div class="overview-column">
        <SummaryCard run={run} text={text} />
        <RequirementsCard contents={contents} text={text} />
      </div>
      <div class="overview-column">
        <FactsCard run={run} />
        <EnvironmentCard run={run} />
        <HardwareCard run={run} />
        <ReproduceCard run={run} contents={contents} />
        <WritersCard writers={run.writers} />
      </div>
      <FindField class="overview-filter" text={text} onText={setText} />
    </main>
  );
}

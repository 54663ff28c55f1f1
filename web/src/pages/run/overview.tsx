/** What is known of a run: config, summary, where and how it ran, its writers. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ConfigCard, EnvironmentCard, FactsCard, SummaryCard, WritersCard } from "./run_cards.tsx";
import type { TabProps } from "./run_page.tsx";

export function Overview({ run }: TabProps): JSX.Element {
  const [text, setText] = useState("");
  return (
    <main class="overview">
      <div class="overview-column">
        <ConfigCard run={run} text={text} />
      </div>
      <div class="overview-column">
        <SummaryCard run={run} text={text} />
      </div>
      <div class="overview-column">
        <FactsCard run={run} />
        <EnvironmentCard run={run} />
        <WritersCard writers={run.writers} />
      </div>
      <FindField class="overview-filter" text={text} onText={setText} />
    </main>
  );
}

interface FindProps {
  class: string;
  text: string;
  onText: (text: string) => void;
}

export function FindField({ class: className, text, onText }: FindProps): JSX.Element {
  return (
    <input
      type="search"
      class={className}
      placeholder="Find in config and summary"
      aria-label="Find in config and summary"
      value={text}
      onInput={(event) => onText(event.currentTarget.value)}
    />
  );
}

/** A field that narrows config, summary and packages to what contains a text. */
import type { JSX } from "preact";

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

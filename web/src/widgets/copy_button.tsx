/** A button that copies a text and says so. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

const SAID_MS = 1500;

interface CopyProps {
  text: string;
  label: string;
  /** What stands on the button. */
  said?: string;
}

export function CopyButton({ text, label, said = "Copy" }: CopyProps): JSX.Element {
  const [isDone, setDone] = useState(false);
  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), SAID_MS);
  }
  return (
    <button
      type="button"
      class="chip copy"
      aria-label={label}
      title={label}
      onClick={() => void copy()}
    >
      {isDone ? "Copied" : said}
    </button>
  );
}

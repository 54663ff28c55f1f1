/** A button that copies a text and says so. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

const SAID_MS = 1500;

export function CopyButton({ text, label }: { text: string; label: string }): JSX.Element {
  const [isDone, setDone] = useState(false);
  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), SAID_MS);
  }
  return (
    <button type="button" class="chip copy" aria-label={label} onClick={() => void copy()}>
      {isDone ? "Copied" : "Copy"}
    </button>
  );
}

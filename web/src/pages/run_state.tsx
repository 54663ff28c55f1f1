/** The state of a run as a shape and a colour, with its word for those who see neither. */
import type { JSX } from "preact";
import type { RunState } from "../data/wire.ts";

export const STATE_SHAPES: Record<string, { shape: string; word: string }> = {
  running: { shape: "M4 1.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z", word: "running" },
  finished: { shape: "M1.5 4.200l1.8 1.800L6.5 2.5", word: "finished" },
  failed: { shape: "M1.8 1.800l4.4 4.400M6.2 1.800L1.8 6.2", word: "failed" },
  crashed: { shape: "M4 1L7.3 6.800H.7Z", word: "crashed" },
  killed: { shape: "M1.5 1.500h5v5h-5Z", word: "killed" },
};

/** A dash, for states that this page does not know. */
export const UNKNOWN_SHAPE = "M1.5 4h5";

export function StateMark({ state }: { state: RunState }): JSX.Element {
  const known = STATE_SHAPES[state] ?? { shape: UNKNOWN_SHAPE, word: state };
  return (
    <span class={`state ${state}`} title={known.word}>
      <svg viewBox="0 0 8 8" width="8" height="8" aria-hidden="true">
        <path d={known.shape} />
      </svg>
      <span class="sr">{known.word}</span>
    </span>
  );
}

/** The state of a sweep and the number of its runs in words. */
import type { JSX } from "preact";
import { groupDigits } from "../../base/numbers.ts";
import type { Sweep, SweepState } from "../../data/sweeps.ts";

export function StateWord({ state }: { state: SweepState }): JSX.Element {
  return <span class={`sweep-state ${state.toLowerCase()}`}>{state.toLowerCase()}</span>;
}

/** "3 of 12", or how many there are where there is no end of them. */
export function runCount({ runs, expected }: Sweep): string {
  return expected === null ? groupDigits(runs) : `${groupDigits(runs)} of ${groupDigits(expected)}`;
}

/** A value of a parameter as people write it. */
export function valueText(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** How long ago something was, kept true while it is looked at; the exact time is in the title. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { formatMoment } from "../base/times.ts";

const now = signal(Date.now() / 1000);
setInterval(() => {
  if (!document.hidden) now.value = Date.now() / 1000;
}, 10_000);

const UNITS: readonly [number, string][] = [
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
];

export function ageText(seconds: number): string {
  for (const [size, unit] of UNITS) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
  }
  return "just now";
}

export function Age({ at }: { at: number }): JSX.Element {
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={formatMoment(at)}>
      {ageText(now.value - at)}
    </time>
  );
}

/** What happened to runs beside their values, by `POST /api/v1/events`. */
import { sendJson } from "./client.ts";

export type EventKind = "start" | "resume" | "end" | "alert" | "artifact";

export interface RunEvent {
  readonly kind: EventKind;
  /** Seconds since the epoch. */
  readonly time: number;
  readonly step: number | null;
  /** The place on the axis that was asked for; null: none. */
  readonly x: number | null;
  /** Of an alert; `name:v3` of an artifact; the state of an end; the number of a session. */
  readonly title: string;
  /** Of an alert; the type of an artifact. */
  readonly text?: string;
  readonly level?: string;
}

/** Events by run on an axis, as the server names it, in the order of time; `kinds` null: all. At most 1000 runs. */
export async function askEvents(
  runs: readonly string[],
  x: string,
  kinds: readonly EventKind[] | null,
): Promise<Record<string, readonly RunEvent[]>> {
  const body = { runs, x, kinds };
  const answer = await sendJson<{ runs: Record<string, readonly RunEvent[]> }>(
    "POST",
    "api/v1/events",
    body,
  );
  return answer.runs;
}

/** The change notices of one project (or of all), with reconnection and a polling fallback. */
import { address, getJson } from "./client.ts";
import type { ChangeNotice, Project } from "./wire.ts";

/** "connecting" until the first answer or failure. */
export type Liveness = "connecting" | "live" | "reconnecting" | "polling" | "paused";

export interface StreamEvents {
  onLiveness(liveness: Liveness): void;
  onChange(notice: ChangeNotice): void;
  /** The stream has begun, with a notice if the project has moved on from the version that was `seen`. */
  onBegin?(): void;
  /** Notices may have been missed (first connection without `seen`, reconnection, a tab shown again). */
  onCatchUp(): void;
}

/** Told the version of the server whenever a stream of it begins. */
let onVersion: (version: string) => void = () => undefined;

export function listenToVersion(listener: (version: string) => void): void {
  onVersion = listener;
}

const RETRY_MS = [500, 1000, 2000, 5000];
const POLL_MS = 5000;
/** Failures in a row after which the page polls beside trying to reconnect. */
const FAILURES_BEFORE_POLLING = 3;
/** A comment arrives every 15 s, but EventSource hides comments: a silent stream is judged by polls. */
const CHECK_MS = 30_000;

/**
 * Opens the stream and keeps it open until the returned function is called. A hidden tab holds no
 * connection; when it is shown again the page catches up once.
 *
 * `seen` is the version of the answers that the page has before it opens the stream; null: it has none.
 */
export function watchChanges(
  project: string | null,
  events: StreamEvents,
  seen: number | null = null,
): () => void {
  let source: EventSource | null = null;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let poller: ReturnType<typeof setInterval> | undefined;
  let polledVersion = -1;
  let closed = false;
  let since = seen;

  function connect(): void {
    clearTimeout(timer);
    source?.close();
    const isTold = since !== null;
    source = new EventSource(address("api/v1/stream", { project, seen: since }));
    since = null;
    source.addEventListener("hello", (event) => {
      const { version } = JSON.parse((event as MessageEvent<string>).data) as { version: string };
      onVersion(version);
      failures = 0;
      stopPolling();
      events.onLiveness("live");
      if (isTold) events.onBegin?.();
      else events.onCatchUp();
    });
    source.addEventListener("change", (event) => {
      events.onChange(JSON.parse((event as MessageEvent<string>).data) as ChangeNotice);
    });
    source.onerror = retry;
  }

  function retry(): void {
    source?.close();
    source = null;
    if (closed || document.hidden) return;
    failures += 1;
    events.onLiveness(poller === undefined ? "reconnecting" : "polling");
    if (failures >= FAILURES_BEFORE_POLLING) startPolling();
    timer = setTimeout(connect, RETRY_MS[Math.min(failures, RETRY_MS.length) - 1]);
  }

  function startPolling(): void {
    poller ??= setInterval(poll, POLL_MS);
  }

  function stopPolling(): void {
    clearInterval(poller);
    poller = undefined;
  }

  async function poll(): Promise<void> {
    try {
      const version = await currentVersion(project);
      if (closed || poller === undefined) return;
      events.onLiveness("polling");
      if (version !== polledVersion) events.onCatchUp();
      polledVersion = version;
    } catch {
      if (!closed) events.onLiveness("reconnecting");
    }
  }

  function onVisibility(): void {
    if (document.hidden) {
      clearTimeout(timer);
      stopPolling();
      source?.close();
      source = null;
      events.onLiveness("paused");
    } else if (source === null) {
      failures = 0;
      connect();
    }
  }

  // A laptop that slept leaves a stream that looks open and is dead: reopen it when time has jumped.
  let lastTick = Date.now();
  const ticker = setInterval(() => {
    const now = Date.now();
    if (now - lastTick > 2 * CHECK_MS && !document.hidden) connect();
    lastTick = now;
  }, CHECK_MS);

  document.addEventListener("visibilitychange", onVisibility);
  window.addEventListener("online", connect);
  if (document.hidden) events.onLiveness("paused");
  else connect();

  return () => {
    closed = true;
    clearTimeout(timer);
    clearInterval(ticker);
    stopPolling();
    source?.close();
    document.removeEventListener("visibilitychange", onVisibility);
    window.removeEventListener("online", connect);
  };
}

async function currentVersion(project: string | null): Promise<number> {
  if (project === null) {
    const { projects } = await getJson<{ projects: Project[] }>("api/v1/projects");
    return projects.reduce((sum, one) => sum + one.version, projects.length);
  }
  const path = project.split("/").map(encodeURIComponent).join("/");
  return (await getJson<Project>(`api/v1/projects/${path}`)).version;
}

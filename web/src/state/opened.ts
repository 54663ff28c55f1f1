/** The workspaces that are open: pages of one project that follow one another share theirs. */
import { signal } from "@preact/signals";
import type { Route } from "./route.ts";
import { Workspace } from "./workspace.ts";

interface Opened {
  ws: Workspace;
  users: number;
  closing: ReturnType<typeof setTimeout> | undefined;
}

/** A page that leaves and its successor that comes are this close together at most. */
const LINGER_MS = 500;

/** The project or run that the page is about; null: none. */
export const current = signal<Workspace | null>(null);

const opened = new Map<string, Opened>();

function nameOf(entity: string, project: string, run: string | null): string {
  return JSON.stringify([entity, project, run]);
}

/** The workspace of a project, or of one run's page; `keepWorkspace` makes it live. */
export function findWorkspace(entity: string, project: string, run: string | null): Workspace {
  const name = nameOf(entity, project, run);
  let found = opened.get(name);
  if (found === undefined) {
    found = { ws: new Workspace(entity, project, run), users: 0, closing: undefined };
    opened.set(name, found);
    closeSoon(name, found);
  }
  return found.ws;
}

/** Keeps a workspace reading and watching until the returned function is called. */
export function keepWorkspace(ws: Workspace): () => void {
  const name = nameOf(ws.entity, ws.project, ws.runId);
  const found = opened.get(name) ?? { ws, users: 0, closing: undefined };
  opened.set(name, found);
  clearTimeout(found.closing);
  found.users += 1;
  if (!ws.isStarted) ws.start();
  current.value = ws;
  return () => {
    found.users -= 1;
    if (found.users === 0 && current.peek() === ws) current.value = null;
    if (found.users === 0) closeSoon(name, found);
  };
}

/** How long a page waits at most for what stands in it, in milliseconds, before it shows its empty frame. */
const AHEAD_MS = 100;

/**
 * Begins to read what a workspace's page shows, before anything is rendered; null for other pages.
 *
 * The browser has asked for it while it read the script: a page that is rendered once it is there is rendered, laid
 * out and painted once, and not three times. Whoever renders the page at `ready` calls `leave` after it.
 */
export function readAhead(to: Route): { ready: Promise<void>; leave: () => void } | null {
  if (to.page !== "workspace") return null;
  const ws = findWorkspace(to.entity, to.project, null);
  const leave = keepWorkspace(ws);
  const patience = new Promise<void>((done) => setTimeout(done, AHEAD_MS));
  return { ready: Promise.race([ws.firstAnswers, patience]), leave };
}

function closeSoon(name: string, found: Opened): void {
  clearTimeout(found.closing);
  found.closing = setTimeout(() => {
    if (opened.get(name) === found) opened.delete(name);
    if (found.ws.isStarted) found.ws.stop();
  }, LINGER_MS);
}

/** The workspaces that are open: pages of one project that follow one another share theirs. */
import { signal } from "@preact/signals";
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

function closeSoon(name: string, found: Opened): void {
  clearTimeout(found.closing);
  found.closing = setTimeout(() => {
    if (opened.get(name) === found) opened.delete(name);
    if (found.ws.isStarted) found.ws.stop();
  }, LINGER_MS);
}

/** The JSON routes, one function each. */
import { getJson, sendJson } from "./client.ts";
import type {
  Column,
  Key,
  Logdir,
  Project,
  Run,
  RunDetail,
  RunPage,
  RunPatch,
  Viewer,
} from "./wire.ts";

export interface RunQuery {
  filter: string;
  sort: string;
  columns: readonly string[];
  list: "active" | "archived" | "trash";
  limit: number;
  cursor: string | null;
  /** The place of the first run, instead of a cursor. */
  offset: number;
  /** Names the columns whose values differ among the matched runs. */
  differs: boolean;
}

const part = encodeURIComponent;

/** `entity/project` as a path below api/v1/projects. */
export function projectPath(entity: string, project: string): string {
  return `api/v1/projects/${part(entity)}/${part(project)}`;
}

export function getViewer(): Promise<Viewer> {
  return getJson("api/v1/viewer");
}

export async function getProjects(signal?: AbortSignal): Promise<Project[]> {
  const answer = await getJson<{ projects: Project[] }>("api/v1/projects", {}, signal);
  return answer.projects;
}

/** The directories of event files that the server watches. */
export function getLogdirs(): Promise<{ logdirs: Logdir[] }> {
  return getJson("api/v1/logdirs");
}

/** Watches a directory in one of the two ways to show its sub-runs; answers the project that it is. */
export function openLogdir(path: string, fold: boolean): Promise<{ project: string }> {
  return sendJson("POST", "api/v1/logdirs", { path, fold });
}

export function getProject(entity: string, project: string): Promise<Project> {
  return getJson(projectPath(entity, project));
}

export function getRuns(
  entity: string,
  project: string,
  query: Partial<RunQuery>,
  signal?: AbortSignal,
): Promise<RunPage> {
  return getJson(
    `${projectPath(entity, project)}/runs`,
    {
      filter: query.filter,
      sort: query.sort,
      columns: query.columns?.join(","),
      state: query.list === "trash" ? "trashed" : undefined,
      archived: query.list === "archived" ? true : undefined,
      limit: query.limit,
      cursor: query.cursor,
      offset: query.offset || undefined,
      differs: query.differs || undefined,
    },
    signal,
  );
}

export function getKeys(
  entity: string,
  project: string,
  signal?: AbortSignal,
): Promise<{ keys: Key[]; version: number }> {
  return getJson(`${projectPath(entity, project)}/keys`, {}, signal);
}

export async function getColumns(entity: string, project: string): Promise<Column[]> {
  const answer = await getJson<{ columns: Column[] }>(`${projectPath(entity, project)}/columns`);
  return answer.columns;
}

export function getRun(
  entity: string,
  project: string,
  id: string,
  signal?: AbortSignal,
): Promise<RunDetail> {
  return getJson(`${projectPath(entity, project)}/runs/${part(id)}`, {}, signal);
}

export function patchRun(uid: string, patch: RunPatch): Promise<RunDetail> {
  return sendJson("PATCH", `api/v1/runs/${part(uid)}`, patch);
}

export function trashRun(uid: string): Promise<Run> {
  return sendJson("POST", `api/v1/runs/${part(uid)}/trash`);
}

export function restoreRun(uid: string): Promise<Run> {
  return sendJson("POST", `api/v1/runs/${part(uid)}/restore`);
}

export function deleteRunForEver(uid: string): Promise<{ deleted: string }> {
  return sendJson("DELETE", `api/v1/runs/${part(uid)}`);
}

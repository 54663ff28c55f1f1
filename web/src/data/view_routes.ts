/** The routes of saved views and of stored queries. */
import { projectPath } from "./api.ts";
import { getJson, sendJson } from "./client.ts";

/** A view that was saved under a name; `query` is an address's query without "?". */
export interface SavedView {
  id: string;
  entity: string;
  project: string;
  name: string;
  query: string;
  created: number;
  updated: number;
  owner: string | null;
}

const part = encodeURIComponent;

export async function getViews(entity: string, project: string): Promise<SavedView[]> {
  const answer = await getJson<{ views: SavedView[] }>(`${projectPath(entity, project)}/views`);
  return answer.views;
}

export function createView(
  entity: string,
  project: string,
  view: Pick<SavedView, "name" | "query">,
): Promise<SavedView> {
  return sendJson("POST", `${projectPath(entity, project)}/views`, view);
}

export function patchView(
  id: string,
  change: Partial<Pick<SavedView, "name" | "query">>,
): Promise<SavedView> {
  return sendJson("PATCH", `api/v1/views/${part(id)}`, change);
}

export function deleteView(id: string): Promise<{ deleted: string }> {
  return sendJson("DELETE", `api/v1/views/${part(id)}`);
}

export function restoreView(id: string): Promise<SavedView> {
  return sendJson("POST", `api/v1/views/${part(id)}/restore`);
}

/** Stores a query and answers the hash that stands for it in addresses. */
export async function storeQuery(query: string): Promise<string> {
  return (await sendJson<{ hash: string }>("POST", "api/v1/queries", { query })).hash;
}

export async function readStoredQuery(hash: string): Promise<string> {
  return (await getJson<{ query: string }>(`api/v1/queries/${part(hash)}`)).query;
}

/** Which page the address means, and moving between pages. */
import { signal } from "@preact/signals";

export type Route =
  | { page: "home" }
  | { page: "workspace"; entity: string; project: string }
  | { page: "run"; entity: string; project: string; run: string; tab: "charts" | "overview" }
  | { page: "unknown"; path: string };

/** The path of the server's base, ending with "/". */
function basePath(): string {
  return new URL(document.baseURI).pathname;
}

function parts(): string[] {
  const path = location.pathname;
  const base = basePath();
  const below = path.startsWith(base) ? path.slice(base.length) : path.slice(1);
  return below.split("/").filter(Boolean).map(decodePart);
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function readRoute(): Route {
  const [entity, project, section, run, tab, ...rest] = parts();
  if (entity === undefined) return { page: "home" };
  if (project !== undefined && rest.length === 0) {
    if (section === undefined || (section === "workspace" && run === undefined)) {
      return { page: "workspace", entity, project };
    }
    if (section === "runs" && run !== undefined) {
      if (tab === undefined || tab === "overview" || tab === "charts") {
        return { page: "run", entity, project, run, tab: tab ?? "charts" };
      }
    }
  }
  return { page: "unknown", path: location.pathname };
}

export const route = signal<Route>({ page: "home" });
/** The query as the browser has it after navigation (not after `replaceQuery`). */
export const arrivedQuery = signal({ query: "" });

const part = encodeURIComponent;

export function homeHref(): string {
  return basePath();
}

export function projectHref(entity: string, project: string): string {
  return `${basePath()}${part(entity)}/${part(project)}`;
}

export function runHref(
  entity: string,
  project: string,
  run: string,
  tab: "charts" | "overview" = "charts",
): string {
  const path = `${projectHref(entity, project)}/runs/${part(run)}`;
  return tab === "charts" ? path : `${path}/${tab}`;
}

function arrive(): void {
  route.value = readRoute();
  arrivedQuery.value = { query: location.search };
}

export function navigate(href: string): void {
  history.pushState(null, "", href);
  arrive();
  window.scrollTo(0, 0);
}

/** Makes the address say the view; `push` for what the back button should undo. */
export function writeQuery(query: string, push: boolean): void {
  if (query === location.search) return;
  const href = location.pathname + query;
  if (push) history.pushState(null, "", href);
  else history.replaceState(history.state, "", href);
}

function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest?.("a[href]") as HTMLAnchorElement | null;
  if (!link || link.target || link.origin !== location.origin || link.hasAttribute("download")) {
    return;
  }
  if (!link.pathname.startsWith(basePath())) return;
  event.preventDefault();
  navigate(link.href);
}

/** Follows links and the back button inside the page. */
export function startRouting(): void {
  addEventListener("popstate", arrive);
  document.addEventListener("click", onClick);
  arrive();
}

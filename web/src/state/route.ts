/** Which page the address means, and moving between pages. */
import { batch, signal } from "@preact/signals";
import { AddressWriter } from "./address_writer.ts";

export const RUN_TABS = [
  "charts",
  "overview",
  "logs",
  "system",
  "files",
  "code",
  "artifacts",
] as const;
export type RunTab = (typeof RUN_TABS)[number];
/** Tabs whose address goes on with the path of a file. */
const TABS_OF_FILES: readonly RunTab[] = ["files", "code"];

export type Route =
  | { page: "home" }
  /** `view` is the id of a saved view. */
  | { page: "workspace"; entity: string; project: string; view: string | null }
  | { page: "table"; entity: string; project: string }
  | { page: "hparams"; entity: string; project: string }
  /** Which runs, the query says: `comparedIds`. */
  | { page: "compare"; entity: string; project: string }
  /** `file` is the path of one that is looked at; "" for none. */
  | { page: "run"; entity: string; project: string; run: string; tab: RunTab; file: string }
  /** `path` is what follows: type, name, version, and what of it is looked at. */
  | { page: "artifacts"; entity: string; project: string; path: readonly string[] }
  /** `sweep` is "" for all of a project. */
  | { page: "sweeps"; entity: string; project: string; sweep: string }
  | { page: "unknown"; path: string };

/** The entity whose projects are directories of event files. */
export const LOGDIRS = "logdir";

/** First part of the path of a page without its frame, for notebooks and reports. */
const EMBED = "embed";

/** The path of the server's base, ending with "/". */
function basePath(): string {
  return new URL(document.baseURI).pathname;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The page that a path below the base means, and whether it is shown without its frame. */
export function readPath(path: string): { route: Route; isEmbedded: boolean } {
  const parts = path.split("/").filter(Boolean).map(decodePart);
  const isEmbedded = parts[0] === EMBED && parts.length > 1;
  return { route: routeOf(isEmbedded ? parts.slice(1) : parts, path), isEmbedded };
}

function routeOf(parts: readonly string[], path: string): Route {
  const [entity, project, section, name, tab, ...rest] = parts;
  if (entity === undefined) return { page: "home" };
  const unknown: Route = { page: "unknown", path: `/${path}` };
  if (project === undefined) return unknown;
  if (section === "runs" && name !== undefined) {
    const found = RUN_TABS.find((one) => one === (tab ?? "charts"));
    if (found === undefined) return unknown;
    if (rest.length > 0 && !TABS_OF_FILES.includes(found)) return unknown;
    return { page: "run", entity, project, run: name, tab: found, file: rest.join("/") };
  }
  if (section === "artifacts") {
    return { page: "artifacts", entity, project, path: parts.slice(3) };
  }
  if (tab !== undefined) return unknown;
  if (section === "sweeps") return { page: "sweeps", entity, project, sweep: name ?? "" };
  if (section === "w" && name !== undefined) {
    return { page: "workspace", entity, project, view: name };
  }
  if (name !== undefined) return unknown;
  if (section === "table" || section === "hparams" || section === "compare")
    return { page: section, entity, project };
  if (section === undefined || section === "workspace") {
    return { page: "workspace", entity, project, view: null };
  }
  return unknown;
}

export const route = signal<Route>({ page: "home" });
/** Whether the page is shown without its frame. */
export const isEmbedded = signal(false);

/** How the reader came to the address: by a link, by the back button, by loading the page again. */
export interface Arrival {
  /** As in `location.search`. */
  query: string;
  /** The page itself wrote this address: it says the whole view, though it may be empty. */
  isExact: boolean;
}

/** The query as the browser has it after navigation (not after `writeQuery`). */
export const arrival = signal<Arrival>({ query: "", isExact: false });

const part = encodeURIComponent;

export function homeHref(): string {
  return basePath();
}

export function projectHref(entity: string, project: string): string {
  return `${basePath()}${part(entity)}/${part(project)}`;
}

export function tableHref(entity: string, project: string): string {
  return `${projectHref(entity, project)}/table`;
}

export function hparamsHref(entity: string, project: string): string {
  return `${projectHref(entity, project)}/hparams`;
}

/** The page on which runs, by their ids, stand beside one another, the baseline first. */
export function compareHref(entity: string, project: string, ids: readonly string[]): string {
  return `${projectHref(entity, project)}/compare?runs=${ids.map(part).join(",")}`;
}

/** The ids of runs in the query of such a page, each once, in its order. */
export function comparedIds(query: string): string[] {
  const found = /[?&]runs=([^&]*)/.exec(query)?.[1] ?? "";
  return [...new Set(found.split(",").filter(Boolean).map(decodePart))];
}

/** A page of artifacts; without a path, that of all of a project. */
export function artifactsHref(
  entity: string,
  project: string,
  path: readonly string[] = [],
): string {
  return [projectHref(entity, project), "artifacts", ...path.map(part)].join("/");
}

/** The page of a sweep; without one, that of all of a project. */
export function sweepsHref(entity: string, project: string, sweep = ""): string {
  const all = `${projectHref(entity, project)}/sweeps`;
  return sweep === "" ? all : `${all}/${part(sweep)}`;
}

export function viewHref(entity: string, project: string, view: string): string {
  return `${projectHref(entity, project)}/w/${part(view)}`;
}

export function runHref(
  entity: string,
  project: string,
  run: string,
  tab: RunTab = "charts",
  file = "",
): string {
  const path = `${projectHref(entity, project)}/runs/${part(run)}`;
  if (tab === "charts") return path;
  return [path, tab, ...file.split("/").filter(Boolean).map(part)].join("/");
}

/** The same page without its frame. */
export function embedHref(href: string): string {
  const base = basePath();
  return `${base}${EMBED}/${href.slice(base.length)}`;
}

/** What is remembered with an entry of the browser's history that the page has written. */
const EXACT = { exact: true };

function arrive(): void {
  bar.cancel();
  const base = basePath();
  const path = location.pathname;
  const read = readPath(path.startsWith(base) ? path.slice(base.length) : path.slice(1));
  batch(() => {
    route.value = read.route;
    isEmbedded.value = read.isEmbedded;
    const isExact = (history.state as { exact?: boolean } | null)?.exact === true;
    arrival.value = { query: location.search, isExact };
  });
}

export function navigate(href: string): void {
  bar.flush();
  history.pushState(null, "", href);
  arrive();
  window.scrollTo(0, 0);
}

const bar = new AddressWriter({
  replace: (href) => history.replaceState(EXACT, "", href),
  push: (href) => history.pushState(EXACT, "", href),
  isAt: (href) => new URL(href, location.href).href === location.href,
});

/** Makes the address say the view; `push` for what the back button should undo. */
export function writeAddress(path: string, query: string, push: boolean): void {
  const to = route.peek();
  // On the pages of a run's files and lines what follows "#" is a line of them.
  const line = to.page === "run" && path === location.pathname ? location.hash : "";
  bar.write(path + query + line, push);
}

/** Makes the address name a line of what the page shows; "" for none. */
export function writeLine(hash: string): void {
  bar.flush();
  history.replaceState(history.state, "", location.pathname + location.search + hash);
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
  // Who follows a link of a chart in a notebook wants the page, and the notebook stays as it is.
  if (isEmbedded.peek()) window.open(link.href, "_blank", "noopener");
  else navigate(link.href);
}

/** Where a page that is left notes the address that it was too late to reload from, with the one it had till then. */
const LATE_ADDRESS = "epochal.late-address";

/** Writes what still waits; a reload has taken the address before it, so the next page is told. */
function leave(): void {
  const before = location.href;
  bar.flush();
  if (location.href === before) return;
  try {
    sessionStorage.setItem(LATE_ADDRESS, JSON.stringify([before, location.href]));
  } catch {
    // No storage: the reloaded page shows the view of a moment before.
  }
}

function takeLateAddress(): void {
  try {
    const noted = sessionStorage.getItem(LATE_ADDRESS);
    sessionStorage.removeItem(LATE_ADDRESS);
    const [before, after] = JSON.parse(noted ?? "[]") as string[];
    if (after !== undefined && before === location.href) history.replaceState(EXACT, "", after);
  } catch {
    // No storage, or not ours.
  }
}

/** Follows links and the back button inside the page. */
export function startRouting(): void {
  takeLateAddress();
  addEventListener("popstate", arrive);
  addEventListener("pagehide", leave);
  document.addEventListener("click", onClick);
  arrive();
}

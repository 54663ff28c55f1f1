/** What the palette offers, and what was picked of it lately. */

import { keep, kept } from "../base/kept.ts";
import { PALETTE_NAMES } from "../base/palette.ts";
import { getProjects, getRuns } from "../data/api.ts";
import type { Project, Run } from "../data/wire.ts";
import { stepMetric } from "./default_axis.ts";
import { hasHparams } from "./hparam_axes.ts";
import {
  areSingleKeysOn,
  boundKeys,
  type KeyId,
  keyInfo,
  pressKey,
  setSingleKeys,
} from "./keys.ts";
import {
  homeHref,
  hparamsHref,
  navigate,
  projectHref,
  route,
  runHref,
  tableHref,
} from "./route.ts";
import { setPalette, setTheme, type ThemeChoice } from "./theme.ts";
import { encodeView, type View } from "./view.ts";
import { openView, readViews, viewsOf } from "./views.ts";
import type { Workspace } from "./workspace.ts";

export type EntryKind = "action" | "chart" | "run" | "column" | "view" | "page" | "setting";

export const KIND_WORDS: Readonly<Record<EntryKind, string>> = {
  action: "Action",
  chart: "Chart",
  run: "Run",
  column: "Column",
  view: "View",
  page: "Page",
  setting: "Setting",
};

export interface Entry {
  /** Unique, and the same the next time. */
  id: string;
  kind: EntryKind;
  title: string;
  /** What else is known of it, in grey. */
  detail?: string;
  key?: KeyId;
  run: () => unknown;
}

/** Keys that mean nothing to pick: they are about the palette itself, or about where one is. */
const NOT_OFFERED: readonly KeyId[] = ["palette", "back", "previous", "next"];

function actions(): Entry[] {
  return boundKeys
    .peek()
    .filter((id) => !NOT_OFFERED.includes(id))
    .map((id) => ({
      id: `action:${id}`,
      kind: "action",
      title: keyInfo(id).label,
      key: id,
      run: () => pressKey(id),
    }));
}

function pages(ws: Workspace | null, projects: readonly Project[]): Entry[] {
  const page = (id: string, title: string, href: string): Entry => ({
    id: `page:${id}`,
    kind: "page",
    title,
    run: () => navigate(href),
  });
  const found = [page("home", "All projects", homeHref())];
  if (ws !== null) {
    const { entity, project, path } = ws;
    found.push(page(`${path}/`, `Workspace of ${project}`, projectHref(entity, project)));
    found.push(page(`${path}/table`, `Table of ${project}`, tableHref(entity, project)));
    if (hasHparams(ws.columns.peek())) {
      const title = `Hyperparameters of ${project}`;
      found.push(page(`${path}/hparams`, title, hparamsHref(entity, project)));
    }
  }
  for (const { entity, name } of projects) {
    if (`${entity}/${name}` === ws?.path) continue;
    const title = entity === "local" ? `Project ${name}` : `Project ${entity}/${name}`;
    found.push(page(`${entity}/${name}/`, title, projectHref(entity, name)));
  }
  return found;
}

const THEMES: readonly ThemeChoice[] = ["system", "light", "dark"];

function pageSettings(): Entry[] {
  const isOn = areSingleKeysOn.peek();
  return [
    ...THEMES.map(
      (theme): Entry => ({
        id: `setting:theme:${theme}`,
        kind: "setting",
        title: `Theme: ${theme === "system" ? "as the system" : theme}`,
        run: () => setTheme(theme),
      }),
    ),
    ...PALETTE_NAMES.map(
      (name): Entry => ({
        id: `setting:palette:${name}`,
        kind: "setting",
        title: `Palette of the runs: ${name}`,
        run: () => setPalette(name),
      }),
    ),
    {
      id: "setting:keys",
      kind: "setting",
      title: `Single keys as shortcuts: ${isOn ? "off" : "on"}`,
      run: () => setSingleKeys(!isOn),
    },
  ];
}

function viewSettings(ws: Workspace): Entry[] {
  const set = (id: string, title: string, change: Partial<View>): Entry => ({
    id: `setting:${id}`,
    kind: "setting",
    title,
    run: () => ("x" in change ? ws.setAxis(change.x!) : ws.set(change)),
  });
  const keys = ws.chartKeys.peek();
  const declared = new Set(keys.map(stepMetric).filter((x) => x !== null));
  return [
    set("x:step", "X axis: step", { x: keys.some((key) => key.x !== null) ? "step" : "" }),
    set("x:rel", "X axis: relative time", { x: "rel" }),
    set("x:wall", "X axis: wall time", { x: "wall" }),
    ...[...declared].map((x) => set(`x:${x}`, `X axis: ${x}`, { x })),
    set("xlog", "Logarithmic x axes", { xlog: true }),
    set("xlin", "Linear x axes", { xlog: false }),
    set("ylin", "Linear y axes", { ylog: false }),
    ...[0.6, 0.9, 0.99].map((weight) =>
      set(`sm:${weight}`, `Smoothing: ${weight}`, { smooth: { kind: "ema", weight } }),
    ),
    set("out:auto", "Outliers: as they call for it", { outliers: "auto" }),
    set("out:all", "Outliers: show all", { outliers: "all" }),
    set("out:p1", "Outliers: leave out the outer 1 %", { outliers: "p1" }),
    set("out:p5", "Outliers: leave out the outer 5 %", { outliers: "p5" }),
    set("d:comfortable", "Size of the charts: large", { density: "comfortable" }),
    set("d:compact", "Size of the charts: small", { density: "compact" }),
    set("d:sparkline", "Size of the charts: tiny", { density: "sparkline" }),
  ];
}

function charts(ws: Workspace): Entry[] {
  return ws.chartKeys.peek().map((key) => ({
    id: `chart:${ws.path}:${key.name}`,
    kind: "chart",
    title: key.name,
    run: () => openChart(ws, key.name),
  }));
}

function openChart(ws: Workspace, key: string): void {
  if (route.peek().page === "table") {
    const query = encodeView({ ...ws.view.peek(), full: key });
    navigate(projectHref(ws.entity, ws.project) + query);
  } else ws.setFull(key);
}

export function runEntry(run: Run): Entry {
  return {
    id: `run:${run.uid}`,
    kind: "run",
    title: run.name,
    detail: run.id === run.name ? run.state : `${run.id} · ${run.state}`,
    run: () => navigate(runHref(run.entity, run.project, run.id)),
  };
}

function runs(ws: Workspace): Entry[] {
  const known = [...ws.known.peek().values()].filter((run) => !run.trashed);
  return known.sort((a, b) => b.created - a.created).map(runEntry);
}

/** Beyond this many columns, the rarest are not offered for grouping and colouring. */
const MOST_COLUMNS = 2000;

function columns(ws: Workspace): Entry[] {
  if (ws.runId !== null) return [];
  const names = ws.columns.peek().slice(0, MOST_COLUMNS);
  return names.flatMap(({ name }): Entry[] => [
    {
      id: `group:${name}`,
      kind: "column",
      title: `Group by ${name}`,
      run: () => ws.set({ g: [name] }),
    },
    {
      id: `colour:${name}`,
      kind: "column",
      title: `Colour by ${name}`,
      run: () => ws.set({ color: `by:${name}` }),
    },
    {
      id: `sort:${name}`,
      kind: "column",
      title: `Sort by ${name}`,
      run: () => ws.set({ sort: name }),
    },
  ]);
}

function views(ws: Workspace): Entry[] {
  if (ws.runId !== null) return [];
  const open = [null, ...(viewsOf(ws) ?? [])];
  return open.map((view) => ({
    id: `view:${ws.path}:${view?.id ?? ""}`,
    kind: "view",
    title: `View: ${view?.name ?? "Default"}`,
    run: () => openView(ws, view),
  }));
}

/** Everything that is known without asking the server. */
export function entriesOf(ws: Workspace | null, projects: readonly Project[]): Entry[] {
  return [
    ...actions(),
    ...(ws === null ? [] : [...views(ws), ...viewSettings(ws)]),
    ...pageSettings(),
    ...pages(ws, projects),
    ...(ws === null ? [] : [...charts(ws), ...runs(ws), ...columns(ws)]),
  ];
}

/** What has to be asked for when the palette opens: projects and saved views. */
export async function readOffers(ws: Workspace | null): Promise<Project[]> {
  const asked = ws === null || ws.runId !== null ? Promise.resolve() : readViews(ws);
  const [projects] = await Promise.all([getProjects().catch(() => []), asked]);
  return projects;
}

const FOUND_RUNS = 20;

/** Runs by name, tag, notes or id among all of the project, beyond those that the page has read. */
export async function findRuns(ws: Workspace, text: string, signal: AbortSignal): Promise<Entry[]> {
  const filter = text
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => JSON.stringify(word))
    .join(" ");
  const page = await getRuns(ws.entity, ws.project, { filter, limit: FOUND_RUNS }, signal);
  return page.runs.map(runEntry);
}

// ---- what was picked lately

const RECENT = "epochal.palette.recent";
const MOST_RECENT = 20;

export function recentIds(): string[] {
  try {
    const found: unknown = JSON.parse(kept(RECENT) ?? "[]");
    return Array.isArray(found) ? found.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

export function rememberPick(id: string): void {
  const ids = [id, ...recentIds().filter((one) => one !== id)].slice(0, MOST_RECENT);
  keep(RECENT, JSON.stringify(ids));
}

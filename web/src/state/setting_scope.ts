/** Where a setting is changed: for the page, for a section or for one panel. */
import { setPanel, setSection } from "./panel_settings.ts";
import {
  DEFAULT_SETTINGS,
  type Overrides,
  type PanelSettings,
  SETTING_NAMES,
  type Smoothing,
} from "./settings.ts";
import type { Workspace } from "./workspace.ts";

export type Scope =
  | { readonly kind: "page" }
  | { readonly kind: "section"; readonly id: string }
  | { readonly kind: "panel"; readonly key: string };

export const PAGE: Scope = { kind: "page" };

/** What the scope itself changes; of the page: what is not as by default. */
export function ownSettings(ws: Workspace, scope: Scope): Overrides {
  const view = ws.view.value;
  if (scope.kind === "section") return view.sections[scope.id] ?? {};
  if (scope.kind === "panel") return view.panels[scope.key] ?? {};
  const changed = SETTING_NAMES.filter((name) => !isSame(view[name], DEFAULT_SETTINGS[name]));
  return Object.fromEntries(changed.map((name) => [name, view[name]]));
}

/** What would hold in the scope if it changed nothing itself. */
export function inheritedSettings(ws: Workspace, scope: Scope): PanelSettings {
  const view = ws.view.value;
  if (scope.kind === "page") return DEFAULT_SETTINGS;
  if (scope.kind === "section") return view;
  const home = ws.homes.value.get(scope.key);
  return { ...view, ...(home === undefined ? {} : view.sections[home]) };
}

export function settingsIn(ws: Workspace, scope: Scope): PanelSettings {
  return { ...inheritedSettings(ws, scope), ...ownSettings(ws, scope) };
}

/**
 * Changes a setting; undefined takes the change back. What is then as it would be anyway is no change of
 * its own, so a section follows the page again when it is set to what the page has.
 */
export function changeSetting<K extends keyof PanelSettings>(
  ws: Workspace,
  scope: Scope,
  name: K,
  value: PanelSettings[K] | undefined,
): void {
  const inherited = inheritedSettings(ws, scope)[name];
  if (scope.kind === "page") {
    const next = value === undefined ? inherited : value;
    if (name === "x") ws.setAxis(next as string);
    else ws.set({ [name]: next });
    return;
  }
  const change = value !== undefined && isSame(value, inherited) ? undefined : value;
  if (scope.kind === "section") setSection(ws, scope.id, name, change);
  else setPanel(ws, scope.key, name, change);
}

/** Whether two values of a setting are the same; smoothings are compared by what they hold. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

// ---- smoothing, as it is read and turned up and down

export const SMOOTHING_NAMES: Readonly<Record<Smoothing["kind"], string>> = {
  ema: "EMA",
  time: "time EMA",
  gaussian: "Gaussian",
  mean: "mean",
};

/** `0.6 EMA`, `σ 20 Gaussian`, `mean of 10`, `none`. */
export function smoothingText(smooth: Smoothing | null): string {
  if (smooth === null) return "none";
  if (smooth.kind === "gaussian") return `σ ${smooth.sigma} Gaussian`;
  if (smooth.kind === "mean") return `mean of ${smooth.window}`;
  return `${smooth.weight} ${SMOOTHING_NAMES[smooth.kind]}`;
}

const STEP = 0.05;
const HEAVIEST = 0.95;
/** What a Gaussian and a running mean are multiplied and divided by in a step. */
const FACTOR = 1.5;

/** One step more (or, with -1, less) smoothing; from none it begins with an EMA of 0.05. */
export function turnSmoothing(smooth: Smoothing | null, by: 1 | -1): Smoothing | null {
  if (smooth === null) return by < 0 ? null : { kind: "ema", weight: STEP };
  if (smooth.kind === "gaussian") {
    return { kind: "gaussian", sigma: Number((smooth.sigma * FACTOR ** by).toPrecision(2)) };
  }
  if (smooth.kind === "mean") {
    const window = Math.round(smooth.window * FACTOR ** by);
    return window < 2 ? null : { kind: "mean", window: window + Number(window === smooth.window) };
  }
  const weight = Number((smooth.weight + by * STEP).toFixed(3));
  if (weight <= 0) return null;
  return {
    kind: smooth.kind,
    weight: Math.max(smooth.weight, HEAVIEST) < weight ? smooth.weight : weight,
  };
}

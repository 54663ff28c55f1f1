/**
 * How a line panel draws, and how settings fall from the page to a section to a panel.
 *
 * The page has a value for every setting; a section and a panel hold only what they change.
 */
import type { Outliers, Restarts } from "../plots/plot_types.ts";
import type { Smoothing } from "../plots/smooth.ts";

export type { Outliers, Restarts, Smoothing };
export type Center = "mean" | "median" | "min" | "max";
export type Band = "std" | "se" | "ci" | "minmax" | "iqr" | "none";
/** Of the rows of a tooltip: nearest to the pointer, highest, lowest, or first by name at the top. */
export type TipOrder = "near" | "high" | "low" | "name";

export interface PanelSettings {
  /** "" (step, or the step metric that a key declares), "step", "rel", "wall" or a key. */
  readonly x: string;
  readonly xlog: boolean;
  readonly ylog: boolean;
  readonly smooth: Smoothing | null;
  readonly outliers: Outliers;
  readonly restarts: Restarts;
  readonly tip: TipOrder;
  /** Of groups: the line in the middle, what is shaded around it, and whether their runs show faintly. */
  readonly center: Center;
  readonly band: Band;
  readonly members: boolean;
}

export type Overrides = Readonly<Partial<PanelSettings>>;

export const DEFAULT_SETTINGS: PanelSettings = {
  x: "",
  xlog: false,
  ylog: false,
  smooth: null,
  outliers: "all",
  restarts: "joined",
  tip: "near",
  center: "mean",
  band: "std",
  members: true,
};

export const SETTING_NAMES = Object.keys(DEFAULT_SETTINGS) as (keyof PanelSettings)[];

/** What holds for a panel: the page's settings, what its section changes, what it changes itself. */
export function cascade(
  page: PanelSettings,
  section: Overrides | undefined,
  panel: Overrides | undefined,
): PanelSettings {
  const held = section || panel ? { ...page, ...section, ...panel } : page;
  // The logarithm of a date says nothing.
  return held.x === "wall" && held.xlog ? { ...held, xlog: false } : held;
}

/** `overrides` with one setting changed; undefined takes the change back. */
export function override<K extends keyof PanelSettings>(
  overrides: Overrides | undefined,
  name: K,
  value: PanelSettings[K] | undefined,
): Overrides {
  const { [name]: _, ...others } = overrides ?? {};
  return value === undefined ? others : { ...others, [name]: value };
}

// ---- their spelling in the address

interface Codec<T> {
  /** The name in the address. */
  readonly name: string;
  readonly write: (value: T) => string;
  /** undefined: it cannot be read. */
  readonly read: (text: string) => T | undefined;
}

function word<T extends string>(name: string, words: readonly T[]): Codec<T> {
  return { name, write: (value) => value, read: (text) => words.find((one) => one === text) };
}

function flag(name: string): Codec<boolean> {
  return {
    name,
    write: (value) => (value ? "1" : "0"),
    read: (text) => ({ "1": true, "0": false })[text],
  };
}

const CODECS: { readonly [K in keyof PanelSettings]: Codec<PanelSettings[K]> } = {
  x: { name: "x", write: (value) => value, read: (text) => text },
  xlog: flag("xlog"),
  ylog: flag("ylog"),
  smooth: { name: "sm", write: writeSmoothing, read: readSmoothing },
  outliers: word("out", ["auto", "all", "p1", "p5"]),
  restarts: word("rs", ["joined", "split", "newest", "sorted"]),
  tip: word("tip", ["near", "high", "low", "name"]),
  center: word("agg", ["mean", "median", "min", "max"]),
  band: word("band", ["std", "se", "ci", "minmax", "iqr", "none"]),
  members: flag("members"),
};

/** Name and value, unencoded, of each setting in `settings` that differs from the defaults (or of each, with `all`). */
export function writeSettings(settings: Overrides, all: boolean): [name: string, value: string][] {
  const parts: [string, string][] = [];
  for (const key of SETTING_NAMES) {
    const value = settings[key];
    if (value === undefined) continue;
    const codec = CODECS[key] as Codec<unknown>;
    const text = codec.write(value);
    if (all || text !== codec.write(DEFAULT_SETTINGS[key])) parts.push([codec.name, text]);
  }
  return parts;
}

/** The settings among named texts; what cannot be read is left out. */
export function readSettings(texts: ReadonlyMap<string, string>): Overrides {
  const found: Record<string, unknown> = {};
  for (const key of SETTING_NAMES) {
    const codec = CODECS[key] as Codec<unknown>;
    const text = texts.get(codec.name);
    const value = text === undefined ? undefined : codec.read(text);
    if (value !== undefined) found[key] = value;
  }
  return found as Overrides;
}

export function writeSmoothing(smooth: Smoothing | null): string {
  if (smooth === null) return "none";
  switch (smooth.kind) {
    case "ema":
    case "time":
      return `${smooth.kind}:${smooth.weight}`;
    case "gaussian":
      return `gaussian:${smooth.sigma}`;
    case "mean":
      return `mean:${smooth.window}`;
  }
}

export function readSmoothing(text: string): Smoothing | null | undefined {
  if (text === "none") return null;
  const [kind, amount = ""] = text.split(":");
  const value = amount === "" ? Number.NaN : Number(amount);
  if ((kind === "ema" || kind === "time") && value >= 0 && value < 1)
    return { kind, weight: value };
  if (kind === "gaussian" && value > 0 && value < Number.POSITIVE_INFINITY) {
    return { kind, sigma: value };
  }
  if (kind === "mean" && Number.isInteger(value) && value >= 2) return { kind, window: value };
  return undefined;
}

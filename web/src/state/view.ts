/** The view of a workspace and its spelling in the address: short, stable order, defaults left out. */
import {
  DEFAULT_SETTINGS,
  type Overrides,
  type PanelSettings,
  readSettings,
  writeSettings,
} from "./settings.ts";

/** Part of an x axis; `axis` is the one that the range is measured on ("" for the default). */
export interface XRange {
  lo: number;
  hi: number;
  axis: string;
}

/** What somebody wrote at a position of an axis ("" for the default). */
export interface Note {
  readonly x: number;
  readonly axis: string;
  readonly text: string;
}

/** Flags for what happened to runs: "auto" leaves sessions and artifacts out where many runs are shown. */
export type EventsShown = "auto" | "on" | "off";

/** A step marked by a click in a chart, or two that bound a range, on an axis ("" for the default). */
export interface Marks {
  axis: string;
  /** One position, or two in ascending order. */
  at: readonly number[];
}

export type Show = "newest" | "top" | "all" | "latest" | "latest10" | "running" | "pinned";
const SHOWS: readonly Show[] = ["top", "all", "latest", "latest10", "running", "pinned"];
export type Density = "comfortable" | "compact" | "sparkline";

/** The page's settings of line panels are part of the view; sections and panels hold what they change. */
export interface View extends PanelSettings {
  /** Run filter, in the server's language. */
  q: string;
  list: "active" | "archived" | "trash";
  /** Which runs are drawn: the newest 20 of the matching, the top of the list, all, the newest 1 or 10, ... */
  show: Show;
  /** Run ids that are drawn, and no others; null: as `show` says. */
  only: readonly string[] | null;
  hide: readonly string[];
  /** Ids of pinned runs: they lead the list. */
  rpin: readonly string[];
  /** Id of the run that others are compared with; "" for none. */
  base: string;
  /** Columns by which runs are grouped, outermost first; at most four. */
  g: readonly string[];
  /** Groups that are not drawn, each as the JSON of its path. */
  ghide: readonly string[];
  /** Slots of the palette that were chosen for groups, by group as in `ghide`. */
  gslots: Readonly<Record<string, number>>;
  /** "" (each run its own, in groups that of its group), "run", "group", "by:<column>" or "re:<regular expression>". */
  color: string;
  /** Keys of pinned panels. */
  pin: readonly string[];
  xr: XRange | null;
  /** Charts that are zoomed by themselves, by key, with what each shows; null: all of its x axis. */
  own: Readonly<Record<string, XRange | null>>;
  /** Sections whose charts share one y axis. */
  samey: readonly string[];
  /** Parts of y axes, by key. */
  yr: Readonly<Record<string, readonly [number, number]>>;
  marks: Marks | null;
  events: EventsShown;
  notes: readonly Note[];
  /** What sections and panels change, by section id and by key. */
  sections: Readonly<Record<string, Overrides>>;
  panels: Readonly<Record<string, Overrides>>;
  /** How panels of media draw, by panel: what their kind knows to say, in its own words. */
  options: Readonly<Record<string, PanelOptions>>;
  /** Keys drawn in the panel of another key. */
  merged: Readonly<Record<string, readonly string[]>>;
  /** Keys whose panels are hidden. */
  off: readonly string[];
  /** Panels that stand elsewhere than they would by themselves, each placed after those before it. */
  moved: readonly Move[];
  /** Sizes of panels, by panel, in columns and rows of the grid. */
  size: Readonly<Record<string, PanelSize>>;
  /** Sections whose charts have another size than those of the page. */
  grids: Readonly<Record<string, SectionGrid>>;
  /**
   * What of a key names its section: "" its first part, "last" all but its last part, "two" its first two parts, "none"
   * nothing (all are in one), or "re:<regular expression>" what that captures.
   */
  sectionsBy: string;
  /** The sections of a manual workspace in their order; null: they follow from the keys. */
  manual: readonly ManualSection[] | null;
  tags: string;
  /** The kind of the panels that are shown ("line", "image", ...); "" for all. */
  kind: string;
  density: Density;
  /** Columns beside the names of the runs; null: those that suggest themselves. */
  cols: readonly string[] | null;
  /** The key whose line stands in small in each row; "" for none, null: that of the first pinned line panel. */
  spark: string | null;
  sort: string;
  /** Sections that lead the others, in this order. */
  spin: readonly string[];
  /** Sections that are not as they come: closed ones that open, and open ones that close. */
  fold: readonly string[];
  full: string | null;
  /** Columns of the runs table; null: those that suggest themselves. */
  tcols: readonly string[] | null;
  /** The last of the table's columns that stay in sight beside the names; "" for none. */
  freeze: string;
  /** The runs table shows only columns whose values differ. */
  differs: boolean;
  /** Axes of the hyperparameters page (state/hparam_axes.ts); null: those that suggest themselves. */
  axes: readonly string[] | null;
  /** The column that colours the lines there; "" for the first metric among the axes. */
  axcolor: string;
  /** What stands below the axes. */
  below: Below;
}

/** A panel's place in a section: behind another panel of it, or (null) at its head. */
export interface Move {
  readonly id: string;
  readonly section: string;
  readonly after: string | null;
}

export type PanelSize = readonly [columns: number, rows: number];

/** Columns of a section (0: as many as the page has) and the height of a chart, as a multiple of the page's. */
export type SectionGrid = readonly [columns: number, height: number];

export const MOST_COLUMNS = 12;
export const MOST_ROWS = 6;

/** A section that shows the panels listed in it and no others; `title` null: as sections of its id are called. */
export interface ManualSection {
  readonly id: string;
  readonly title: string | null;
  readonly panels: readonly string[];
}

/** `mode` → `heat`: settings of one panel of a kind of its own, none of which is as by default. */
export type PanelOptions = Readonly<Record<string, string>>;

export type Below = "table" | "scatter";

export const DEFAULT_VIEW: View = {
  ...DEFAULT_SETTINGS,
  q: "",
  list: "active",
  show: "newest",
  only: null,
  hide: [],
  rpin: [],
  base: "",
  g: [],
  ghide: [],
  gslots: {},
  color: "",
  pin: [],
  xr: null,
  own: {},
  samey: [],
  yr: {},
  marks: null,
  events: "auto",
  notes: [],
  sections: {},
  panels: {},
  options: {},
  merged: {},
  off: [],
  moved: [],
  size: {},
  grids: {},
  sectionsBy: "",
  manual: null,
  tags: "",
  kind: "",
  density: "comfortable",
  cols: null,
  spark: null,
  sort: "-created",
  spin: [],
  fold: [],
  full: null,
  tcols: null,
  freeze: "",
  differs: false,
  axes: null,
  axcolor: "",
  below: "table",
};

/** A view without the parts of the axes that are shown. */
export type StillView = Omit<View, "xr" | "yr" | "own">;

/** Whether two views differ in nothing but the parts of the axes that they show. */
export function isSameBesideZoom(a: StillView, b: StillView): boolean {
  const names = Object.keys(a) as (keyof StillView)[];
  return names.every((name) => isOfZoom(name) || a[name] === b[name]);
}

function isOfZoom(name: string): boolean {
  return name === "xr" || name === "yr" || name === "own";
}

/** Percent-encodes what would end a value; letters, "/", ":", "@" and "*" stay readable. */
function encodePart(text: string): string {
  return encodeURIComponent(text).replace(/%(?:2F|3A|40)/g, decodeURIComponent);
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function list(items: readonly string[]): string {
  return items.map(encodePart).join(",");
}

function unlist(text: string): string[] {
  return text === "" ? [] : text.split(",").map(decodePart);
}

/** The query of an address ("" for the default view, else beginning with "?"). */
export function encodeView(view: View): string {
  const parts: string[] = [];
  const add = (name: string, value: string) => parts.push(`${name}=${value}`);
  const addList = (name: string, items: readonly string[]) => {
    if (items.length) add(name, list(items));
  };
  if (view.q) add("q", encodePart(view.q));
  if (view.list !== "active") add("list", view.list);
  if (view.show !== "newest") add("show", view.show);
  if (view.only) add("only", list(view.only));
  addList("hide", view.hide);
  addList("rpin", view.rpin);
  if (view.base) add("base", encodePart(view.base));
  addList("g", view.g);
  addList("ghide", view.ghide);
  for (const [id, slot] of Object.entries(view.gslots)) add(`gc:${encodePart(id)}`, String(slot));
  if (view.color) add("color", encodePart(view.color));
  addList("pin", view.pin);
  for (const [name, value] of writeSettings(view, false)) add(name, encodePart(value));
  if (view.xr) add("xr", encodeRange(view.xr));
  for (const [key, range] of Object.entries(view.own)) {
    add(`xr:${encodePart(key)}`, range === null ? "own" : encodeRange(range));
  }
  // A section may be named "".
  if (view.samey.length > 0) add("samey", list(view.samey));
  for (const [key, [lo, hi]] of Object.entries(view.yr)) {
    add(`yr:${encodePart(key)}`, `${lo},${hi}`);
  }
  if (view.marks) {
    const { axis, at } = view.marks;
    add("step", at.map(String).join(",") + (axis ? `@${encodePart(axis)}` : ""));
  }
  if (view.events !== "auto") add("events", view.events);
  if (view.notes.length > 0) add("note", view.notes.map(encodeNote).join(","));
  for (const [id, one] of Object.entries(view.sections))
    addOverrides(parts, `s:${encodePart(id)}`, one);
  for (const [key, one] of Object.entries(view.panels))
    addOverrides(parts, `p:${encodePart(key)}`, one);
  for (const [id, one] of Object.entries(view.options)) addOptions(parts, id, one);
  for (const [key, keys] of Object.entries(view.merged)) addList(`m:${encodePart(key)}`, keys);
  addList("off", view.off);
  if (view.moved.length > 0) add("mv", view.moved.map(moveText).join(";"));
  for (const [id, size] of Object.entries(view.size)) add(`size:${encodePart(id)}`, size.join("x"));
  for (const [id, grid] of Object.entries(view.grids)) {
    add(`grid:${encodePart(id)}`, grid.join("x"));
  }
  if (view.sectionsBy) add("sec", encodePart(view.sectionsBy));
  if (view.manual?.length === 0) add("man", "");
  for (const { id, title, panels } of view.manual ?? []) {
    const text = list(panels);
    add(`man:${encodePart(id)}`, title === null ? text : `${text};${encodePart(title)}`);
  }
  if (view.tags) add("tags", encodePart(view.tags));
  if (view.kind) add("kind", encodePart(view.kind));
  if (view.density !== "comfortable") add("d", view.density);
  if (view.cols) add("cols", list(view.cols));
  if (view.spark !== null) add("spark", encodePart(view.spark));
  if (view.sort !== DEFAULT_VIEW.sort) add("sort", encodePart(view.sort));
  addList("spin", view.spin);
  addList("fold", view.fold);
  if (view.full !== null) add("full", encodePart(view.full));
  if (view.tcols) add("tcols", list(view.tcols));
  if (view.freeze) add("freeze", encodePart(view.freeze));
  if (view.differs) add("differs", "1");
  if (view.axes) add("ax", list(view.axes));
  if (view.axcolor) add("axc", encodePart(view.axcolor));
  if (view.below !== "table") add("below", view.below);
  return parts.length ? `?${parts.join("&")}` : "";
}

/** `val/loss,train,train/acc`: panel, section, the panel before it (at the head of the section: none). */
function moveText({ id, section, after }: Move): string {
  return list(after === null ? [id, section] : [id, section, after]);
}

/** `s:train=sm:ema:0.9;ylog:1`: the settings that a section or a panel changes. */
function addOverrides(parts: string[], name: string, overrides: Overrides): void {
  const texts = writeSettings(overrides, true).map(([one, value]) => `${one}:${encodePart(value)}`);
  if (texts.length) parts.push(`${name}=${texts.join(";")}`);
}

/** `o:weights=mode:heat;log:1` */
function addOptions(parts: string[], id: string, options: PanelOptions): void {
  const texts = Object.entries(options).map(([one, value]) => `${one}:${encodePart(value)}`);
  if (texts.length) parts.push(`o:${encodePart(id)}=${texts.join(";")}`);
}

/** The view that a query means; what it does not know or cannot read is as by default. */
export function decodeView(query: string): View {
  const raw = new Map<string, string>();
  for (const part of query.replace(/^\?/, "").split("&")) {
    const cut = part.indexOf("=");
    if (cut > 0) raw.set(part.slice(0, cut), part.slice(cut + 1));
  }
  const text = (name: string) => decodePart(raw.get(name) ?? "");
  const items = (name: string) => unlist(raw.get(name) ?? "");
  // A section may be named "": there `fold=` is a list of one.
  const sections = (name: string) =>
    raw.has(name) ? raw.get(name)!.split(",").map(decodePart) : [];
  const page = new Map([...raw].map(([name, value]) => [name, decodePart(value)]));
  return {
    ...DEFAULT_SETTINGS,
    ...readSettings(page),
    q: text("q"),
    list: oneOf(text("list"), ["archived", "trash"], "active"),
    show: oneOf(text("show"), SHOWS, "newest"),
    only: raw.has("only") ? items("only") : null,
    hide: items("hide"),
    rpin: items("rpin"),
    base: text("base"),
    g: items("g").slice(0, MOST_GROUP_COLUMNS),
    ghide: items("ghide"),
    gslots: decodeSlots(raw),
    color: text("color"),
    pin: items("pin"),
    xr: decodeRange(raw.get("xr") ?? ""),
    own: named(raw, "xr:", decodeRange),
    samey: sections("samey"),
    yr: decodeYRanges(raw),
    marks: decodeMarks(raw.get("step") ?? ""),
    events: oneOf(text("events"), ["on", "off"], "auto"),
    notes: decodeNotes(raw.get("note") ?? ""),
    sections: named(raw, "s:", decodeOverrides),
    panels: named(raw, "p:", decodeOverrides),
    options: named(raw, "o:", (text) => Object.fromEntries(decodeTexts(text))),
    merged: named(raw, "m:", unlist),
    off: items("off"),
    moved: decodeMoves(raw.get("mv") ?? ""),
    size: decodeSizes(raw),
    grids: decodeGrids(raw),
    sectionsBy: text("sec"),
    manual: decodeManual(raw),
    tags: text("tags"),
    kind: text("kind"),
    density: oneOf(text("d"), ["compact", "sparkline"], "comfortable"),
    cols: raw.has("cols") ? items("cols") : null,
    spark: raw.has("spark") ? text("spark") : null,
    sort: text("sort") || DEFAULT_VIEW.sort,
    spin: sections("spin"),
    fold: sections("fold"),
    full: raw.has("full") ? text("full") : null,
    tcols: raw.has("tcols") ? items("tcols") : null,
    freeze: text("freeze"),
    differs: text("differs") === "1",
    axes: raw.has("ax") ? items("ax") : null,
    axcolor: text("axc"),
    below: oneOf(text("below"), ["scatter"], "table"),
  };
}

export const MOST_GROUP_COLUMNS = 4;

/** What stands under `prefix`, by the decoded rest of the name. */
function named<T>(
  raw: ReadonlyMap<string, string>,
  prefix: string,
  read: (text: string) => T,
): Record<string, T> {
  const found: Record<string, T> = {};
  for (const [name, text] of raw) {
    if (name.startsWith(prefix)) found[decodePart(name.slice(prefix.length))] = read(text);
  }
  return found;
}

function decodeMoves(text: string): Move[] {
  return text.split(";").flatMap((part) => {
    const [id, section, after = null] = part.split(",").map(decodePart);
    return id === undefined || section === undefined ? [] : [{ id, section, after }];
  });
}

function decodeGrids(raw: ReadonlyMap<string, string>): View["grids"] {
  const found: Record<string, SectionGrid> = {};
  for (const [id, text] of Object.entries(named(raw, "grid:", (one) => one))) {
    const [, columns, height] = /^(\d{1,2})x(\d(?:\.\d{1,2})?)$/.exec(text)?.map(Number) ?? [];
    if (columns! <= MOST_COLUMNS && height! >= 0.5) found[id] = [columns!, height!];
  }
  return found;
}

function decodeSlots(raw: ReadonlyMap<string, string>): View["gslots"] {
  const found = Object.entries(named(raw, "gc:", Number));
  return Object.fromEntries(found.filter(([, slot]) => Number.isInteger(slot) && slot >= 0));
}

function decodeSizes(raw: ReadonlyMap<string, string>): View["size"] {
  const found: Record<string, PanelSize> = {};
  for (const [id, text] of Object.entries(named(raw, "size:", (one) => one))) {
    const [, columns, rows] = /^(\d{1,2})x(\d)$/.exec(text)?.map(Number) ?? [];
    const isGood = columns! >= 1 && columns! <= MOST_COLUMNS && rows! >= 1 && rows! <= MOST_ROWS;
    if (isGood) found[id] = [columns!, rows!];
  }
  return found;
}

/** In the order of the address, which an object of names that are numbers would not keep. */
function decodeManual(raw: ReadonlyMap<string, string>): ManualSection[] | null {
  const found: ManualSection[] = [];
  for (const [name, text] of raw) {
    if (!name.startsWith("man:")) continue;
    const [panels = "", title] = text.split(";");
    const id = decodePart(name.slice(4));
    found.push({ id, title: title ? decodePart(title) : null, panels: unlist(panels) });
  }
  return found.length > 0 || raw.has("man") ? found : null;
}

function decodeOverrides(text: string): Overrides {
  return readSettings(decodeTexts(text));
}

/** `sm:ema:0.9;ylog:1` by the names in it. */
function decodeTexts(text: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const part of text.split(";")) {
    const cut = part.indexOf(":");
    if (cut > 0) texts.set(part.slice(0, cut), decodePart(part.slice(cut + 1)));
  }
  return texts;
}

function decodeMarks(text: string): Marks | null {
  const cut = text.indexOf("@");
  const numbers = cut < 0 ? text : text.slice(0, cut);
  const axis = cut < 0 ? "" : text.slice(cut + 1);
  const at = numbers.split(",").filter(Boolean).map(Number);
  const isGood = at.length >= 1 && at.length <= 2 && at.every(Number.isFinite);
  return isGood ? { axis: decodePart(axis), at: at.sort((a, b) => a - b) } : null;
}

/** `120;;learning rate` (`1.5;relative;...` on another axis than that of the steps) */
function encodeNote({ x, axis, text }: Note): string {
  return [String(x), encodePart(axis), encodePart(text)].join(";");
}

function decodeNotes(text: string): Note[] {
  return text.split(",").flatMap((one) => {
    const [x = "", axis = "", words = ""] = one.split(";");
    const note = { x: Number(x), axis: decodePart(axis), text: decodePart(words) };
    return x !== "" && Number.isFinite(note.x) && note.text !== "" ? [note] : [];
  });
}

function oneOf<T extends string, D extends string>(
  text: string,
  known: readonly T[],
  fallback: D,
): T | D {
  return known.find((one) => one === text) ?? fallback;
}

function encodeRange({ lo, hi, axis }: XRange): string {
  return [String(lo), String(hi), ...(axis ? [encodePart(axis)] : [])].join(",");
}

function decodeRange(text: string): XRange | null {
  const [lo, hi, axis = ""] = text.split(",");
  if (!lo || !hi) return null;
  const range = { lo: Number(lo), hi: Number(hi), axis: decodePart(axis) };
  return Number.isFinite(range.lo) && Number.isFinite(range.hi) && range.lo < range.hi
    ? range
    : null;
}

function decodeYRanges(raw: ReadonlyMap<string, string>): View["yr"] {
  const found: Record<string, readonly [number, number]> = {};
  for (const [name, text] of raw) {
    const range = name.startsWith("yr:") ? decodeRange(text) : null;
    if (range) found[decodePart(name.slice(3))] = [range.lo, range.hi];
  }
  return found;
}

/** Whether a key passes the panel filter: a substring, or /a regular expression/. */
export function keyFilter(text: string): { test: (key: string) => boolean; isBroken: boolean } {
  const wanted = text.trim();
  if (wanted === "" || wanted === "/") return { test: () => true, isBroken: false };
  if (wanted.length > 2 && wanted.startsWith("/") && wanted.endsWith("/")) {
    try {
      const pattern = new RegExp(wanted.slice(1, -1), "i");
      return { test: (key) => pattern.test(key), isBroken: false };
    } catch {
      return { test: () => true, isBroken: true };
    }
  }
  const needle = wanted.toLowerCase();
  return { test: (key) => key.toLowerCase().includes(needle), isBroken: false };
}

/** The view of a workspace and its spelling in the address: short, stable order, defaults left out. */

/** Part of an x axis; `axis` is the one that the range is measured on ("" for the default). */
export interface XRange {
  lo: number;
  hi: number;
  axis: string;
}

export interface View {
  /** Run filter, in the server's language. */
  q: string;
  list: "active" | "archived" | "trash";
  /** Which runs are drawn: the newest of the matching, the top of the list, or all of them. */
  show: "newest" | "top" | "all";
  /** Run ids that are drawn, and no others; null: as `show` says. */
  only: readonly string[] | null;
  hide: readonly string[];
  pin: readonly string[];
  /** "" (step, or the step metric that a key declares), "step", "rel", "wall" or a key. */
  x: string;
  xr: XRange | null;
  /** Parts of y axes, by key. */
  yr: Readonly<Record<string, readonly [number, number]>>;
  /** Keys whose y axis is logarithmic; "*" for all. */
  ylog: readonly string[];
  tags: string;
  /** Columns beside the names of the runs; null: those that suggest themselves. */
  cols: readonly string[] | null;
  sort: string;
  /** Sections that are not as they come: closed ones that open, and open ones that close. */
  fold: readonly string[];
  full: string | null;
}

export const DEFAULT_VIEW: View = {
  q: "",
  list: "active",
  show: "newest",
  only: null,
  hide: [],
  pin: [],
  x: "",
  xr: null,
  yr: {},
  ylog: [],
  tags: "",
  cols: null,
  sort: "-created",
  fold: [],
  full: null,
};

/** Percent-encodes what would end a value; letters, "/", ":" and "*" stay readable. */
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
  if (view.q) add("q", encodePart(view.q));
  if (view.list !== "active") add("list", view.list);
  if (view.show !== "newest") add("show", view.show);
  if (view.only) add("only", list(view.only));
  if (view.hide.length) add("hide", list(view.hide));
  if (view.pin.length) add("pin", list(view.pin));
  if (view.x) add("x", encodePart(view.x));
  if (view.xr) {
    const { lo, hi, axis } = view.xr;
    add("xr", [String(lo), String(hi), ...(axis ? [encodePart(axis)] : [])].join(","));
  }
  for (const [key, [lo, hi]] of Object.entries(view.yr))
    add(`yr:${encodePart(key)}`, `${lo},${hi}`);
  if (view.ylog.length) add("ylog", list(view.ylog));
  if (view.tags) add("tags", encodePart(view.tags));
  if (view.cols) add("cols", list(view.cols));
  if (view.sort !== DEFAULT_VIEW.sort) add("sort", encodePart(view.sort));
  if (view.fold.length) add("fold", list(view.fold));
  if (view.full !== null) add("full", encodePart(view.full));
  return parts.length ? `?${parts.join("&")}` : "";
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
  return {
    q: text("q"),
    list: oneOf(text("list"), ["archived", "trash"], "active"),
    show: oneOf(text("show"), ["top", "all"], "newest"),
    only: raw.has("only") ? items("only") : null,
    hide: items("hide"),
    pin: items("pin"),
    x: text("x"),
    xr: decodeRange(raw.get("xr") ?? ""),
    yr: decodeYRanges(raw),
    ylog: items("ylog"),
    tags: text("tags"),
    cols: raw.has("cols") ? items("cols") : null,
    sort: text("sort") || DEFAULT_VIEW.sort,
    fold: items("fold"),
    full: raw.has("full") ? text("full") : null,
  };
}

function oneOf<T extends string, D extends string>(
  text: string,
  known: readonly T[],
  fallback: D,
): T | D {
  return known.find((one) => one === text) ?? fallback;
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

/**
 * TensorBoard's bookmarks: `/#scalars&tagFilter=loss` and `/?tagFilter=loss&smoothing=0.8#timeseries`.
 *
 * The names are those that TensorBoard 2.21 itself writes into its address: the Time Series page into the query, the
 * older pages behind the name of the tab.
 */
import { DEFAULT_VIEW, encodeView, type View } from "./view.ts";

/** The panels that each of TensorBoard's tabs shows; "" for those of all kinds. */
const TABS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    scalars: "line",
    timeseries: "",
    images: "image",
    histograms: "histogram",
    distributions: "histogram",
    graphs: "graph",
    mesh: "mesh",
    text: "text",
    audio: "audio",
    pr_curves: "pr_curve",
    custom_scalars: "layout",
    projector: "embedding",
    hparams: "hparams",
  }),
);

export interface Bookmark {
  /** The part of a project's address after its name: "" for the workspace. */
  page: "" | "/hparams";
  /** As in `location.search`. */
  query: string;
  theme: "light" | "dark" | null;
}

/** What an address at the root means as a bookmark of TensorBoard; null when it is none. */
export function readBookmark(search: string, hash: string): Bookmark | null {
  const [tab = "", ...rest] = hash.replace(/^#/, "").split("&");
  const kind = TABS.get(tab);
  if (kind === undefined) return null;
  const said = new Map([...new URLSearchParams(search), ...new URLSearchParams(rest.join("&"))]);
  const view: { -readonly [K in keyof View]?: View[K] } = kind === "hparams" ? {} : { kind };
  const tags = said.get("tagFilter");
  // TensorBoard reads both filters as regular expressions.
  if (tags) view.tags = isPlain(tags) ? tags : `/${tags}/`;
  const runs = said.get("runFilter") ?? said.get("regexInput");
  if (runs) view.q = isPlain(runs) ? runs : `/${runs.replaceAll("/", "\\/")}/`;
  const smoothing = Number(said.get("smoothing") ?? said.get("_smoothingWeight") ?? Number.NaN);
  if (smoothing > 0 && smoothing < 1) view.smooth = { kind: "ema", weight: smoothing };
  const pinned = pinnedTags(said.get("pinnedCards"));
  if (pinned.length > 0) view.pin = pinned;
  if (said.get("_ignoreYOutliers") === "true") view.outliers = "p1";
  const colours = colouring(said.get("runColorGroup") ?? "");
  if (colours) view.color = colours;
  const dark = said.get("darkMode");
  return {
    page: kind === "hparams" ? "/hparams" : "",
    query: encodeView({ ...DEFAULT_VIEW, ...view }),
    theme: dark === "true" ? "dark" : dark === "false" ? "light" : null,
  };
}

/** Whether a filter means the same as a substring. */
function isPlain(text: string): boolean {
  return /^[\w /:-]+$/.test(text);
}

function pinnedTags(text: string | undefined): string[] {
  if (!text) return [];
  try {
    const cards = JSON.parse(text) as unknown;
    if (!Array.isArray(cards)) return [];
    const tags = cards.map((card: { tag?: unknown } | null) => card?.tag);
    return [...new Set(tags.filter((tag) => typeof tag === "string"))];
  } catch {
    return [];
  }
}

/** TensorBoard writes "run", "experiment", "regex:..." and "regex_by_exp:...". */
function colouring(text: string): string {
  if (text === "run") return "run";
  return text.startsWith("regex:") ? `re:${text.slice("regex:".length)}` : "";
}

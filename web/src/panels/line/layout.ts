/** Layouts of custom scalars: what runs have asked for, put together, and the keys that their charts mean. */

export interface MarginSeries {
  readonly value: string;
  readonly lower: string;
  readonly upper: string;
}

export type LayoutChart =
  | { readonly kind: "multiline"; readonly title: string; readonly patterns: readonly string[] }
  | { readonly kind: "margin"; readonly title: string; readonly margins: readonly MarginSeries[] };

export interface LayoutCategory {
  readonly title: string;
  readonly isClosed: boolean;
  readonly charts: readonly LayoutChart[];
}

type Raw = Record<string, unknown>;

/** The categories of a layout value (docs/reference/media.md); what it says wrongly is left out. */
export function readLayout(value: unknown): LayoutCategory[] {
  const layout = value as Raw | null;
  if (layout?._type !== "layout") return [];
  return rawsIn(layout.categories).map((category) => ({
    title: textIn(category.title),
    isClosed: category.closed === true,
    charts: rawsIn(category.charts).flatMap(readChart),
  }));
}

function readChart(chart: Raw): LayoutChart[] {
  const title = textIn(chart.title);
  if (Array.isArray(chart.multiline)) {
    const patterns = chart.multiline.filter((one): one is string => typeof one === "string");
    return [{ kind: "multiline", title, patterns }];
  }
  if (!Array.isArray(chart.margin)) return [];
  const margins = rawsIn(chart.margin).map(({ value, lower, upper }) => ({
    ...{ value: textIn(value), lower: textIn(lower), upper: textIn(upper) },
  }));
  return [{ kind: "margin", title, margins }];
}

function rawsIn(items: unknown): Raw[] {
  return Array.isArray(items)
    ? items.filter((one): one is Raw => typeof one === "object" && one !== null)
    : [];
}

function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/**
 * Layouts of several runs as one: categories of one title are one, and so are charts of one title and kind in
 * them, with what any of them asks for. A category is closed where every layout closes it.
 */
export function mergeLayouts(layouts: readonly (readonly LayoutCategory[])[]): LayoutCategory[] {
  const categories = new Map<string, LayoutCategory>();
  for (const category of layouts.flat()) {
    const before = categories.get(category.title);
    categories.set(category.title, {
      title: category.title,
      isClosed: category.isClosed && (before?.isClosed ?? true),
      charts: mergeCharts([...(before?.charts ?? []), ...category.charts]),
    });
  }
  return [...categories.values()];
}

function mergeCharts(charts: readonly LayoutChart[]): LayoutChart[] {
  const merged = new Map<string, LayoutChart>();
  for (const chart of charts) {
    const name = `${chart.kind} ${chart.title}`;
    const before = merged.get(name);
    if (before?.kind === "multiline" && chart.kind === "multiline") {
      const patterns = [...new Set([...before.patterns, ...chart.patterns])];
      merged.set(name, { ...before, patterns });
    } else if (before?.kind === "margin" && chart.kind === "margin") {
      const known = new Set(before.margins.map((one) => JSON.stringify(one)));
      const further = chart.margins.filter((one) => !known.has(JSON.stringify(one)));
      merged.set(name, { ...before, margins: [...before.margins, ...further] });
    } else merged.set(name, chart);
  }
  return [...merged.values()];
}

export interface ChartKeys {
  readonly keys: readonly string[];
  /** Keys that have no room. */
  readonly more: number;
  /** A pattern that cannot be read; null: none. */
  readonly fault: string | null;
}

/** Keys in one chart at most: so many kinds of dashes are told apart. */
export const MOST_CHART_KEYS = 8;

/** The keys that a chart draws, of those that there are, in the order in which they were first logged. */
export function keysOfChart(chart: LayoutChart, names: readonly string[]): ChartKeys {
  if (chart.kind === "margin") {
    const known = new Set(names);
    const wanted = chart.margins.map(({ value }) => value).filter((name) => known.has(name));
    return { keys: [...new Set(wanted)], more: 0, fault: null };
  }
  const tests: RegExp[] = [];
  let fault: string | null = null;
  for (const pattern of chart.patterns) {
    try {
      // As TensorBoard matches tags: from the beginning, not up to the end.
      tests.push(new RegExp(`^(?:${pattern.replaceAll("(?P<", "(?<")})`, "u"));
    } catch {
      fault ??= pattern;
    }
  }
  const found = names.filter((name) => tests.some((one) => one.test(name)));
  const keys = found.slice(0, MOST_CHART_KEYS);
  return { keys, more: found.length - keys.length, fault };
}

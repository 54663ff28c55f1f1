/** The labels of points: columns of texts, and a colour for each point by one of them. */
import { SLOTS, type Slot } from "../../base/palette.ts";
import { rampColor } from "../../base/ramp.ts";

export interface LabelColumn {
  readonly name: string;
  /** By row of the embedding. */
  readonly values: readonly string[];
}

const MOST_COLUMNS = 100;

/** Columns of a tab separated text. Without a line of names the first is called "label". */
export function readLabels(text: string, hasHeader: boolean): LabelColumn[] {
  const lines = text.replace(/\r\n/g, "\n").replace(/\n$/, "").split("\n");
  if (lines.length === 1 && lines[0] === "") return [];
  const rows = lines.map((line) => line.split("\t"));
  const width = Math.min(MOST_COLUMNS, Math.max(...rows.slice(0, 1000).map((row) => row.length)));
  const names = hasHeader ? rows.shift()! : [];
  return Array.from({ length: width }, (_, i) => ({
    name: names[i] || (i === 0 && !hasHeader ? "label" : `label ${i + 1}`),
    values: rows.map((row) => row[i] ?? ""),
  }));
}

export interface Colouring {
  /** Red, green, blue by point that is placed. */
  readonly colors: Uint8Array;
  readonly legend: readonly { readonly label: string; readonly color: string }[];
  /** Of numbers: what the ends of the ramp are. */
  readonly range: readonly [number, number] | null;
}

/** Distinct values up to which each gets a colour of its own. */
const MOST_COLORS = 20;

/**
 * Colours by the values of a column: of few different values each has its own, numbers lie on a ramp,
 * and of many texts the most frequent have colours, the others are grey. `rows` are the points that are placed.
 */
export function colour(
  column: LabelColumn | null,
  rows: ArrayLike<number>,
  theme: "light" | "dark",
  palette: readonly Slot[] = SLOTS,
): Colouring {
  const colors = new Uint8Array(3 * rows.length);
  const paint = (i: number, hex: string) => {
    const rgb = Number.parseInt(hex.slice(1), 16);
    colors[3 * i] = rgb >> 16;
    colors[3 * i + 1] = (rgb >> 8) & 255;
    colors[3 * i + 2] = rgb & 255;
  };
  if (column === null) {
    for (let i = 0; i < rows.length; i++) paint(i, palette[0]![theme]);
    return { colors, legend: [], range: null };
  }
  const values = Array.from({ length: rows.length }, (_, i) => column.values[rows[i]!] ?? "");
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const numbers = values.map((value) => (value.trim() === "" ? Number.NaN : Number(value)));
  if (counts.size > MOST_COLORS && numbers.every((v, i) => !Number.isNaN(v) || values[i] === "")) {
    const known = numbers.filter(Number.isFinite);
    const low = known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const high = known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    for (const [i, value] of numbers.entries()) {
      const share = (value - low) / (high - low || 1);
      paint(i, Number.isFinite(value) ? rampColor(share)[theme] : GREY[theme]);
    }
    return { colors, legend: [], range: [low, high] };
  }
  const frequent = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_COLORS)
    .map(([value]) => value)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const slots = new Map(frequent.map((value, i) => [value, palette[i]![theme]]));
  for (const [i, value] of values.entries()) paint(i, slots.get(value) ?? GREY[theme]);
  const legend = frequent.map((value) => ({ label: value || "—", color: slots.get(value)! }));
  const others = counts.size - frequent.length;
  if (others > 0) legend.push({ label: `${others} others`, color: GREY[theme] });
  return { colors, legend, range: null };
}

const GREY = { light: "#a3a9b3", dark: "#6a7280" } as const;

/** The points (by place among those that are placed) of which some label contains the text. */
export function matching(
  columns: readonly LabelColumn[],
  rows: ArrayLike<number>,
  text: string,
): Set<number> {
  const wanted = text.trim().toLowerCase();
  const found = new Set<number>();
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (columns.some((column) => (column.values[row] ?? "").toLowerCase().includes(wanted))) {
      found.add(i);
    } else if (columns.length === 0 && String(row) === wanted) found.add(i);
  }
  return found;
}

/** The order of a tooltip's rows. */
import type { TipOrder } from "../../state/settings.ts";

/** Rows as the setting has them; they come nearest first. What is no number is last. */
export function inOrder<T extends { readonly label: string }>(
  rows: readonly T[],
  order: TipOrder,
  heightOf: (row: T) => number,
): readonly T[] {
  if (order === "near") return rows;
  if (order === "name") {
    // run-9 before run-10.
    return [...rows].sort((a, b) => a.label.localeCompare(b.label, undefined, { numeric: true }));
  }
  const sign = order === "high" ? -1 : 1;
  const rank = (row: T) => {
    const height = heightOf(row);
    return Number.isNaN(height) ? Number.POSITIVE_INFINITY : sign * height;
  };
  return [...rows].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
}

/** How large cells of one shape may be so that they fit into a box. */

export interface Fit {
  columns: number;
  /** Of the content of a cell, in CSS pixels, without its label. */
  width: number;
  height: number;
}

interface Box {
  width: number;
  height: number;
  gap: number;
  /** Height of the label below each cell. */
  label: number;
  /** Cells are not made smaller than this, in width: the box is scrolled instead. */
  least: number;
}

/**
 * The largest cells of `aspect` (width / height) of which `count` fit into a box, in as many columns as
 * that takes (or in `columns`, where the cells are those of a table).
 */
export function fitCells(count: number, aspect: number, box: Box, columns?: number): Fit {
  const { width, height, gap, label, least } = box;
  const widest = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const choices =
    columns !== undefined
      ? [columns]
      : Array.from({ length: Math.min(count, widest) }, (_, i) => i + 1);
  let best: Fit | null = null;
  for (const one of choices) {
    const rows = Math.ceil(count / one);
    const wide = (width - (one - 1) * gap) / one;
    const high = (height - (rows - 1) * gap) / rows - label;
    const cell = Math.floor(Math.min(wide, high * aspect));
    if (best === null || cell > best.width) best = { columns: one, width: cell, height: 0 };
  }
  const found = best ?? { columns: 1, width, height: 0 };
  if (found.width < least) {
    const across = columns ?? Math.min(count, widest);
    // Where the box has to be scrolled anyway, the cells share its whole width, within reason.
    const share = (width - (across - 1) * gap) / across;
    const most = Math.max(1.5 * least, (height / 4) * aspect);
    const wide = columns === undefined ? share : Math.min(share, most);
    Object.assign(found, { columns: across, width: Math.floor(Math.max(least, wide)) });
  }
  return { ...found, height: Math.max(1, Math.round(found.width / aspect)) };
}

/** As `fitCells`, but the cells take the height that is left, up to twice their width: for what has no shape of its own. */
export function fillCells(count: number, aspect: number, box: Box): Fit {
  const fit = fitCells(count, aspect, box);
  const rows = Math.ceil(count / fit.columns);
  const wide = Math.floor((box.width - (fit.columns - 1) * box.gap) / fit.columns);
  const high = Math.floor((box.height - (rows - 1) * box.gap) / rows) - box.label;
  if (high < fit.height) return fit;
  return { columns: fit.columns, width: wide, height: Math.min(high, 2 * wide) };
}

import { describe, expect, it } from "vitest";
import { fillCells, fitCells } from "./fit_cells.ts";

const BOX = { width: 540, height: 440, gap: 8, label: 20, least: 80 };

describe("fitCells", () => {
  it("fills the box with one cell", () => {
    expect(fitCells(1, 1, BOX)).toEqual({ columns: 1, width: 420, height: 420 });
    expect(fitCells(1, 2, BOX)).toEqual({ columns: 1, width: 540, height: 270 });
  });

  it("takes the columns that leave the cells largest", () => {
    for (const count of [2, 3, 4, 7, 12, 20]) {
      for (const aspect of [0.5, 1, 4 / 3, 3]) {
        // By hand: the largest cell that any number of columns leaves room for.
        let best = 0;
        for (let columns = 1; columns <= count; columns++) {
          const lines = Math.ceil(count / columns);
          const wide = (BOX.width - (columns - 1) * BOX.gap) / columns;
          const high = (BOX.height - (lines - 1) * BOX.gap) / lines - BOX.label;
          best = Math.max(best, Math.floor(Math.min(wide, high * aspect)));
        }
        if (best < BOX.least) continue;
        const { columns, width, height } = fitCells(count, aspect, BOX);
        expect(width).toBe(best);
        const rows = Math.ceil(count / columns);
        expect(rows * (height + BOX.label + BOX.gap)).toBeLessThanOrEqual(BOX.height + 8 + rows);
      }
    }
  });

  it("keeps cells readable where the box has to be scrolled", () => {
    const many = fitCells(500, 1, BOX);
    expect(many.columns).toBe(6);
    expect(many.width).toBeGreaterThanOrEqual(80);
    expect(6 * many.width + 5 * 8).toBeLessThanOrEqual(540);
    expect(fitCells(12 * 20, 1, BOX, 12)).toEqual({ columns: 12, width: 80, height: 80 });
  });

  it("gives the height that is left to what has no shape", () => {
    expect(fillCells(2, 1.2, BOX)).toEqual({ columns: 2, width: 266, height: 420 });
    expect(fillCells(2, 1.2, { ...BOX, height: 900 }).height).toBeLessThanOrEqual(2 * 540);
    expect(fillCells(500, 1, BOX)).toEqual(fitCells(500, 1, BOX));
  });
});

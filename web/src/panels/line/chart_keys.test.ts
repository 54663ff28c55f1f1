import { describe, expect, it } from "vitest";
import type { Hit, LinePlot } from "../../plots/plot_types.ts";
import { nextLogged, readOut } from "./chart_keys.ts";

/** A plot 100 pixels wide over [lo, hi] whose one run has logged at some positions. */
function plotOf(positions: readonly number[], range: readonly [number, number]): LinePlot {
  const hitsAt = (x: number): Hit[] => {
    const nearest = [...positions].sort((a, b) => Math.abs(a - x) - Math.abs(b - x))[0];
    if (nearest === undefined) return [];
    return [{ run: "a", label: "run-a", color: "", x: nearest, y: nearest / 2, left: 0, top: 0 }];
  };
  const frame = { left: 0, top: 0, width: 100, height: 50, ratio: 1, x: range, y: range };
  return { hitsAt, groupHitsAt: () => [], frame: () => frame } as unknown as LinePlot;
}

function walk(plot: LinePlot, isLog: boolean, by: 1 | -1): number[] {
  const seen: number[] = [];
  let x: number | null = null;
  for (let i = 0; i < 50; i++) {
    x = nextLogged(plot, isLog, x, by);
    if (x === null) return seen;
    seen.push(x);
  }
  throw new Error("the walk does not end");
}

describe("nextLogged", () => {
  it("comes by every logged position in view, both ways, and ends", () => {
    const plot = plotOf([-5, 0, 10, 20, 70, 100, 120], [0, 100]);
    expect(walk(plot, false, 1)).toEqual([0, 10, 20, 70, 100]);
    expect(walk(plot, false, -1)).toEqual([100, 70, 20, 10, 0]);
  });

  it("walks evenly on a logarithmic axis", () => {
    const plot = plotOf([1, 2, 4, 1000], [1, 1000]);
    expect(walk(plot, true, 1)).toEqual([1, 2, 4, 1000]);
  });

  it("finds nothing where nothing was logged", () => {
    expect(walk(plotOf([], [0, 1]), false, 1)).toEqual([]);
  });
});

it("reads out a position with its values", () => {
  expect(readOut(plotOf([0, 10], [0, 100]), "step", 10)).toBe("step 10: run-a 5");
});

import { describe, expect, it } from "vitest";
import { type AxisValue, makeAxis } from "../plots/parallel_axis.ts";
import { passes } from "./brushes.ts";
import { readAxis, suggestAxes, writeAxis } from "./hparam_axes.ts";
import { brushesOf, type HparamAxis, labelOf, rangeOf } from "./hparams.ts";

function axisOf(values: readonly AxisValue[], scale: "linear" | "log" | "category"): HparamAxis {
  return {
    ...{ column: "config.x", scale, isFlipped: false, label: "x", values, brushes: [] },
    axis: makeAxis(values, scale),
  };
}

describe("axes in the address", () => {
  it("are read as they are written, whatever their names end with", () => {
    for (const column of ["config.lr", "config.a~log", "config.b~flip", "x~auto", "min.val/loss"]) {
      for (const scale of [null, "log", "category"] as const) {
        for (const isFlipped of [false, true]) {
          const spec = { column, scale, isFlipped };
          expect(readAxis(writeAxis(spec)), writeAxis(spec)).toEqual(spec);
        }
      }
    }
    expect(writeAxis({ column: "config.lr", scale: "log", isFlipped: true })).toBe(
      "config.lr~log~flip",
    );
  });

  it("suggest themselves: what differs, then metrics, seeds and training last", () => {
    const column = (name: string, type = "number") => ({ name, type, runs: 3 });
    const columns = [
      ...["config.seed", "config.width", "config.same", "config.lr"].map((name) => column(name)),
      ...["summary.train/loss", "summary.val/loss", "summary.note"].map((name) => column(name)),
    ];
    columns[6] = column("summary.note", "text");
    const differing = new Set(
      columns.map(({ name }) => name).filter((name) => !name.endsWith("same")),
    );
    expect(suggestAxes(columns, differing).map((axis) => axis.column)).toEqual([
      "config.lr",
      "config.width",
      "config.seed",
      "summary.val/loss",
      "summary.train/loss",
    ]);
  });

  it("are named as they are read", () => {
    expect(["config.lr", "summary.val/loss", "min.val/loss"].map(labelOf)).toEqual([
      "lr",
      "val/loss",
      "min val/loss",
    ]);
  });
});

describe("brushes on axes", () => {
  it("keep the runs whose points lie in them", () => {
    for (const scale of ["linear", "log"] as const) {
      const values = Array.from({ length: 50 }, (_, i) => 1e-4 * 1.2 ** i);
      const { axis } = axisOf(values, scale);
      const brushes = brushesOf(axis, [{ from: 0.3, to: 0.7 }], 1 / 1000);
      values.forEach((value, i) => {
        const share = axis.shares[i]!;
        if (Math.abs(share - 0.3) < 0.002 || Math.abs(share - 0.7) < 0.002) return;
        expect(passes(value, brushes)).toBe(share > 0.3 && share < 0.7);
      });
    }
  });

  it("keep every run with a value when they cover the whole axis", () => {
    const { axis } = axisOf([0.1, null, 0.30000000000000004], "linear");
    const [brush] = brushesOf(axis, [{ from: 0, to: 1 }], 0.01);
    expect(brush).toEqual({ kind: "range", lo: 0.1, hi: Number.POSITIVE_INFINITY });
  });

  it("name the words of which they cover the middle, and show them whole", () => {
    const words = axisOf(["a", "b", "c", "d", null], "category");
    const [brush] = brushesOf(words.axis, [{ from: 0.3, to: 0.7 }], 0.01);
    expect(brush).toEqual({ kind: "values", values: ["b", "c"] });
    expect(rangeOf(words, brush!)).toEqual([{ from: 0.25, to: 0.75 }]);
    expect(brushesOf(words.axis, [{ from: 0.3, to: 0.31 }], 0.01)).toEqual([]);
    expect(rangeOf(words, { kind: "values", values: ["A", "d"] })).toEqual([
      { from: 0, to: 0.25 },
      { from: 0.75, to: 1 },
    ]);
  });

  it("show a number that is named where it stands", () => {
    const numbers = axisOf([16, 32, 64], "log");
    const [range] = rangeOf(numbers, { kind: "values", values: ["32"] });
    expect(range!.from).toBeCloseTo(0.5, 9);
    expect(range!.to).toBe(range!.from);
  });
});

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { chordNames, KEY_IDS, keyInfo } from "./keys.ts";
import { DEFAULT_VIEW, encodeView, type View } from "./view.ts";

const PAGE = readFileSync(resolve(import.meta.dirname, "../../../docs/reference/web.md"), "utf8");

/** A view in which every field is not as by default. */
const CHANGED: Required<View> = {
  q: "a",
  list: "trash",
  show: "all",
  only: ["a"],
  hide: ["a"],
  rpin: ["a"],
  base: "a",
  g: ["a"],
  ghide: ["a"],
  gslots: { GROUP: 3 },
  color: "group",
  pin: ["a"],
  off: ["a"],
  x: "rel",
  xlog: true,
  ylog: true,
  smooth: { kind: "mean", window: 3 },
  outliers: "p5",
  restarts: "split",
  tip: "name",
  center: "max",
  band: "ci",
  members: false,
  xr: { lo: 0, hi: 1, axis: "" },
  own: { KEY: null },
  samey: ["a"],
  yr: { KEY: [0, 1] },
  marks: { axis: "", at: [1] },
  events: "on",
  notes: [{ x: 1, axis: "", text: "a" }],
  sections: { SECTION: { ylog: true } },
  panels: { KEY: { ylog: true } },
  options: { KEY: { mode: "heat" } },
  merged: { KEY: ["a"] },
  moved: [{ id: "a", section: "b", after: null }],
  size: { KEY: [2, 1] },
  grids: { SECTION: [2, 1.5] },
  sectionsBy: "last",
  manual: [{ id: "SECTION", title: null, panels: ["a"] }],
  tags: "a",
  kind: "image",
  density: "compact",
  cols: ["a"],
  spark: "a",
  sort: "name",
  spin: ["a"],
  fold: ["a"],
  full: "a",
  tcols: ["a"],
  freeze: "a",
  differs: true,
  axes: ["a"],
  axcolor: "a",
  below: "scatter",
};

describe("docs/reference/web.md", () => {
  it("explains every parameter of a view", () => {
    for (const field of Object.keys(DEFAULT_VIEW) as (keyof View)[]) {
      expect(CHANGED[field], field).not.toEqual(DEFAULT_VIEW[field]);
    }
    const names = encodeView(CHANGED)
      .slice(1)
      .split("&")
      .map((part) => part.split("=")[0]!);
    expect(names.length).toBe(Object.keys(DEFAULT_VIEW).length);
    for (const name of names) expect(PAGE).toContain(`\`${name}=`);
  });

  it("lists every key with what it does", () => {
    const rows = PAGE.split("\n").filter((line) => line.startsWith("| "));
    for (const id of KEY_IDS) {
      const { keys, label } = keyInfo(id);
      const shown = keys.map((chord) => chordNames(chord, false).join("+")).join(", ");
      const row = rows.find((line) => line.startsWith(`| ${shown} |`));
      expect(row, `a row for ${shown} (${label})`).toContain(label);
    }
  });
});

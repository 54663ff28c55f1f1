import { describe, expect, it } from "vitest";
import { cascade, DEFAULT_SETTINGS } from "./settings.ts";
import {
  DEFAULT_VIEW,
  decodeView,
  encodeView,
  isSameBesideZoom,
  keyFilter,
  type View,
} from "./view.ts";

describe("what holds for a panel", () => {
  it("is the page's, then the section's, then its own", () => {
    const page = { ...DEFAULT_SETTINGS, ylog: true, outliers: "p1" as const };
    expect(cascade(page, undefined, undefined)).toBe(page);
    const held = cascade(page, { ylog: false, band: "se" }, { band: "ci" });
    expect(held).toEqual({ ...page, ylog: false, band: "ci" });
  });

  it("is never the logarithm of a date", () => {
    const page = { ...DEFAULT_SETTINGS, xlog: true };
    expect(cascade(page, undefined, { x: "wall" }).xlog).toBe(false);
    expect(cascade(page, undefined, { x: "rel" }).xlog).toBe(true);
  });
});

describe("what a zoom leaves as it was", () => {
  it("is all but the parts of the axes that are shown", () => {
    const zoomed: View = {
      ...DEFAULT_VIEW,
      xr: { lo: 1, hi: 2, axis: "" },
      yr: { loss: [0, 1] },
    };
    expect(isSameBesideZoom(zoomed, DEFAULT_VIEW)).toBe(true);
    expect(isSameBesideZoom({ ...zoomed, tags: "loss" }, DEFAULT_VIEW)).toBe(false);
    expect(isSameBesideZoom(DEFAULT_VIEW, { ...zoomed, ylog: true })).toBe(false);
  });
});

describe("the view in the address", () => {
  it("leaves the default view out", () => {
    expect(encodeView(DEFAULT_VIEW)).toBe("");
    expect(decodeView("")).toEqual(DEFAULT_VIEW);
  });

  it("gives back every part of a view, whatever the names contain", () => {
    const view: View = {
      q: "lr<0.01 and opt in (adam, lion) + 50% & more",
      list: "trash",
      show: "all",
      only: ["a,b", "ü/1", ""],
      hide: ["x=y", "a&b"],
      rpin: ["run,1", "b"],
      base: "run=1",
      g: ["config.opt", "tag"],
      ghide: ['["adam",0.1]'],
      gslots: { '["adam",1]': 4, b: 0 },
      color: "re:seed(\\d+)&",
      pin: ["val/loss", "acc@1"],
      x: "train/epoch",
      xlog: true,
      ylog: true,
      smooth: { kind: "gaussian", sigma: 0.5 },
      outliers: "p5",
      tip: "high",
      restarts: "newest",
      center: "median",
      band: "iqr",
      members: false,
      xr: { lo: -1.5, hi: 1e21, axis: "train/epoch" },
      yr: { "val/loss": [0.1, 1e-300 + 0.5], "a=b&c,d": [-2, -1] },
      marks: { axis: "train@epoch,2", at: [-1.5, 1e21] },
      sections: { train: { smooth: { kind: "ema", weight: 0.9 }, ylog: false } },
      panels: { "val/loss;x:1": { x: "a;b&c:d", smooth: null, members: true } },
      options: { "weights;a:b=c": { mode: "heat", note: "a;b:c&d" } },
      merged: { "train/loss": ["val/loss", "a,b"] },
      off: ["train/x=1", "b,c"],
      moved: [
        { id: "a,b", section: "val;x", after: null },
        { id: "2", section: "", after: "a;b&c" },
        { id: "1", section: "/image", after: "2" },
      ],
      size: { "val/loss": [2, 1], "a=b": [12, 6] },
      grids: { train: [6, 1], "a/b=c": [0, 2.5] },
      sectionsBy: "re:^(a|b)/",
      manual: [
        { id: "7", title: null, panels: ["a,b", "c;d"] },
        { id: "", title: "What; matters, & why", panels: [] },
        { id: "1", title: null, panels: [] },
      ],
      density: "sparkline",
      kind: "image",
      tags: "/^train\\/(loss|acc)$/",
      cols: ["config.lr", "summary.val/loss"],
      spark: "val/loss",
      sort: "summary.val/loss,-created",
      spin: ["train", ""],
      own: { "train/loss": { lo: 2, hi: 8.5, axis: "relative" }, "a=b&c": null },
      events: "off",
      notes: [
        { x: 120, axis: "", text: "lr ÷ 10; see a,b & c" },
        { x: 1.5, axis: "metric:a;b", text: "x" },
      ],
      samey: ["train", ""],
      fold: [""],
      full: "val/loss",
      tcols: ["config.lr", "min.val/loss"],
      freeze: "config.lr",
      differs: true,
      axes: ["config.lr~log", "min.val/loss~flip"],
      axcolor: "min.val/loss",
      below: "scatter",
    };
    expect(decodeView(encodeView(view))).toEqual(view);
  });

  it("is readable and in a stable order", () => {
    const view: View = {
      ...DEFAULT_VIEW,
      x: "rel",
      hide: ["b", "a"],
      q: "adam",
      smooth: { kind: "ema", weight: 0.6 },
      panels: { "val/loss": { ylog: true, smooth: null } },
    };
    expect(encodeView(view)).toBe("?q=adam&hide=b,a&x=rel&sm=ema:0.6&p:val/loss=ylog:1;sm:none");
  });

  it("knows showing nothing from showing the default", () => {
    expect(decodeView(encodeView({ ...DEFAULT_VIEW, only: [] })).only).toEqual([]);
    expect(decodeView(encodeView({ ...DEFAULT_VIEW, spark: "" })).spark).toBe("");
    expect(decodeView(encodeView({ ...DEFAULT_VIEW, manual: [] })).manual).toEqual([]);
  });

  it("takes broken parts for their defaults", () => {
    const view = decodeView(
      "?xr=5,1&sm=ema:1&step=1,2,3&d=huge&ylog=x&list=everything&show=&q=%E0%A4%A&zzz=1&note=x;;a,3;;&events=maybe&full=&mv=;a&size:a=0x1&size:b=2x",
    );
    expect(view).toEqual({ ...DEFAULT_VIEW, q: "%E0%A4%A", full: "" });
  });
});

describe("the panel filter", () => {
  it("is a substring without regard to case", () => {
    expect(keyFilter("LOSS").test("train/loss")).toBe(true);
    expect(keyFilter("loss").test("train/acc")).toBe(false);
  });

  it("is a regular expression between slashes", () => {
    expect(keyFilter("/^val.*loss$/").test("val/loss")).toBe(true);
    expect(keyFilter("/^val.*loss$/").test("train/val/loss")).toBe(false);
  });

  it("shows everything while the expression is broken", () => {
    const filter = keyFilter("/(/");
    expect(filter.isBroken).toBe(true);
    expect(filter.test("anything")).toBe(true);
  });
});

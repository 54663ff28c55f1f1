import { describe, expect, it } from "vitest";
import { DEFAULT_VIEW, decodeView, encodeView, keyFilter, type View } from "./view.ts";

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
      pin: ["val/loss", "acc@1"],
      x: "train/epoch",
      xr: { lo: -1.5, hi: 1e21, axis: "train/epoch" },
      yr: { "val/loss": [0.1, 1e-300 + 0.5], "a=b&c,d": [-2, -1] },
      ylog: ["*"],
      tags: "/^train\\/(loss|acc)$/",
      cols: ["config.lr", "summary.val/loss"],
      sort: "summary.val/loss,-created",
      fold: ["system"],
      full: "val/loss",
    };
    expect(decodeView(encodeView(view))).toEqual(view);
  });

  it("is readable and in a stable order", () => {
    const view = { ...DEFAULT_VIEW, x: "rel", hide: ["b", "a"], q: "adam", ylog: ["val/loss"] };
    expect(encodeView(view)).toBe("?q=adam&hide=b,a&x=rel&ylog=val/loss");
  });

  it("knows showing nothing from showing the default", () => {
    expect(decodeView(encodeView({ ...DEFAULT_VIEW, only: [] })).only).toEqual([]);
  });

  it("takes broken parts for their defaults", () => {
    const view = decodeView("?xr=5,1&list=everything&show=&q=%E0%A4%A&zzz=1&full=");
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

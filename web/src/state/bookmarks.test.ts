import { describe, expect, test } from "vitest";
import { readBookmark } from "./bookmarks.ts";
import { decodeView } from "./view.ts";

function viewOf(search: string, hash: string) {
  const found = readBookmark(search, hash);
  if (found === null) throw new Error("no bookmark");
  return decodeView(found.query);
}

describe("bookmarks of TensorBoard", () => {
  test("both forms of one selection lead to the same panels", () => {
    expect(viewOf("", "#scalars&tagFilter=loss")).toMatchObject({ tags: "loss", kind: "line" });
    const series = viewOf("?tagFilter=loss&smoothing=0.8", "#timeseries");
    expect(series).toMatchObject({ tags: "loss", kind: "", smooth: { kind: "ema", weight: 0.8 } });
  });

  test("a tab is a kind of panel", () => {
    expect(viewOf("", "#images").kind).toBe("image");
    expect(viewOf("", "#distributions").kind).toBe("histogram");
    expect(viewOf("", "#pr_curves").kind).toBe("pr_curve");
    expect(readBookmark("", "#hparams")).toMatchObject({ page: "/hparams", query: "" });
  });

  test("regular expressions stay regular expressions", () => {
    const view = viewOf("?tagFilter=loss%7Cacc.*&runFilter=exp%5B12%5D%2Ftrain", "#timeseries");
    expect(view.tags).toBe("/loss|acc.*/");
    expect(view.q).toBe("/exp[12]\\/train/");
  });

  test("what older tabs keep is read", () => {
    const hash = "#scalars&regexInput=train&_smoothingWeight=0.9&_ignoreYOutliers=true";
    const view = viewOf("", hash);
    expect(view).toMatchObject({ q: "train", smooth: { kind: "ema", weight: 0.9 } });
    expect(view.outliers).toBe("p1");
  });

  test("pinned cards, colours and the theme", () => {
    const cards = JSON.stringify([
      { plugin: "scalars", tag: "loss/train" },
      { plugin: "images", tag: "sample", runId: "a", sample: 0 },
      null,
    ]);
    const search = `?pinnedCards=${encodeURIComponent(cards)}&runColorGroup=regex%3A(a%7Cb)&darkMode=true`;
    const view = viewOf(search, "#timeseries");
    expect(view.pin).toEqual(["loss/train", "sample"]);
    expect(view.color).toBe("re:(a|b)");
    expect(readBookmark(search, "#timeseries")?.theme).toBe("dark");
  });

  test("nonsense is no bookmark, or leaves out what it cannot read", () => {
    expect(readBookmark("?tagFilter=loss", "")).toBeNull();
    expect(readBookmark("", "#top")).toBeNull();
    expect(readBookmark("", "#constructor")).toBeNull();
    const view = viewOf("?smoothing=7&pinnedCards=%7B&darkMode=maybe", "#timeseries");
    expect(view.smooth).toBeNull();
    expect(view.pin).toEqual([]);
  });
});

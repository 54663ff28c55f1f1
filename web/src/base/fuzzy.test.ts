import { describe, expect, it } from "vitest";
import { bestOf, foundRanges, needleOf, score } from "./fuzzy.ts";

function ranked(text: string, names: readonly string[]): string[] {
  const lower = names.map((name) => name.toLowerCase());
  return bestOf(needleOf(text), lower, 10).map((index) => names[index]!);
}

describe("fuzzy search", () => {
  it("puts whole words before scattered letters, and beginnings before middles", () => {
    const names = ["train/global_loss", "val/loss", "loss", "lo_samples_sum", "gloss"];
    expect(ranked("loss", names)).toEqual([
      "loss",
      "val/loss",
      "train/global_loss",
      "gloss",
      "lo_samples_sum",
    ]);
  });

  it("finds letters that follow one another, and all words in any order", () => {
    expect(ranked("tracc", ["train/accuracy", "val/loss"])).toEqual(["train/accuracy"]);
    expect(ranked("loss val", ["val/loss", "train/loss"])).toEqual(["val/loss"]);
    expect(ranked("VAL", ["Val/Loss"])).toEqual(["Val/Loss"]);
    expect(score(needleOf("xyz"), "val/loss")).toBe(0);
  });

  it("answers everything to nothing, and at most as many as asked for", () => {
    expect(ranked("", ["a long name", "b"])).toEqual(["a long name", "b"]);
    expect(bestOf(needleOf("a"), Array<string>(100).fill("a"), 7)).toHaveLength(7);
  });

  it("says where the words stand", () => {
    expect(foundRanges(needleOf("los va"), "val/Loss")).toEqual([
      [0, 2],
      [4, 7],
    ]);
    expect(foundRanges(needleOf("vls"), "val/loss")).toEqual([
      [0, 1],
      [2, 3],
      [6, 7],
    ]);
  });
});

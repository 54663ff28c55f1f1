import { describe, expect, it } from "vitest";
import { headNames } from "./columns.ts";

describe("the heads of the run list", () => {
  it("are whole where they fit", () => {
    expect(headNames(["config.lr", "summary.val/loss"])).toEqual(["lr", "val/loss"]);
  });

  it("are the ends of longer paths, with what is looked at", () => {
    expect(headNames(["last.train/loss", "min.train/accuracy"])).toEqual(["loss", "min accuracy"]);
    expect(headNames(["config.optimizer_name"])).toEqual(["optimizer_name"]);
    expect(headNames(["min.loss", "max.loss"])).toEqual(["min.loss", "max.loss"]);
  });

  it("are paths where the ends are the same", () => {
    expect(headNames(["summary.train/loss", "summary.valid/loss"])).toEqual([
      "train/loss",
      "valid/loss",
    ]);
    expect(headNames(["min.train/loss", "max.train/loss"])).toEqual(["min loss", "max loss"]);
  });
});

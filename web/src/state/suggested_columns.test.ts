import { describe, expect, it } from "vitest";
import { suggestColumns } from "./suggested_columns.ts";

const columns = (...names: string[]) => names.map((name) => ({ name, type: "number", runs: 3 }));

describe("suggestColumns", () => {
  it("names the learning rate and the validation loss", () => {
    const all = columns(
      "config.batch_size",
      "config.optimizer.lr",
      "config.alert",
      "summary.train/loss",
      "summary.val/accuracy",
      "summary.val/loss",
    );
    expect(suggestColumns(all)).toEqual(["config.optimizer.lr", "summary.val/loss"]);
  });

  it("takes what is there, and nothing that is none of these", () => {
    expect(suggestColumns(columns("config.seed", "summary.loss"))).toEqual(["summary.loss"]);
    expect(suggestColumns(columns("config.hidden", "summary.glossy"))).toEqual(["config.hidden"]);
    expect(suggestColumns([])).toEqual([]);
  });
});

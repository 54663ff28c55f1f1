import { describe, expect, it } from "vitest";
import type { Run } from "../data/wire.ts";
import { keepOrder } from "./list_rows.ts";

const runs = (uids: string) => [...uids].map((uid) => ({ uid }) as Run);
const kept = (now: string, before: string) => {
  const { runs: found, held } = keepOrder(runs(now), [...before]);
  return [found.map((run) => run.uid).join(""), held];
};

describe("the order that is kept while the pointer is over the list", () => {
  it("lets new runs wait that would push others down", () => {
    expect(kept("xyabc", "abc")).toEqual(["abc", 2]);
    expect(kept("axbc", "abc")).toEqual(["abc", 1]);
  });

  it("takes in what is read on, and lets go of what is gone", () => {
    expect(kept("abcde", "abc")).toEqual(["abcde", 0]);
    expect(kept("ac", "abc")).toEqual(["ac", 0]);
    expect(kept("abc", "")).toEqual(["abc", 0]);
  });

  it("does not move runs whose value has changed", () => {
    expect(kept("cab", "abc")).toEqual(["abc", 0]);
    expect(kept("cxabd", "abc")).toEqual(["abcd", 1]);
  });
});

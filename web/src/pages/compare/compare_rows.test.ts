import { describe, expect, it } from "vitest";
import { compareRows, deltaOf, leavesOf, packagesOf } from "./compare_rows.ts";

describe("leavesOf", () => {
  it("names leaves by their path, and takes lists and empty objects as they are", () => {
    const leaves = leavesOf({ a: { b: { c: 1 }, d: [1, { x: 2 }] }, e: {}, f: null });
    expect([...leaves]).toEqual([
      ["a.b.c", 1],
      ["a.d", [1, { x: 2 }]],
      ["e", {}],
      ["f", null],
    ]);
  });
});

describe("compareRows", () => {
  it("has every name once, and tells what differs from what is missing and what is the same", () => {
    const rows = compareRows([
      { lr: 0.1, opt: "adam", net: { width: 64 } },
      { lr: 0.01, opt: "adam", net: { width: 64, depth: 2 } },
    ]);
    expect(rows).toEqual([
      { name: "lr", values: [0.1, 0.01], differs: true },
      { name: "opt", values: ["adam", "adam"], differs: false },
      { name: "net.width", values: [64, 64], differs: false },
      { name: "net.depth", values: [undefined, 2], differs: true },
    ]);
  });

  it("finds lists of objects equal whatever the order of their names is", () => {
    const [row] = compareRows([{ a: [{ x: 1, y: 2 }] }, { a: [{ y: 2, x: 1 }] }]);
    expect(row!.differs).toBe(false);
  });

  it("tells a number from a text that reads the same", () => {
    expect(compareRows([{ a: 1 }, { a: "1" }])[0]!.differs).toBe(true);
  });
});

describe("packagesOf", () => {
  it("reads versions and addresses, and leaves out comments and options", () => {
    const text = "torch==2.13.0\n# made by pip\n-e .\nmine @ file:///x\nNumPy==2.4\nbare\n";
    expect(packagesOf(text)).toEqual({
      bare: "",
      mine: "file:///x",
      NumPy: "2.4",
      torch: "2.13.0",
    });
  });
});

describe("deltaOf", () => {
  it("is signed, and empty without two different numbers", () => {
    expect(deltaOf(0.5, 0.75)).toBe("−0.2500");
    expect(deltaOf(3, 1)).toBe("+2");
    expect(deltaOf(1, 1)).toBe("");
    expect(deltaOf("NaN", 1)).toBe("");
    expect(deltaOf(1, undefined)).toBe("");
  });
});

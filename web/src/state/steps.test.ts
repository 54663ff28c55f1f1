import { describe, expect, it } from "vitest";
import { indexAt, stepAfter, union } from "./steps.ts";

describe("union", () => {
  it("holds every step once, in order", () => {
    expect(union([[5, 1, 3], [1, 2], [5, 1, 3], []])).toEqual([1, 2, 3, 5]);
  });
});

describe("indexAt", () => {
  it("is the nearest step that is not after", () => {
    const steps = [0, 10, 20];
    expect([-1, 0, 9, 10, 25].map((at) => indexAt(steps, at))).toEqual([-1, 0, 0, 1, 2]);
    expect(indexAt([], 1)).toBe(-1);
  });
});

describe("stepAfter", () => {
  const steps = [0, 10, 20];

  it("goes through the steps, and ends with the newest", () => {
    expect(stepAfter(steps, 0, 1)).toBe(10);
    expect(stepAfter(steps, 10, 1)).toBeNull();
    expect(stepAfter(steps, null, 1)).toBeNull();
    expect(stepAfter(steps, null, -1)).toBe(10);
    expect(stepAfter(steps, 0, -1)).toBe(0);
  });

  it("leads from a mark between steps to its neighbours", () => {
    expect(stepAfter(steps, 14, 1)).toBeNull();
    expect(stepAfter(steps, 4, 1)).toBe(10);
    expect(stepAfter(steps, 14, -1)).toBe(10);
    expect(stepAfter(steps, 99, -1)).toBe(20);
    expect(stepAfter(steps, -5, -1)).toBe(0);
    expect(stepAfter(steps, -5, 1)).toBe(0);
  });

  it("leads nowhere without steps", () => {
    expect(stepAfter([], null, 1)).toBeUndefined();
  });
});

import { expect, it } from "vitest";
import { positiveRange } from "./drawing.ts";

it("keeps the ranges that a logarithmic axis can show", () => {
  expect(positiveRange([-5, 10], false, "step")).toEqual([-5, 10]);
  expect(positiveRange([3, 10], true, "step")).toEqual([3, 10]);
  expect(positiveRange(null, true, "step")).toBeNull();
});

it("begins others at something small", () => {
  expect(positiveRange([0, 500], true, "step")).toEqual([1, 500]);
  expect(positiveRange([0, 500], true, "relative")).toEqual([0.5, 500]);
  expect(positiveRange([0, 1], true, "step")).toEqual([0.5, 1]);
  expect(positiveRange([-5, -1], true, "step")).toBeNull();
});

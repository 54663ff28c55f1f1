import { expect, it } from "vitest";
import { createViewHistory } from "./view_history.ts";

it("goes back view by view", () => {
  const history = createViewHistory();
  expect(history.pop()).toBeUndefined();
  history.push({ view: null, yRange: null });
  history.push({ view: { x0: 1, x1: 2 }, yRange: [0, 1] });
  expect(history.pop()).toEqual({ view: { x0: 1, x1: 2 }, yRange: [0, 1] });
  expect(history.pop()).toEqual({ view: null, yRange: null });
  expect(history.pop()).toBeUndefined();
});

import { afterEach, expect, it, vi } from "vitest";
import { AGAIN_MS, hasRoom } from "./frame_turns.ts";

afterEach(() => vi.restoreAllMocks());

/** Plots that each take `cost` milliseconds and ask again where a frame has no room; the frames they were drawn in. */
function framesOf(costs: readonly number[], first = 1000): number[] {
  let now = first;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const drawn = costs.map(() => -1);
  let waiting = costs.map((_, plot) => plot);
  for (let frame = 0; waiting.length > 0; frame++) {
    const time = first + frame * 16;
    now = Math.max(now, time);
    waiting = waiting.filter((plot) => {
      if (!hasRoom(time, AGAIN_MS)) return true;
      now += costs[plot]!;
      drawn[plot] = frame;
      return false;
    });
  }
  return drawn;
}

it("draws all in one frame where they fit", () => {
  expect(framesOf([1, 1, 1, 1, 1, 1], 1000)).toEqual([0, 0, 0, 0, 0, 0]);
});

it("lets those wait that do not fit, and takes them up in turn", () => {
  expect(framesOf([4, 4, 4, 4, 4, 4, 4], 5000)).toEqual([0, 0, 0, 1, 1, 1, 2]);
});

it("draws one in each frame, however long it takes", () => {
  expect(framesOf([40, 40, 40], 9000)).toEqual([0, 1, 2]);
});

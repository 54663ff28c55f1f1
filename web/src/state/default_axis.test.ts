import { expect, it } from "vitest";
import type { Key } from "../data/wire.ts";
import { defaultAxis, stepMetric } from "./default_axis.ts";

const key = (x: string | null): Key => ({
  name: "loss",
  kinds: ["f64"],
  media: [],
  runs: 1,
  x,
  hidden: false,
  first: 0,
  rows: 1,
});

it("draws a key on the step, on the metric that was defined, or on a clock", () => {
  expect(defaultAxis(key(null))).toBe("step");
  expect(defaultAxis(key("epoch"))).toBe("metric:epoch");
  expect(defaultAxis(key("_runtime"))).toBe("relative");
  expect(defaultAxis(key("_timestamp"))).toBe("wall");
  expect(defaultAxis(key("_step"))).toBe("step");
});

it("tells logged metrics from clocks", () => {
  expect(stepMetric(key("epoch"))).toBe("epoch");
  expect(stepMetric(key("_runtime"))).toBeNull();
  expect(stepMetric(key(null))).toBeNull();
});

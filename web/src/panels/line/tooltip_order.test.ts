import { describe, expect, it } from "vitest";
import type { TipOrder } from "../../state/settings.ts";
import { inOrder } from "./tooltip_order.ts";

const ROWS = [
  { label: "run-10", y: 2 },
  { label: "run-9", y: Number.NaN },
  { label: "run-2", y: -1 },
  { label: "run-1", y: Number.POSITIVE_INFINITY },
];

function labels(order: TipOrder): string {
  return inOrder(ROWS, order, ({ y }) => y)
    .map(({ label }) => label)
    .join(" ");
}

describe("the rows of a tooltip", () => {
  it("come as they are, by value with what is no number last, or by name", () => {
    expect(labels("near")).toBe("run-10 run-9 run-2 run-1");
    expect(labels("high")).toBe("run-1 run-10 run-2 run-9");
    expect(labels("low")).toBe("run-2 run-10 run-9 run-1");
    expect(labels("name")).toBe("run-1 run-2 run-9 run-10");
  });
});

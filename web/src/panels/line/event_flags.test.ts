import { describe, expect, it } from "vitest";
import { eventText, flagText } from "./event_flags.ts";

const FLAG = { color: "#000", shape: "end", name: "run-1", note: null } as const;

describe("what is said of a flag", () => {
  it("says what happened, and to which session", () => {
    const at = { time: 0, step: 1, x: 1 };
    expect(eventText({ ...at, kind: "end", title: "crashed" })).toBe("crashed");
    expect(eventText({ ...at, kind: "resume", title: "2" })).toBe("resumed (session 2)");
    expect(eventText({ ...at, kind: "alert", title: "NaN", text: "since 3" })).toBe(
      "alert: NaN. since 3",
    );
    expect(eventText({ ...at, kind: "artifact", title: "model:v3" })).toBe("logged model:v3");
  });

  it("says where, in the words of the axis", () => {
    expect(flagText({ ...FLAG, text: "crashed", x: 1200 }, "step")).toBe(
      "run-1 crashed at step 1,200",
    );
    expect(flagText({ ...FLAG, text: "crashed", x: 2.5 }, "metric:epoch")).toBe(
      "run-1 crashed at epoch 2.500",
    );
    const note = { ...FLAG, name: "", note: 0, text: "warm-up ends", x: 72 };
    expect(flagText(note, "relative")).toMatch(/^Note at 1 ?m.*: warm-up ends$/);
  });
});

import { describe, expect, it } from "vitest";
import type { Run } from "../data/wire.ts";
import { changed } from "./edits.ts";
import { Picks } from "./picks.ts";
import { columnValue } from "./run_values.ts";
import { withRunning } from "./shown_runs.ts";
import { Workspace } from "./workspace.ts";

function run(ordinal: number): Run {
  const id = `r${ordinal}`;
  const told = { uid: `u${ordinal}`, id, name: id, ordinal, created: ordinal, version: 1 };
  return { ...told, entity: "local", project: "digits" } as Run;
}

/** A workspace whose list holds runs 9 to 0, newest first, and what it draws. */
function workspace() {
  const ws = new Workspace("local", "digits");
  const runs = Array.from({ length: 30 }, (_, i) => run(29 - i));
  ws.learn(runs);
  ws.list.runs.value = runs;
  const drawn = () => ws.shown.value.map((one) => one.id).join(" ");
  return { ws, drawn };
}

describe("the runs that are drawn", () => {
  it("are the newest by default, and what a rule says", () => {
    const { ws, drawn } = workspace();
    expect(ws.shown.value.length).toBe(20);
    ws.chosen.showSet("latest");
    expect(drawn()).toBe("r29");
    ws.chosen.showSet("latest10");
    expect(ws.shown.value.length).toBe(10);
    ws.chosen.showSet("all");
    expect(ws.shown.value.length).toBe(30);
    ws.chosen.showSet("none");
    expect(drawn()).toBe("");
  });

  it("have the pinned ones and the baseline among them, unless they are hidden", () => {
    const { ws, drawn } = workspace();
    ws.set({ show: "latest", rpin: ["r3", "r7"], base: "r1" });
    expect(drawn()).toBe("r1 r3 r7 r29");
    ws.showRuns(["r3"], false);
    expect(drawn()).toBe("r1 r7 r29");
    // One that was moved to another project has left.
    ws.amend(["u7"], (run) => ({ ...run, project: "other" }));
    expect(drawn()).toBe("r1 r29");
    ws.amend(["u7"], (run) => ({ ...run, project: "digits" }));
    ws.set({ show: "pinned" });
    expect(drawn()).toBe("r1 r7");
    ws.solo("r5");
    expect(drawn()).toBe("r1 r5");
    ws.showRuns(["r1"], false);
    expect(drawn()).toBe("r5");
    ws.solo("r5");
    ws.solo("r5");
    expect(drawn()).toBe("r1 r3 r7");
  });

  it("have rows: of those chosen by hand the filter takes out what it takes out of the list", () => {
    const { ws, drawn } = workspace();
    ws.set({ only: ["r2", "r5", "r8"] });
    const pass = (uids: string[], matched = uids.length) => {
      ws.list.runs.value = ws.list.runs.value.filter(({ uid }) => uids.includes(uid));
      ws.list.matched.value = matched;
      ws.list.answered.value = { filter: "x", sort: "-created", columns: [], list: "active" };
    };
    // Read to a part: whether r2 passes is not known yet.
    pass(["u8", "u5"], 3);
    expect(drawn()).toBe("r2 r5 r8");
    pass(["u8", "u5"]);
    expect(drawn()).toBe("r5 r8");
    expect(ws.chosen.rowCount.value).toBe(2);
    ws.set({ base: "r2" });
    expect(drawn()).toBe("r2 r5 r8");
    expect(ws.chosen.rowCount.value).toBe(3);
    // One more is chosen while the filter is on; the others are chosen still.
    pass(["u8"]);
    ws.showRuns(["r9"], true);
    expect(ws.view.value.only).toEqual(["r2", "r5", "r8", "r9"]);
  });

  it("become a choice of their own when one is added that no rule draws", () => {
    const { ws } = workspace();
    ws.showRuns(["r2"], true);
    expect(ws.view.value.only).toHaveLength(21);
    ws.chosen.showSet("all");
    ws.showRuns(["r2"], false);
    ws.showRuns(["r2"], true);
    expect(ws.view.value).toMatchObject({ only: null, hide: [] });
  });

  it("are asked for together with the filter when only running ones are", () => {
    expect(withRunning("")).toBe("state:running");
    expect(withRunning(" a or b ")).toBe("state:running and (a or b)");
    expect(JSON.parse(withRunning('{"tags": "x"}'))).toEqual({
      $and: [{ state: "running" }, { tags: "x" }],
    });
  });
});

describe("a changed run", () => {
  it("has the tags that were added and removed, and keeps the rest", () => {
    const before = { ...run(1), tags: ["a", "b"] } as Run;
    expect(changed(before, { add_tags: ["c", "a"], remove_tags: ["b"] }).tags).toEqual(["a", "c"]);
    expect(changed(before, { color: 4, name: "x" })).toMatchObject({
      color: 4,
      name: "x",
      id: "r1",
    });
  });
});

describe("picks", () => {
  it("extend from the last one in either direction", () => {
    const picks = new Picks();
    picks.toggle("d");
    picks.extend("b", ["a", "b", "c", "d"]);
    expect([...picks.uids.value].sort()).toEqual(["b", "c", "d"]);
    picks.toggle("c");
    expect(picks.uids.value.has("c")).toBe(false);
    picks.clear();
    expect(picks.areShown.value).toBe(false);
  });
});

describe("a value of a run", () => {
  it("is found in its columns, its fields, or the document of one that was read whole", () => {
    const listed = { ...run(1), columns: { "config.lr": 0.1 }, tags: ["x"] } as Run;
    expect(columnValue(listed, "config.lr")).toBe(0.1);
    expect(columnValue(listed, "tag")).toBe("x");
    const whole = { ...run(1), config: { a: { "b.c": 2 } }, summary: { "val/loss": 3 } };
    expect(columnValue(whole as unknown as Run, "config.a.b.c")).toBe(2);
    expect(columnValue(whole as unknown as Run, "summary.val/loss")).toBe(3);
    expect(columnValue(whole as unknown as Run, "config.z")).toBeNull();
  });
});

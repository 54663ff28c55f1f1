import { describe, expect, test, vi } from "vitest";
import type { Run, RunPage } from "../data/wire.ts";
import { type AskRows, TableRows, WINDOW } from "./table_rows.ts";

const QUERY = { filter: "", sort: "-created", list: "active" as const };

/** A server of `count` runs that answers with each column's name and the run's place. */
function server(count: number) {
  const log: string[] = [];
  const ask: AskRows = async ({ offset, limit, columns, sort }) => {
    log.push(`${sort} ${offset} ${columns.join(",")}`);
    const places = Array.from(
      { length: Math.max(0, Math.min(limit, count - offset)) },
      (_, i) => offset + i,
    );
    const runs = places.map((place) => ({
      uid: `u${place}`,
      columns: Object.fromEntries(columns.map((name) => [name, `${name}@${place}`])),
    }));
    return {
      runs: runs as unknown as Run[],
      next: null,
      total: count,
      matched: count,
      version: 1,
    } satisfies RunPage;
  };
  return { ask, log };
}

const settled = () => new Promise((done) => setTimeout(done, 5));

describe("the rows of a table", () => {
  test("are read in windows, with the columns in sight", async () => {
    const { ask, log } = server(1000);
    const rows = new TableRows(ask);
    rows.look({ rows: [0, 30], columns: ["a"] });
    rows.ask(QUERY);
    await settled();
    expect(log).toEqual(["-created 0 a"]);
    expect(rows.at(7)!.columns).toEqual({ a: "a@7" });
    expect(rows.at(WINDOW)).toBeUndefined();
    rows.look({ rows: [190, 230], columns: ["a", "b"] });
    await settled();
    expect(log.slice(1)).toEqual(["-created 0 b", "-created 200 a,b"]);
    // What came with the first answer stays beside what came with the second.
    expect(rows.at(7)!.columns).toEqual({ a: "a@7", b: "b@7" });
    expect(rows.matched.value).toBe(1000);
  });

  test("beyond the end are not asked for", async () => {
    const { ask, log } = server(150);
    const rows = new TableRows(ask);
    rows.ask(QUERY);
    await settled();
    rows.look({ rows: [140, 900], columns: [] });
    await settled();
    expect(log).toHaveLength(1);
  });

  test("of another query push out the old ones with the first answer, not before", async () => {
    const { ask, log } = server(300);
    const rows = new TableRows(ask);
    rows.look({ rows: [0, 250], columns: ["a"] });
    rows.ask(QUERY);
    await settled();
    rows.ask({ ...QUERY, sort: "name" });
    expect(rows.at(250)).toBeDefined();
    await settled();
    expect(log).toEqual(["-created 0 a", "-created 200 a", "name 0 a", "name 200 a"]);
    expect(rows.at(250)).toBeDefined();
  });

  test("are read again after a change, and only those in sight", async () => {
    const { ask, log } = server(1000);
    const rows = new TableRows(ask);
    rows.look({ rows: [0, 30], columns: ["a"] });
    rows.ask(QUERY);
    await settled();
    rows.look({ rows: [400, 430], columns: ["a"] });
    await settled();
    log.length = 0;
    rows.refresh();
    await settled();
    expect(log).toEqual(["-created 400 a"]);
    rows.look({ rows: [0, 30], columns: ["a"] });
    await settled();
    expect(log).toEqual(["-created 400 a", "-created 0 a"]);
  });

  test("an error is told, the rows stay, and the next look asks again", async () => {
    const { ask } = server(10);
    const failing = vi.fn(ask);
    const rows = new TableRows(failing);
    rows.ask(QUERY);
    await settled();
    failing.mockRejectedValueOnce(new Error("away"));
    rows.refresh();
    await settled();
    expect(rows.error.value!.message).toBe("away");
    expect(rows.at(3)).toBeDefined();
    rows.look({ rows: [0, 9], columns: [] });
    await settled();
    expect(rows.error.value).toBeNull();
  });

  test("every run that an answer names is told", async () => {
    const { ask } = server(3);
    const told: string[] = [];
    const rows = new TableRows(ask, (runs) => told.push(...runs.map((run) => run.uid)));
    rows.ask(QUERY);
    await settled();
    expect(told).toEqual(["u0", "u1", "u2"]);
  });
});

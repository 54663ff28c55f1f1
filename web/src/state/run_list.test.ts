import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Run } from "../data/wire.ts";
import { RunList } from "./run_list.ts";

/** A server of runs, newest first, that answers the runs route page by page. */
class Server {
  readonly asked: URL[] = [];
  failure: { status: number; message: string } | null = null;
  runs: Run[] = [];

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.add(`run-${i}`);
  }

  add(uid: string): void {
    const version = this.runs.length;
    this.runs.unshift({ uid, id: uid, name: uid, state: "finished", version } as Run);
  }

  fetch = async (address: string): Promise<Response> => {
    const url = new URL(address);
    this.asked.push(url);
    if (this.failure) {
      const { status, message } = this.failure;
      return Response.json({ error: { code: "failed", message } }, { status });
    }
    const limit = Number(url.searchParams.get("limit"));
    const wanted = url.searchParams.get("filter") ?? "";
    const all = this.runs.filter((run) => run.name.includes(wanted));
    // A cursor names the last run answered, so that pages do not slip when runs are added.
    const after = url.searchParams.get("cursor");
    const start = after === null ? 0 : all.findIndex((run) => run.uid === after) + 1;
    const runs = all.slice(start, start + limit);
    const next = start + limit < all.length ? runs.at(-1)!.uid : null;
    const counts = { total: this.runs.length, matched: all.length, version: 1 };
    return Response.json({ runs, next, ...counts });
  };
}

const QUERY = { filter: "", sort: "-created", columns: [], list: "active" } as const;

function open(count: number): { server: Server; list: RunList } {
  const server = new Server(count);
  vi.stubGlobal("fetch", server.fetch);
  return { server, list: new RunList("local", "digits") };
}

const names = (list: RunList) => list.runs.value.map((run) => run.uid);

describe("RunList", () => {
  beforeEach(() => {
    vi.stubGlobal("document", { baseURI: "http://server/base/", documentElement: { dataset: {} } });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("reads the first page only, and says how many there are", async () => {
    const { server, list } = open(2500);
    await list.ask(QUERY);
    expect(list.runs.value).toHaveLength(100);
    expect([list.matched.value, list.total.value]).toEqual([2500, 2500]);
    expect(server.asked[0]!.pathname).toBe("/base/api/v1/projects/local/digits/runs");
  });

  it("reads on as far as it is scrolled, each run once and in order", async () => {
    const { server, list } = open(2500);
    await list.ask(QUERY);
    await list.ensure(1500);
    expect(list.runs.value).toHaveLength(2100);
    await list.ensure(2499);
    expect(names(list)).toEqual(server.runs.map((run) => run.uid));
    const asked = server.asked.length;
    await list.ensure(2499);
    expect(server.asked).toHaveLength(asked);
  });

  it("takes new runs in at the top without losing one at the edge of a page", async () => {
    const { server, list } = open(300);
    await list.ask(QUERY);
    await list.ensure(299);
    for (let i = 300; i < 320; i++) server.add(`run-${i}`);
    await list.refresh(new Set(["run-319"]));
    expect(names(list)).toEqual(server.runs.map((run) => run.uid));
    expect(list.matched.value).toBe(320);
  });

  it("reads again only the pages in which something changed", async () => {
    const { server, list } = open(2500);
    await list.ask(QUERY);
    await list.ensure(2499);
    server.asked.length = 0;
    server.runs[2200]!.name = "renamed";
    await list.refresh(new Set([server.runs[2200]!.uid]));
    expect(server.asked).toHaveLength(2);
    expect(list.runs.value[2200]!.name).toBe("renamed");
    expect(list.runs.value).toHaveLength(2500);
  });

  it("drops a run that was deleted", async () => {
    const { server, list } = open(150);
    await list.ask(QUERY);
    await list.ensure(149);
    server.runs.splice(3, 1);
    await list.refresh(null);
    expect(names(list)).toEqual(server.runs.map((run) => run.uid));
  });

  it("keeps the last good list when a filter cannot be read, and says why", async () => {
    const { server, list } = open(30);
    await list.ask(QUERY);
    server.failure = { status: 400, message: "The filter ends too soon." };
    await list.ask({ ...QUERY, filter: "lr<(" });
    expect(list.error.value?.message).toBe("The filter ends too soon.");
    expect(list.runs.value).toHaveLength(30);
    server.failure = null;
    await list.ask({ ...QUERY, filter: "run-1" });
    expect(list.error.value).toBe(null);
    expect(list.matched.value).toBe(11);
  });

  it("asks again after a first question without an answer: the project may have begun", async () => {
    const { server, list } = open(3);
    server.failure = { status: 404, message: "There is no project." };
    await list.ask(QUERY);
    await list.refresh(null);
    expect(list.error.value?.message).toBe("There is no project.");
    server.failure = null;
    await list.refresh(new Set(["run-1"]));
    expect(list.error.value).toBe(null);
    expect(list.matched.value).toBe(3);
  });

  it("forgets the answer to an older question", async () => {
    const { server, list } = open(30);
    let release = () => {};
    const held = new Promise<void>((done) => {
      release = done;
    });
    vi.stubGlobal("fetch", async (address: string) => {
      if (!address.includes("filter")) await held;
      return server.fetch(address);
    });
    const slow = list.ask(QUERY);
    await list.ask({ ...QUERY, filter: "run-2" });
    release();
    await slow;
    expect(list.matched.value).toBe(11);
  });
});

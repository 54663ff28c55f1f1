import { describe, expect, it } from "vitest";
import { comparedIds, readPath } from "./route.ts";

function routeOf(path: string) {
  return readPath(path).route;
}

describe("addresses of a run", () => {
  const run = { page: "run", entity: "me", project: "digits", run: "r 1" };

  it("name a tab, the charts where they name none", () => {
    expect(routeOf("me/digits/runs/r%201")).toEqual({ ...run, tab: "charts", file: "" });
    for (const tab of ["overview", "logs", "system", "files", "code", "artifacts"]) {
      expect(routeOf(`me/digits/runs/r%201/${tab}`)).toEqual({ ...run, tab, file: "" });
    }
  });

  it("go on with the path of a file where there are files", () => {
    const file = "media/naïve #1 %41.png";
    const path = file.split("/").map(encodeURIComponent).join("/");
    expect(routeOf(`me/digits/runs/r%201/files/${path}`)).toEqual({ ...run, tab: "files", file });
    expect(routeOf("me/digits/runs/r%201/code/code/a.py")).toEqual({
      ...run,
      tab: "code",
      file: "code/a.py",
    });
  });

  it("name the runs that are compared, whatever their ids contain", () => {
    expect(comparedIds("?x=1&runs=run%201,a%2Cb,run%201")).toEqual(["run 1", "a,b"]);
    expect(comparedIds("?runs=")).toEqual([]);
    expect(readPath("local/digits/compare").route).toEqual({
      ...{ page: "compare", entity: "local", project: "digits" },
    });
  });

  it("lead nowhere with anything else", () => {
    for (const path of ["no-such-tab", "logs/x", "overview/a/b"]) {
      expect(routeOf(`me/digits/runs/r/${path}`).page).toBe("unknown");
    }
  });
});

import { afterEach, expect, it, vi } from "vitest";

afterEach(() => vi.unstubAllGlobals());

it("holds each announced answer once, and none once the page has begun", async () => {
  const element = { textContent: '{"keys": []}', remove: () => undefined };
  vi.stubGlobal("CSS", { escape: (text: string) => text });
  vi.stubGlobal("document", {
    baseURI: "http://server/base/",
    readyState: "complete",
    documentElement: { dataset: { answers: "api/keys api/runs" } },
    querySelector: (selector: string) => (selector.includes("api/keys") ? element : null),
  });
  vi.resetModules();
  const { forgetAnswers, isInPage, takeAnswer } = await import("./page_answers.ts");
  const [keys, runs] = ["http://server/base/api/keys", "http://server/base/api/runs"];
  expect([keys, runs].map(isInPage)).toEqual([true, true]);
  expect(await takeAnswer(keys)).toEqual({ keys: [] });
  expect([keys, runs].map(isInPage)).toEqual([false, true]);
  forgetAnswers();
  expect(isInPage(runs)).toBe(false);
});

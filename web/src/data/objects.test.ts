import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { mediaUrl } from "./objects.ts";

describe("mediaUrl", () => {
  beforeEach(() => {
    vi.stubGlobal("document", {
      baseURI: "https://here.org/base/path/",
      documentElement: { dataset: {} },
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("stands below the base of the page", () => {
    const at = (url: string, thumb?: number) => mediaUrl({ url }, thumb);
    expect(at("/api/v1/blobs/ab12")).toBe("https://here.org/base/path/api/v1/blobs/ab12");
    expect(at("/base/path/api/v1/blobs/ab12", 256)).toBe(
      "https://here.org/base/path/api/v1/blobs/ab12?thumb=256",
    );
    expect(at("/api/v1/sources/w-1/0/12/99")).toBe(
      "https://here.org/base/path/api/v1/sources/w-1/0/12/99",
    );
  });

  it("leads nowhere else, whatever a script has logged", () => {
    const urls = [
      "https://evil.org/x.png",
      "javascript:alert(1)",
      "//evil.org",
      "",
      "/login?x",
      "x",
    ];
    for (const url of [
      ...urls,
      "https://evil.org/api/v1/blobs/x?y#z",
      "data:image/png;base64,AA",
    ]) {
      expect(mediaUrl({ url })).toBe("https://here.org/base/path/api/v1/blobs/none");
    }
    expect(mediaUrl({ url: "https://evil.org/api/v1/blobs/x" })).toBe(
      "https://here.org/base/path/api/v1/blobs/x",
    );
  });
});

import { describe, expect, it } from "vitest";
import { diffLines } from "./line_diff.ts";
import { textIn } from "./text_value.ts";

describe("textIn", () => {
  it("reads texts and tables, and nothing else", () => {
    expect(textIn({ _type: "text", text: "a", format: "plain" })).toMatchObject({
      text: "a",
      format: "plain",
    });
    expect(textIn({ _type: "text", text: "a", format: "script" })!.format).toBe("markdown");
    expect(textIn({ _type: "text", cells: [["a", 1], "no row", ["b"]] })).toEqual({
      text: "a | 1\nb",
      format: "table",
      cells: [["a", "1"], ["b"]],
    });
    for (const value of [null, "a", { text: "a" }, { _type: "text" }, { _type: "text", text: 1 }]) {
      expect(textIn(value)).toBeNull();
    }
  });
});

describe("diffLines", () => {
  const read = (before: string, after: string) =>
    diffLines(before, after)
      .map(({ kind, text }) => ({ same: " ", gone: "-", new: "+" })[kind] + text)
      .join("\n");

  it("tells which lines have gone and come", () => {
    expect(read("a\nb\nc", "a\nx\nc")).toBe(" a\n-b\n+x\n c");
    expect(read("a", "a")).toBe(" a");
    expect(read("a\nb", "b\na")).toBe("-a\n b\n+a");
    expect(read("", "a")).toBe("-\n+a");
  });

  it("gives both texts back, with as many common lines as there are, whatever they are", () => {
    let seed = 1;
    const random = (most: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % most;
    };
    for (let turn = 0; turn < 200; turn++) {
      const make = () => Array.from({ length: random(8) }, () => "abc"[random(3)]!).join("\n");
      const [before, after] = [make(), make()];
      const lines = diffLines(before, after);
      const without = (kind: string) =>
        lines
          .filter((line) => line.kind !== kind)
          .map(({ text }) => text)
          .join("\n");
      expect(without("new")).toBe(before);
      expect(without("gone")).toBe(after);
      const same = lines.filter(({ kind }) => kind === "same").length;
      expect(same).toBe(commonByHand(before.split("\n"), after.split("\n")));
    }
  });

  it("says of texts that are too long that all has changed", () => {
    const before = Array.from({ length: 3000 }, (_, i) => `a${i}`).join("\n");
    const after = Array.from({ length: 3000 }, (_, i) => `b${i}`).join("\n");
    expect(diffLines(before, after)).toHaveLength(6000);
  });
});

function commonByHand(a: string[], b: string[]): number {
  if (a.length === 0 || b.length === 0) return 0;
  if (a[0] === b[0]) return 1 + commonByHand(a.slice(1), b.slice(1));
  return Math.max(commonByHand(a.slice(1), b), commonByHand(a, b.slice(1)));
}

import { describe, expect, it } from "vitest";
import { SLOTS } from "../../base/palette.ts";
import { colour, matching, readLabels } from "./labels.ts";

const all = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("labels", () => {
  it("reads columns with and without names", () => {
    expect(readLabels("a\nb\n", false)).toEqual([{ name: "label", values: ["a", "b"] }]);
    expect(readLabels("digit\tink\r\n7\t3.5\r\n1\t\r\n", true)).toEqual([
      { name: "digit", values: ["7", "1"] },
      { name: "ink", values: ["3.5", ""] },
    ]);
    expect(readLabels("", false)).toEqual([]);
  });

  it("gives few values a colour each, in their order", () => {
    const column = { name: "digit", values: ["10", "9", "9", "10"] };
    const { colors, legend, range } = colour(column, all(4), "light");
    expect(legend.map(({ label }) => label)).toEqual(["9", "10"]);
    expect(legend[0]!.color).toBe(SLOTS[0]!.light);
    expect([...colors.slice(0, 3)]).toEqual([...colors.slice(9, 12)]);
    expect([...colors.slice(0, 3)]).not.toEqual([...colors.slice(3, 6)]);
    expect(range).toBeNull();
  });

  it("puts many numbers on a ramp, and many texts beyond the most frequent into grey", () => {
    const numbers = { name: "ink", values: all(30).map((i) => String(i * 2)) };
    expect(colour(numbers, all(30), "dark").range).toEqual([0, 58]);
    const words = { name: "word", values: ["w0", ...all(30).map((i) => `w${i}`)] };
    const { legend } = colour(words, all(31), "dark");
    expect(legend).toHaveLength(21);
    expect(legend.at(-1)!.label).toBe("10 others");
  });

  it("colours the rows that are placed, and finds among them", () => {
    const column = { name: "label", values: ["cat", "dog", "Catfish"] };
    const placed = [1, 2];
    expect([...matching([column], placed, "cat")]).toEqual([1]);
    expect(colour(column, placed, "light").legend.map(({ label }) => label)).toEqual([
      "Catfish",
      "dog",
    ]);
    expect([...matching([], [5, 7], "7")]).toEqual([1]);
  });
});

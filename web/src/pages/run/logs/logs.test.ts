import { describe, expect, it } from "vitest";
import { lastWriting, readAnsi } from "./ansi.ts";
import { contrast, inkOf, legible } from "./ink.ts";
import { placesOf } from "./log_line.tsx";
import { Ranges } from "./ranges.ts";

describe("ANSI", () => {
  it("reads colours of all kinds, and their end", () => {
    const pieces = readAnsi(
      "a\x1b[31mred\x1b[0m \x1b[1;4;92mbold\x1b[22;24mnot\x1b[m\x1b[38;5;196mcube\x1b[38:2:1:2:3mtrue\x1b[39;48;5;250mback",
    );
    expect(pieces.map(({ text, fore }) => [text, fore])).toEqual([
      ["a", null],
      ["red", 1],
      [" ", null],
      ["bold", 10],
      ["not", 10],
      ["cube", [255, 0, 0]],
      ["true", [1, 2, 3]],
      ["back", null],
    ]);
    expect(pieces[3]).toMatchObject({ isBold: true, isUnderlined: true });
    expect(pieces[4]).toMatchObject({ isBold: false, isUnderlined: false });
    expect(pieces[7]!.back).toEqual([188, 188, 188]);
  });

  it("leaves out what moves the cursor, titles, links and control characters", () => {
    const text = "\x1b[2K\x1b[1Aone\x1b]0;title\x07 two\x1b]8;;http://x\x1b\\ three\x00\x07";
    expect(
      readAnsi(text)
        .map((piece) => piece.text)
        .join(""),
    ).toBe("one two three");
    expect(readAnsi("\x1b[31")).toMatchObject([{ text: "[31", fore: null }]);
  });

  it("keeps what the last carriage return began", () => {
    expect(lastWriting(" 10%\r 50%\r100%")).toBe("100%");
    expect(lastWriting("done\r")).toBe("done");
    expect(lastWriting("")).toBe("");
  });
});

describe("ink", () => {
  it("can be read in both themes, whatever the script asked for", () => {
    const white = [255, 255, 255] as const;
    const dark = [21, 24, 30] as const;
    for (let n = 0; n < 256; n++) {
      const [piece] = readAnsi(`\x1b[38;5;${n}mx`);
      for (const [theme, ground] of [
        ["light", white],
        ["dark", dark],
      ] as const) {
        const [r, g, b] = /rgb\((\d+) (\d+) (\d+)\)/
          .exec(inkOf(piece!, theme).color!)!
          .slice(1)
          .map(Number);
        expect(contrast([r!, g!, b!], ground)).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it("leaves alone what can be read", () => {
    expect(legible([0, 0, 200], [255, 255, 255])).toEqual([0, 0, 200]);
    expect(inkOf(readAnsi("plain")[0]!, "light")).toEqual({});
  });

  it("sets text on the colour that a script put behind it", () => {
    const [piece] = readAnsi("\x1b[43;97mx");
    const { color, backgroundColor } = inkOf(piece!, "light");
    expect(backgroundColor).toBeDefined();
    expect(color).not.toBe(backgroundColor);
  });
});

describe("places of a text", () => {
  it("finds all of them, whatever the case", () => {
    expect(placesOf("Loss loss", "loss")).toEqual([
      [0, 4],
      [5, 9],
    ]);
    expect(placesOf("aaa", "aa")).toEqual([[0, 2]]);
    expect(placesOf("abc", "")).toEqual([]);
  });
});

describe("ranges", () => {
  const ranges = new Ranges([
    [2, 5],
    [9, 10],
    [20, 22],
  ]);
  const numbers = [2, 3, 4, 9, 20, 21];

  it("are the numbers in their order", () => {
    expect(ranges.count).toBe(6);
    expect(numbers.map((_, place) => ranges.at(place))).toEqual(numbers);
    expect(numbers.map((n) => ranges.placeOf(n))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("say where a number that is not in them would be", () => {
    expect([0, 5, 8, 10, 22].map((n) => ranges.placeOf(n))).toEqual([0, 3, 3, 4, 6]);
    expect([1, 2, 5, 9, 21, 22].map((n) => ranges.has(n))).toEqual([
      ...[false, true, false, true, true, false],
    ]);
    expect(new Ranges([]).has(0)).toBe(false);
  });

  it("have in common what is in both", () => {
    const both = ranges.and(
      new Ranges([
        [0, 3],
        [4, 21],
      ]),
    );
    expect(Array.from({ length: both.count }, (_, place) => both.at(place))).toEqual([2, 4, 9, 20]);
  });
});

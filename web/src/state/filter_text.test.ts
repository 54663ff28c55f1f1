import { describe, expect, it } from "vitest";
import {
  COMPARISONS,
  type Condition,
  readConditions,
  type Test,
  withoutPart,
  writeConditions,
} from "./filter_text.ts";
import { quoted, tokenise, unitOffset } from "./filter_tokens.ts";

const meaning = (text: string) =>
  readConditions(text)?.map(({ join, isNegated, test }) => [join, isNegated, test]);

/** The examples of docs/reference/filters.md that have no parentheses around conditions. */
const DOCUMENTED = [
  "mild snow",
  '"calm sea"',
  String.raw`/snow-\d+/`,
  "config.lr<0.01",
  "lr<0.01",
  "summary.val/loss<=0.5",
  '"config.batch size"=32',
  "config.opt in (adam, sgd)",
  "config.opt not in (adam, sgd)",
  "state:running",
  "name:mild",
  "created>-7d",
  "duration>2h",
  "created>=2026-11-01T08:30 or not tag:best",
  "config.a!='it is' and state:\"very good\"",
];

describe("conditions", () => {
  it("are read from what the reference documents, and mean the same when written", () => {
    for (const text of DOCUMENTED) {
      const read = readConditions(text);
      expect(read, text).not.toBeNull();
      expect(meaning(writeConditions(read!)), text).toEqual(meaning(text));
    }
  });

  it("are told apart", () => {
    expect(readConditions('lr<0.01 and opt in (adam, "b c") or not /x y/')).toEqual([
      {
        join: "and",
        isNegated: false,
        test: {
          kind: "compare",
          column: "lr",
          sign: "<",
          values: [{ text: "0.01", isQuoted: false }],
        },
      },
      {
        join: "and",
        isNegated: false,
        test: {
          kind: "compare",
          column: "opt",
          sign: "in",
          values: [
            { text: "adam", isQuoted: false },
            { text: "b c", isQuoted: true },
          ],
        },
      },
      { join: "or", isNegated: true, test: { kind: "regex", pattern: "x y" } },
    ]);
  });

  it("leave to the text what a form cannot hold", () => {
    for (const text of [
      "(a or b) c",
      '{"state": "running"}',
      "lr<",
      "and x",
      "x or",
      'name:"x',
      "a in (b",
    ]) {
      expect(readConditions(text), text).toBeNull();
    }
  });

  it("come back from their text, whatever the names and values are", () => {
    const random = generator(7);
    for (let i = 0; i < 3000; i++) {
      const conditions = Array.from({ length: 1 + random(4) }, () => someCondition(random));
      conditions[0]!.join = "and";
      const text = writeConditions(conditions);
      expect(readConditions(text)?.map(simplified), text).toEqual(conditions.map(simplified));
    }
  });
});

describe("a part that is taken out", () => {
  it("takes the and with it that joined it", () => {
    const cut = (text: string, part: string) => {
      const start = text.indexOf(part);
      return withoutPart(text, start, start + part.length);
    };
    expect(cut("a and lr<1 and b", "lr<1")).toBe("a and b");
    expect(cut("lr<1 and b", "lr<1")).toBe("b");
    expect(cut("a and lr<1", "lr<1")).toBe("a");
    expect(cut("a lr<1 b", "lr<1")).toBe("a b");
    expect(cut("lr<1", "lr<1")).toBe("");
    expect(cut("android and lr<1", "lr<1")).toBe("android");
  });
});

describe("tokens", () => {
  it("stop where the text stops making sense", () => {
    expect(tokenise('a "b').fault).toBe(2);
    expect(tokenise("a /b").fault).toBe(2);
    expect(tokenise("it's lr=3").tokens.map((token) => token.text)).toEqual([
      "it's",
      "lr",
      "=",
      "3",
    ]);
  });

  it("quote what would be read as something else", () => {
    expect(["val/loss", "2026-11-01T08:30", "-7d"].map(quoted)).toEqual([
      "val/loss",
      "2026-11-01T08:30",
      "-7d",
    ]);
    expect(["a b", "or", "/x/", "a<b", "{x", ""].map(quoted)).toEqual([
      '"a b"',
      '"or"',
      '"/x/"',
      '"a<b"',
      '"{x"',
      '""',
    ]);
  });

  it("count characters as the server does", () => {
    expect(unitOffset("😀 lr<", 2)).toBe(3);
    expect(unitOffset("lr", 9)).toBe(2);
  });
});

// ---- random conditions

function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const LETTERS = [
  "a",
  "b",
  "lr",
  "or",
  "é",
  " ",
  "/",
  ":",
  ".",
  '"',
  "'",
  "\\",
  "(",
  ")",
  "<",
  "=",
  "!",
  "{",
  ",",
  "9",
  "state",
];

function someText(random: (below: number) => number): string {
  return Array.from({ length: 1 + random(5) }, () => LETTERS[random(LETTERS.length)]).join("");
}

function someCondition(random: (below: number) => number): Condition {
  const join = random(2) ? "and" : "or";
  return { join, isNegated: random(3) === 0, test: someTest(random) };
}

function someTest(random: (below: number) => number): Test {
  const literal = () => ({ text: someText(random), isQuoted: random(2) === 0 });
  switch (random(4)) {
    case 0:
      return { kind: "regex", pattern: someText(random).replace(/[/\\]/g, ".") };
    case 1:
      return { kind: "words", ...literal() };
    default: {
      const sign = COMPARISONS[random(COMPARISONS.length)]!;
      const isList = sign === "in" || sign === "not in";
      const column = sign === ":" ? `config.${someText(random)}` : someText(random);
      return {
        kind: "compare",
        column,
        sign,
        values: Array.from({ length: isList ? random(3) : 1 }, literal),
      };
    }
  }
}

/** Quotation marks may be added where a bare word would mean something else. */
function simplified({ join, isNegated, test }: Condition): unknown {
  const bare = (value: { text: string }) => value.text;
  if (test.kind === "words") return [join, isNegated, "words", test.text];
  return test.kind === "compare"
    ? [join, isNegated, test.column, test.sign, test.values.map(bare)]
    : [join, isNegated, test.pattern];
}

import { describe, expect, it } from "vitest";
import {
  columnChoices,
  type KnownColumn,
  RUN_FIELDS,
  resolvedSpot,
  signChoices,
  withChoice,
} from "./filter_completion.ts";

const COLUMNS: readonly KnownColumn[] = [
  { name: "config.lr", type: "number", runs: 9 },
  { name: "config.opt", type: "text", runs: 9 },
  { name: "config.batch size", type: "number", runs: 2 },
  { name: "summary.val/loss", type: "number", runs: 7 },
  ...RUN_FIELDS,
];

/** Where the bar stands in a text. */
function at(marked: string): [string, number] {
  const cursor = marked.indexOf("|");
  return [marked.replace("|", ""), cursor];
}

function spot(marked: string): unknown[] {
  const { kind, typed, column } = resolvedSpot(...at(marked), COLUMNS);
  return column ? [kind, typed, column] : [kind, typed];
}

describe("the spot in which the cursor stands", () => {
  it("is a column, a sign or a value", () => {
    expect(spot("|")).toEqual(["column", ""]);
    expect(spot("va|")).toEqual(["column", "va"]);
    expect(spot("config.lr|")).toEqual(["sign", "", "config.lr"]);
    expect(spot("lr |")).toEqual(["sign", "", "lr"]);
    expect(spot("lr<|")).toEqual(["value", "", "lr"]);
    expect(spot("lr<0.0|")).toEqual(["value", "0.0", "lr"]);
    expect(spot("state:|")).toEqual(["value", "", "state"]);
    expect(spot("state:ru| lr<1")).toEqual(["value", "ru", "state"]);
    expect(spot("opt in (adam, s|")).toEqual(["value", "s", "opt"]);
    expect(spot("opt not in (|")).toEqual(["value", "", "opt"]);
    expect(spot('"config.batch size"|')).toEqual(["none", ""]);
    expect(spot('"config.batch size" |')).toEqual(["sign", "", "config.batch size"]);
    expect(spot('"config.ba|')).toEqual(["column", "config.ba"]);
    expect(spot('opt="ad|"')).toEqual(["value", "ad", "opt"]);
  });

  it("is a column again after a whole comparison, and after words", () => {
    expect(spot("lr<0.1 and v|")).toEqual(["column", "v"]);
    expect(spot("state:running o|")).toEqual(["column", "o"]);
    expect(spot("opt in (a, b) l|")).toEqual(["column", "l"]);
    expect(spot("night ad|")).toEqual(["column", "ad"]);
    expect(spot("lr not|")).toEqual(["column", "not"]);
    expect(spot("opt not|")).toEqual(["sign", "not", "opt"]);
  });

  it("is nothing in JSON and behind a fault", () => {
    expect(spot('{"state|')).toEqual(["none", ""]);
    expect(spot("/snow|")).toEqual(["none", ""]);
  });
});

describe("choices", () => {
  it("put names that begin with what was typed first", () => {
    const labels = columnChoices("o", COLUMNS).map((choice) => choice.label);
    expect(labels[0]).toBe("config.opt");
    expect(labels).toContain("summary.val/loss");
  });

  it("write a text that reads back", () => {
    const choose = (marked: string, label: string) => {
      const [text, cursor] = at(marked);
      const where = resolvedSpot(text, cursor, COLUMNS);
      const signs = signChoices(where.typed, "text");
      const all = where.kind === "sign" ? signs : columnChoices(where.typed, COLUMNS);
      const [made, end] = withChoice(text, where, all.find((one) => one.label === label)!);
      return `${made.slice(0, end)}|${made.slice(end)}`;
    };
    expect(choose("ba|", "config.batch size")).toBe('"config.batch size"|');
    expect(choose('"config.ba|', "config.batch size")).toBe('"config.batch size"|');
    expect(choose("sta| lr<1", "state")).toBe("state:| lr<1");
    expect(choose("opt|", "not in (")).toBe("opt not in (|");
    expect(choose("opt |", "!=")).toBe("opt!=|");
    const [made] = withChoice("opt=ad", resolvedSpot("opt=ad", 6, COLUMNS), {
      label: "adam",
      insert: "adam",
      note: "",
    });
    expect(made).toBe("opt=adam ");
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { classicEntry, importingFromClassic } from "./classic_entry.ts";

const ENTRY = `let calls=0;const 灯="é😀";function add(a){calls+=1;return a+灯}var where=import.meta.url;
const later=()=>new URL("./b.js",import.meta.url).href;globalThis.self=this;export{add as $i,灯 as n,where as default,later as t};`;

function run(): Record<string, unknown> {
  const page = createContext({
    document: { currentScript: { src: "http://h/assets/main.js" } },
    URL,
  });
  runInContext(classicEntry(ENTRY), page);
  return page;
}

describe("the first script as a classic one", () => {
  it("keeps its own names to itself and shares what it exported", () => {
    const page = run();
    const shared = page.epochalShared as Record<string, unknown>;
    expect(Object.keys(shared)).toEqual(["$i", "n", "default", "t"]);
    expect(shared.n).toBe("é😀");
    expect(Object.keys(page)).toEqual(["document", "URL", "self", "epochalShared"]);
  });

  it("knows its own address, at once and later", () => {
    const page = run();
    const shared = page.epochalShared as { default: string; t: () => string };
    page.document = { currentScript: null };
    expect([shared.default, shared.t()]).toEqual([
      "http://h/assets/main.js",
      "http://h/assets/b.js",
    ]);
  });

  it("is taken from by the other files", () => {
    const chunk = `import{$i as e,n as t}from"./main.js";import"./main.js";import{x}from"./other.js";globalThis.got=e("1")+t;`;
    const code = importingFromClassic(chunk, "./main.js");
    expect(code).toContain('import{x}from"./other.js"');
    const page = run();
    runInContext(code.replace('import{x}from"./other.js";', ""), page as never);
    expect(page.got).toBe("1é😀é😀");
  });

  it("shares nothing that changes later: the others take what it is when they are read", () => {
    const folder = new URL("../src/", import.meta.url);
    const sources = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.tsx?$/.test(name),
    );
    expect(sources.length).toBeGreaterThan(300);
    const changing = sources.filter((name) =>
      /^export (let|var)\b/m.test(readFileSync(new URL(name, folder), "utf8")),
    );
    expect(changing).toEqual([]);
  });

  it("refuses what a classic script cannot do", () => {
    expect(() => classicEntry(`import{a}from"./a.js";a();`)).toThrow("./a.js");
    expect(() => classicEntry(`export*from"./a.js";`)).toThrow();
    expect(() => classicEntry("const a=;")).toThrow("cannot be read");
    expect(() => importingFromClassic(`import*as a from"./main.js";`, "./main.js")).toThrow(
      "more than names",
    );
  });
});

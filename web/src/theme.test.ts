import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BASELINE } from "./base/palette.ts";

const css = readFileSync(new URL("./theme.css", import.meta.url), "utf8");

/** The colour tokens of a block of theme.css. */
function tokens(selector: string): Map<string, string> {
  const block = css.slice(css.indexOf(selector), css.indexOf("}", css.indexOf(selector)));
  return new Map(
    [...block.matchAll(/--([a-z0-9-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1]!, match[2]!]),
  );
}

function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * channels[0]! + 0.7152 * channels[1]! + 0.0722 * channels[2]!;
}

/** The contrast of two colours as WCAG defines it, 1 to 21. */
function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

const TEXT = ["ink", "ink2", "ink3", "accent", "ok", "bad", "warn"];

describe.each([
  ["light", ":root {"],
  ["dark", ':root[data-theme="dark"] {'],
] as const)("the %s theme", (name, selector) => {
  const theme = tokens(selector);

  it("has its ink for the baseline", () => {
    expect(BASELINE[name]).toBe(theme.get("ink"));
  });

  it.each(["bg", "panel", "sunk", "accent-soft"])("reads on %s with 4.5 to 1", (ground) => {
    const weak = TEXT.map((name) => {
      const ratio = contrast(theme.get(name)!, theme.get(ground)!);
      return `${name} ${ratio.toFixed(2)}`;
    }).filter((text) => Number(text.split(" ")[1]) < 4.5);
    expect(weak).toEqual([]);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/**
 * Which folder of src/ may import which. `data` reads the series types of `plots`, because the
 * bundle decoder makes exactly what the renderer draws; nothing else looks sideways.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: [],
  plots: ["base"],
  data: ["base", "plots"],
  widgets: ["base"],
  state: ["base", "plots", "data", "widgets"],
  panels: ["base", "plots", "data", "widgets", "state"],
  pages: ["base", "plots", "data", "widgets", "state", "panels"],
  "main.tsx": ["base", "data", "widgets", "state", "panels", "pages"],
};

const ROOT = resolve(import.meta.dirname);

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

function layerOf(path: string): string {
  return relative(ROOT, path).split(/[\\/]/)[0]!;
}

/** The relative imports of a module, as absolute paths. */
function imports(path: string): string[] {
  const text = readFileSync(path, "utf8");
  const found = text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map((match) => resolve(dirname(path), match[1]!));
}

describe("layers", () => {
  const files = sources(ROOT).filter((path) => !layerOf(path).endsWith(".test.ts"));

  it("finds the folders that it guards", () => {
    expect(new Set(files.map(layerOf))).toContain("main.tsx");
    for (const path of files) expect(ALLOWED).toHaveProperty([layerOf(path)]);
  });

  it("lets a folder import only what stands below it", () => {
    const wrong = files.flatMap((path) =>
      imports(path)
        .map(layerOf)
        .filter((to) => to !== layerOf(path) && to !== "theme.css" && to !== "styles")
        .filter((to) => !ALLOWED[layerOf(path)]!.includes(to))
        .map((to) => `${relative(ROOT, path)} -> ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps the panel kinds apart", () => {
    const wrong = files
      .filter((path) => layerOf(path) === "panels")
      .flatMap((path) => {
        const kind = (of: string) => relative(join(ROOT, "panels"), of).split(/[\\/]/)[0]!;
        return (
          imports(path)
            .filter((to) => layerOf(to) === "panels" && kind(to) !== kind(path))
            // The frame is what all kinds have in common, and the registry brings each of them.
            .filter((to) => kind(to) !== "frame" && kind(path) !== "registry.ts")
            .map((to) => `${relative(ROOT, path)} -> ${relative(ROOT, to)}`)
        );
      });
    expect(wrong).toEqual([]);
  });

  it("calls fetch in one module only", () => {
    const callers = files.filter(
      (path) => !path.includes(".test.") && /\bfetch\(/.test(readFileSync(path, "utf8")),
    );
    expect(callers.map((path) => relative(ROOT, path).replaceAll("\\", "/"))).toEqual([
      "data/client.ts",
    ]);
  });
});

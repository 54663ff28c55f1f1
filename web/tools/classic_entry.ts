/**
 * The first script of the built page as a classic script instead of a module.
 *
 * Chromium (156) keeps the compiled code of classic scripts and not that of modules: whoever comes back parses and
 * compiles nothing of the first script (0.47 MB of code read instead, beside the main thread). What the other files
 * import from it stands in one object instead; they stay modules, which a classic script may import as well.
 */
import { type Plugin, parseSync } from "vite";

/** The global object that holds what other files take from the first script, by its exported names. */
const SHARED = "epochalShared";
/** What stands for `import.meta` in the first script: the address by which it finds the other files. */
const META = "epochalMeta";

type Replacement = readonly [start: number, end: number, by: string];

/** Return the first script as a classic one; throws where it needs something that only a module has. */
export function classicEntry(code: string): string {
  const { module, errors } = parseSync("entry.js", code);
  const [failure] = errors;
  if (failure) throw new Error(`the first script cannot be read: ${failure.message}`);
  const [needed] = module.staticImports;
  if (needed) {
    throw new Error(
      `the first script imports ${needed.moduleRequest.value}, which a classic script cannot: put it into the entry's chunk`,
    );
  }
  const shared = module.staticExports
    .flatMap(({ entries }) => entries)
    .map((one) => {
      const [name, local] = [one.exportName.name, one.localName.name];
      if (!name || !local) throw new Error("the first script exports more than names of its own");
      return `${propertyOf(name)}:${local}`;
    });
  const body = replaced(code, [
    ...module.staticExports.map(({ start, end }): Replacement => [start, end, ""]),
    ...module.importMetas.map(({ start, end }): Replacement => [start, end, META]),
  ]);
  return `(${META}=>{"use strict";${body}\nglobalThis.${SHARED}={${shared.join(",")}}})({url:document.currentScript.src});\n`;
}

/** Return another file, with what it imports from `entry` (as it names it) taken from the shared object. */
export function importingFromClassic(code: string, entry: string): string {
  const { module } = parseSync("chunk.js", code);
  const taken = module.staticImports.filter((one) => one.moduleRequest.value === entry);
  return replaced(
    code,
    taken.map(({ start, end, entries }): Replacement => {
      const names = entries.map(({ importName, localName }) => {
        if (!importName.name) throw new Error(`a file imports more than names from ${entry}`);
        return `${propertyOf(importName.name)}:${localName.value}`;
      });
      return [start, end, names.length ? `const{${names.join(",")}}=${SHARED};` : ""];
    }),
  );
}

function propertyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function replaced(code: string, replacements: readonly Replacement[]): string {
  return [...replacements]
    .sort(([a], [b]) => b - a)
    .reduce((text, [start, end, by]) => text.slice(0, start) + by + text.slice(end), code);
}

/** Has the build write the script that holds `module` (the end of its path) as a classic one. */
export function classicEntryPlugin(module: string): Plugin {
  return {
    name: "classic-entry",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (html) => html.replace('<script type="module"', "<script defer"),
    },
    generateBundle: {
      order: "post",
      handler: (_, bundle) => {
        const chunks = Object.values(bundle).filter((one) => one.type === "chunk");
        // Not isEntry: what Rolldown takes for the entry only imports this one, and Vite has left it out.
        const entry = chunks.find((one) => one.moduleIds.some((id) => id.endsWith(module)));
        if (!entry) throw new Error(`no file of the page holds ${module}`);
        for (const chunk of chunks) {
          chunk.code =
            chunk === entry
              ? classicEntry(chunk.code)
              : importingFromClassic(chunk.code, `./${entry.fileName.split("/").at(-1)}`);
        }
      },
    },
  };
}

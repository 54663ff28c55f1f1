import { defineConfig } from "vitest/config";
import { classicEntryPlugin } from "./tools/classic_entry.ts";
import { kernelPlugin } from "./tools/kernel_plugin.ts";

// base "./": every address in the built page is relative, so the server may mount it under any
// --base-path; the server writes the page's <base href>.
export default defineConfig({
  base: "./",
  plugins: [kernelPlugin(), classicEntryPlugin("/src/main.tsx")],
  // preact's JSX runtime; the same fact as jsxImportSource in tsconfig.json
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../src/epochal/ui/static",
    emptyOutDir: true,
    target: "es2022",
    // a data: address would need img-src data: in the content security policy
    assetsInlineLimit: 0,
    modulePreload: {
      polyfill: false,
      // The first script is there already, and no module.
      resolveDependencies: (_, needed) => needed.filter((one) => !/\bmain-[^/]*\.js$/.test(one)),
    },
    reportCompressedSize: true,
    rolldownOptions: {
      output: {
        // All that the page begins with in one file: what pages share would else be 27 more of them, each of which a
        // browser fetches from its cache, and compiles, on its own (main thread 422 ms to the first chart, now 357).
        codeSplitting: { groups: [{ name: "main", test: /src\/main\.tsx$/ }] },
      },
    },
  },
  server: {
    proxy: {
      "/api": process.env.EPOCHAL_BASE_URL ?? "http://127.0.0.1:8470",
      "/login": process.env.EPOCHAL_BASE_URL ?? "http://127.0.0.1:8470",
    },
  },
  test: {
    include: ["tools/*.test.ts", "src/**/*.test.ts"],
    environment: "node",
  },
});

import { defineConfig } from "vitest/config";

// base "./": every address in the built page is relative, so the server may mount it under any
// --base-path; the server writes the page's <base href>.
export default defineConfig({
  base: "./",
  // preact's JSX runtime; the same fact as jsxImportSource in tsconfig.json
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../src/epochal/ui/static",
    emptyOutDir: true,
    target: "es2022",
    // a data: address would need img-src data: in the content security policy
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    proxy: {
      "/api": process.env.EPOCHAL_BASE_URL ?? "http://127.0.0.1:8470",
      "/login": process.env.EPOCHAL_BASE_URL ?? "http://127.0.0.1:8470",
    },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
  },
});

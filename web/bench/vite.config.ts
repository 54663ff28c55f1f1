import { resolve } from "node:path";
import { defineConfig } from "vite";
import { kernelPlugin } from "../tools/kernel_plugin.ts";

// The output folder is the caller's: benchmarks/web_plots.py and tests/e2e/test_plot_pixels.py.
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [kernelPlugin()],
  build: {
    target: "es2022",
    rolldownOptions: {
      input: (process.env.BENCH_PAGES ?? "index,pixels")
        .split(",")
        .map((page) => resolve(import.meta.dirname, `${page}.html`)),
    },
  },
});

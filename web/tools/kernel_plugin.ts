/** Compiles the AssemblyScript of `kernel/`: `virtual:plot-kernel` exports its WebAssembly as a string, a letter for each byte. */
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import type { Plugin } from "vite";

const NAME = "virtual:plot-kernel";
const SOURCE = fileURLToPath(new URL("../kernel/plot_kernel.ts", import.meta.url));
const OUT = "plot_kernel.wasm";
/** No runtime: the kernel keeps no objects, and never leaves its own memory for an error. */
const FLAGS = ["-O3", "--runtime", "stub", "--noAssert", "--use", "abort="];

export function kernelPlugin(): Plugin {
  let compiled: Promise<string> | undefined;
  return {
    name: "plot-kernel",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      this.addWatchFile(SOURCE);
      compiled ??= compile();
      return compiled.then((code) => `export default ${JSON.stringify(code)};`);
    },
    watchChange(id) {
      if (id === SOURCE) compiled = undefined;
    },
  };
}

async function compile(): Promise<string> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([SOURCE, "--outFile", OUT, ...FLAGS], {
    writeFile: (name, contents) => {
      if (name === OUT && typeof contents !== "string") binary = contents;
    },
  });
  if (error !== null || binary === undefined) {
    throw new Error(`${SOURCE} cannot be compiled: ${error?.message ?? "nothing came"}\n${stderr}`);
  }
  // A third smaller when packed than base64, which hides from the packer what is alike.
  return Buffer.from(binary).toString("latin1");
}

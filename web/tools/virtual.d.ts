/** The WebAssembly of `web/kernel/plot_kernel.ts` as a string, a letter for each byte (`kernel_plugin.ts`). */
declare module "virtual:plot-kernel" {
  const code: string;
  export default code;
}

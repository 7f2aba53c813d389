import { readFile } from "node:fs/promises";
import type { KernelModule } from "./protocol.js";

/** The module in a file of compiled kernels, or undefined where this Node cannot compile it. */
export async function compileKernels(file: string): Promise<KernelModule | undefined> {
  const bytes = await readFile(file);
  return WebAssembly.validate(bytes) ? WebAssembly.compile(bytes) : undefined;
}

/** The modules that build.ts has compiled. */
import { readFile } from "node:fs/promises";
import type { KernelModule } from "../../workers/protocol.js";

export type MachineModule = "fused" | "separate" | "streaming";

/** Undefined where this Node cannot compile it. */
export async function machineModule(name: MachineModule): Promise<KernelModule | undefined> {
  const bytes = await readFile(new URL(`kernels/${name}.wasm`, import.meta.url));
  return WebAssembly.validate(bytes) ? WebAssembly.compile(bytes) : undefined;
}

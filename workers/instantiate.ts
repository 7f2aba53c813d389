import type { KernelModule, SharedMemory } from "./protocol.js";
import { referenceKernels } from "./reference/kernels.js";
import { KERNEL_NAMES, type Kernel, type Kernels } from "./steps.js";

/** Binds a kernel set to a memory: the compiled module, or the plain TypeScript reference. */
export function instantiate(kernels: KernelModule | "reference", memory: SharedMemory): Kernels {
  if (kernels === "reference") return referenceKernels(memory);
  const { exports } = new WebAssembly.Instance(kernels, { env: { memory } });
  return Object.fromEntries(KERNEL_NAMES.map((name) => [name, exports[name] as Kernel])) as Kernels;
}

import type { KernelModule, SharedMemory } from "./protocol.js";
import { gradientKernels } from "./reference/gradients/kernels.js";
import { referenceKernels } from "./reference/kernels.js";
import {
  FORWARD_KERNEL_NAMES,
  GRADIENT_KERNEL_NAMES,
  type ForwardKernels,
  type GradientKernels,
  type Kernel,
  type KernelName,
} from "./steps.js";

/** Binds a kernel set to a memory: the compiled module, or the plain TypeScript reference. */
export const instantiate = (kernels: KernelModule | "reference", memory: SharedMemory): ForwardKernels =>
  kernels === "reference" ? referenceKernels(memory) : exported(kernels, memory, FORWARD_KERNEL_NAMES);

/** The same for the kernels that only training needs. */
export const instantiateGradients = (
  kernels: KernelModule | "reference",
  memory: SharedMemory,
): GradientKernels =>
  kernels === "reference" ? gradientKernels(memory) : exported(kernels, memory, GRADIENT_KERNEL_NAMES);

function exported<Name extends KernelName>(
  module: KernelModule,
  memory: SharedMemory,
  names: readonly Name[],
): Record<Name, Kernel> {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return Object.fromEntries(names.map((name) => [name, exports[name] as Kernel])) as Record<Name, Kernel>;
}

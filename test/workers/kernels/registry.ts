/** The kernels that this Node compiles, out of the registry that the engine uses. */
import {
  COMPILED_SETS,
  compileSet,
  gradientFileOfSet,
  KERNEL_SETS,
  type CompiledSetName,
} from "../../../lib/engine/kernel-sets.js";
import { compileKernels } from "../../../workers/kernel-module.js";
import type { ForwardKernelName, GradientKernelName } from "../../../workers/steps.js";

export interface CompiledSet {
  readonly name: CompiledSetName;
  readonly module: WebAssembly.Module;
  /** The kernels of training. */
  readonly gradients: WebAssembly.Module;
  readonly rows: number;
  /** Of the matrix product's narrower tile. */
  readonly rest: number;
  readonly panel: number;
}

export async function compiledSets(): Promise<CompiledSet[]> {
  const sets: CompiledSet[] = [];
  for (const name of COMPILED_SETS) {
    const module = await compileSet(name);
    const gradients = await compileKernels(gradientFileOfSet(name));
    const { rows, rest, panel } = KERNEL_SETS[name];
    if (module === undefined) continue;
    // they need no more of Node than the others
    if (gradients === undefined) throw new Error(`${name} compiles, but not its kernels of training`);
    sets.push({ name, module, gradients, rows, rest, panel });
  }
  return sets;
}

/** f32_conv_4x8__relaxed */
export const titleOf = (set: CompiledSetName, kernel: ForwardKernelName): string =>
  `${KERNEL_SETS[set].kernels[kernel]}__${set}`;

/** max_pooling_gradient__relaxed */
export const gradientTitleOf = (set: CompiledSetName, kernel: GradientKernelName): string =>
  `${kernel}__${set}`;

/** The kernels that this Node compiles, out of the registry that the engine uses. */
import {
  COMPILED_SETS,
  compileSet,
  KERNEL_SETS,
  type CompiledSetName,
} from "../../../lib/engine/kernel-sets.js";
import type { ForwardKernelName } from "../../../workers/steps.js";

export interface CompiledSet {
  readonly name: CompiledSetName;
  readonly module: WebAssembly.Module;
  readonly rows: number;
  /** Of the matrix product's narrower tile. */
  readonly rest: number;
  readonly panel: number;
}

export async function compiledSets(): Promise<CompiledSet[]> {
  const sets: CompiledSet[] = [];
  for (const name of COMPILED_SETS) {
    const module = await compileSet(name);
    const { rows, rest, panel } = KERNEL_SETS[name];
    if (module !== undefined) sets.push({ name, module, rows, rest, panel });
  }
  return sets;
}

/** f32_conv_4x8__relaxed */
export const titleOf = (set: CompiledSetName, kernel: ForwardKernelName): string =>
  `${KERNEL_SETS[set].kernels[kernel]}__${set}`;

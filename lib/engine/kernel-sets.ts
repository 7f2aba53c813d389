/** The kernel sets that are built: which tiles, which module, and what Node needs to run them. */
import { fileURLToPath } from "node:url";
import type { Tile } from "../plan/tile.js";
import { compileKernels } from "../../workers/kernel-module.js";
import { REFERENCE_PANEL } from "../../workers/reference/panel.js";
import type { KernelModule } from "../../workers/protocol.js";
import type { ForwardKernelName } from "../../workers/steps.js";

export type CompiledSetName = "baseline" | "relaxed" | "wide";
export type KernelSetName = CompiledSetName | "reference";

export interface KernelSet extends Tile {
  readonly set: KernelSetName;
  /** The kernel behind each export, in the grammar f32_<operation>_<tile>; f32_bf16_ where weights are bfloat16. */
  readonly kernels: Readonly<Record<ForwardKernelName, string>>;
  /** What to do where the set does not run, or runs slowly. */
  readonly needs: string;
}

const shared = {
  space_to_depth: "f32_space_to_depth",
  winograd_input: "f32_winograd_input",
  winograd_output_5: "f32_winograd_output_5x5",
  winograd_output_3: "f32_winograd_output_3x3",
  max_pooling: "f32_maxpool",
  average_pooling: "f32_avgpool",
  normalisation: "f32_lrn",
  activation: "f32_activation",
};
const narrow = {
  ...shared,
  conv_tile: "f32_conv_4x8",
  conv_row: "f32_conv_1x32_by_8",
  conv_row_bf16: "f32_bf16_conv_1x32_by_8",
  expand: "f32_bf16_expand_by_8",
  gemm: "f32_gemm_4x8",
};

export const KERNEL_SETS: Readonly<Record<KernelSetName, KernelSet>> = {
  wide: {
    set: "wide",
    rows: 6,
    rest: 3,
    panel: 16,
    kernels: {
      ...shared,
      conv_tile: "f32_conv_6x16",
      conv_row: "f32_conv_1x64_by_16",
      conv_row_bf16: "f32_bf16_conv_1x64_by_16",
      expand: "f32_bf16_expand_by_16",
      gemm: "f32_gemm_6x16",
    },
    needs: "start Node 24 or newer with --experimental-wasm-revectorize",
  },
  relaxed: {
    set: "relaxed",
    rows: 4,
    rest: 1,
    panel: 8,
    kernels: narrow,
    needs: "use Node 22 or newer, or start Node 20 with --experimental-wasm-relaxed-simd",
  },
  baseline: {
    set: "baseline",
    rows: 4,
    rest: 1,
    panel: 8,
    kernels: narrow,
    needs: "use a processor with 128-bit SIMD",
  },
  reference: {
    set: "reference",
    rows: 1,
    rest: 0,
    panel: REFERENCE_PANEL,
    kernels: {
      space_to_depth: "spaceToDepth",
      conv_tile: "convolution",
      conv_row: "convolution",
      conv_row_bf16: "convolution",
      expand: "expand",
      gemm: "gemm",
      winograd_input: "winogradInput",
      winograd_output_5: "winogradOutput",
      winograd_output_3: "winogradOutput",
      max_pooling: "maxPooling",
      average_pooling: "averagePooling",
      normalisation: "normalisation",
      activation: "activation",
    },
    needs: "nothing",
  },
};

/** From the fastest where everything is at hand to the slowest. */
export const COMPILED_SETS: readonly CompiledSetName[] = ["wide", "relaxed", "baseline"];

/** The file of a set. */
export const fileOfSet = (name: CompiledSetName): string =>
  fileURLToPath(new URL(`../../workers/kernels/${name}.wasm`, import.meta.url));

/** The file of a set's kernels of training. */
export const gradientFileOfSet = (name: CompiledSetName): string =>
  fileURLToPath(new URL(`../../workers/kernels/gradients/${name}.wasm`, import.meta.url));

/** The module of a set, or undefined where this Node cannot compile it. */
export const compileSet = (name: CompiledSetName): Promise<KernelModule | undefined> =>
  compileKernels(fileOfSet(name));

/** The same of its kernels of training. */
export const compileGradients = (name: CompiledSetName): Promise<KernelModule | undefined> =>
  compileKernels(gradientFileOfSet(name));

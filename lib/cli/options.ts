/** Options that several commands share, and how their values are checked. */
import { Option, type Command } from "commander";
import { COMPILED_SETS, type CompiledSetName } from "../engine/kernel-sets.js";
import { cliErrors } from "../errors/cli.js";
import { MODEL_NAMES, type ModelName } from "../network/variants.js";
import { CONVOLUTIONS_OPTIONS, type ConvolutionsOption } from "../tuning/tuning.js";
import { WEIGHTS_TYPES } from "../plan/weights-type.js";
import { MAX_BATCH, MAX_THREADS } from "../plan/plan.js";
import type { LoadOptions } from "../weights/index.js";

/** An option that takes a whole number from `least` to `most`. */
export function numberOption(flags: string, description: string, least: number, most: number): Option {
  const option = new Option(flags, description);
  return option.argParser((text: string) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most))
      throw cliErrors.option(longOf(option), text, `a whole number from ${least} to ${most}`);
    return value;
  });
}

/** An option that takes one of a few words. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, `${description}: ${choices.join(", ")}`);
  return option.argParser((text: string) => {
    if (!choices.includes(text)) throw cliErrors.option(longOf(option), text, `one of ${choices.join(", ")}`);
    return text;
  });
}

const longOf = (option: Option): string => option.long ?? option.flags;

export const modelOption = (description: string): Option =>
  choiceOption("--model <name>", description, MODEL_NAMES);

/** For commands that read weights: needed only where the file does not say what it is for. */
export const weightsModelOption = (): Option =>
  modelOption("network of the weights, where the file does not tell");

export const meanOption = (): Option =>
  new Option("--mean <file>", "mean to subtract, a .binaryproto or .npy (default: the weights' mean colour)");

/** What kinds of weight files are called in the help. */
export const WEIGHT_FILES = "safetensors, PyTorch's .pth, .caffemodel, ONNX, .npy or .npz";

export const weightsOption = (description = `weight file: ${WEIGHT_FILES}`): Option =>
  new Option("--weights <file>", description);

/** How weights are read: for commands that read them. */
export interface WeightsFlags {
  readonly model?: ModelName;
  readonly externalData?: true;
}

export const externalDataOption = (): Option =>
  new Option("--external-data", "let an ONNX model have tensors in files beside it");

export const loadOptionsOf = ({ model, externalData }: WeightsFlags): LoadOptions => ({
  ...(externalData && { externalData }),
  ...(model && { model }),
});

export const threadsOption = (): Option =>
  numberOption("--threads <n>", "worker threads (default: the processor's)", 1, MAX_THREADS);

export const batchOption = (description: string): Option =>
  numberOption("--batch <n>", description, 1, MAX_BATCH);

export type KernelsChoice = "auto" | CompiledSetName;

const kernelsOption = (): Option =>
  choiceOption("--kernels <set>", "kernel set", ["auto", ...COMPILED_SETS]).default(
    "auto",
    "the fastest that is right here",
  );

/** Words, or layers by name: conv1=direct,conv2=winograd. */
const convolutionsOption = (): Option =>
  new Option(
    "--convolutions <how>",
    `how convolutions are computed: ${CONVOLUTIONS_OPTIONS.join(", ")}, or LAYER=direct,LAYER=winograd,...`,
  )
    .default("auto", "what is faster here, measured once")
    .argParser((text: string): ConvolutionsOption => {
      const word = CONVOLUTIONS_OPTIONS.find((known) => known === text);
      if (word !== undefined) return word;
      const layers = text.split(",").map((part) => /^(.+)=(direct|winograd)$/.exec(part)?.slice(1));
      if (layers.includes(undefined))
        throw cliErrors.option(
          "--convolutions",
          text,
          `one of ${CONVOLUTIONS_OPTIONS.join(", ")}, or LAYER=direct and LAYER=winograd with commas between`,
        );
      return Object.fromEntries(layers as [string, "direct" | "winograd"][]);
    });

const fcWeightsOption = (): Option =>
  choiceOption("--fc-weights <type>", "how fully connected weights are kept", WEIGHTS_TYPES).default(
    "float32",
  );

export const jsonOption = (): Option => new Option("--json", "write JSON instead of a table");

/** How an engine runs: for commands that start one. */
export function addEngineOptions(command: Command): Command {
  const tuningFile = [
    new Option("--tuning-file <file>", "where measured times are kept (default: in the user's cache folder)"),
    new Option("--no-tuning-file", "keep no times: measure anew"),
  ];
  for (const option of [kernelsOption(), convolutionsOption(), ...tuningFile, fcWeightsOption()])
    command.addOption(option);
  return command;
}

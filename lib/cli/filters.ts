/** `alexnet filters`: the kernels of the first convolution as a picture, after figure 3 of the 2012 paper. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { Option } from "commander";
import { cliErrors } from "../errors/cli.js";
import { kernelsPng } from "../pictures/kernels.js";
import { loadWeights } from "../weights/index.js";
import {
  externalDataOption,
  loadOptionsOf,
  weightsModelOption,
  weightsOption,
  type WeightsFlags,
} from "./options.js";
import { checkNotInput } from "./whole-file.js";

interface FiltersOptions extends WeightsFlags {
  readonly weights: string;
  readonly out: string;
}

export function addFilters(program: Command): void {
  program
    .command("filters")
    .summary("draw the first layer's kernels")
    .description(
      "Draws the kernels of the first convolution as a PNG, a tower to each half, as figure 3 of the 2012 paper:" +
        " tower 0 above, tower 1 below.",
    )
    .addOption(weightsOption().makeOptionMandatory())
    .addOption(weightsModelOption())
    .addOption(externalDataOption())
    .addOption(new Option("--out <file>", "PNG file to write, or to overwrite").makeOptionMandatory())
    .addHelpText(
      "after",
      `
Each kernel's smallest weight is drawn as 0 and its largest as 255, over its colours together.

Examples:
  $ alexnet filters --weights caffenet.safetensors --out conv1.png`,
    )
    .action(filters);
}

async function filters(options: FiltersOptions): Promise<void> {
  const weights = await loadWeights(options.weights, loadOptionsOf(options));
  await checkNotInput(options.out, options.weights);
  const png = await kernelsPng(weights, { model: options.model });
  await writeFile(options.out, png).catch((cause: unknown) => {
    throw cliErrors.unwritable(options.out, cause);
  });
}

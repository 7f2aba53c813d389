/** `alexnet convert`: a weight file of any format that is read, as safetensors. */
import type { Command } from "commander";
import type { ModelName } from "../network/variants.js";
import { describeWeights, loadWeights, saveWeights } from "../weights/index.js";
import { interruptible, stoppable } from "./interrupt.js";
import { weightsModelOption } from "./options.js";
import { count } from "./table.js";
import { checkNotInput } from "./whole-file.js";

interface ConvertOptions {
  readonly model?: ModelName;
}

export function addConvert(program: Command): void {
  program
    .command("convert")
    .summary("write a weight file as safetensors")
    .description(
      "Reads a weight file (its format is told by its bytes) and writes it as safetensors, float32, with the" +
        " network that it is for and how that wants its images.",
    )
    .argument("<in>", "weight file: safetensors, PyTorch's .pth, or .caffemodel")
    .argument("<out>", "safetensors file to write, or to overwrite")
    .addOption(weightsModelOption())
    .addHelpText(
      "after",
      `
Examples:
  $ alexnet convert alexnet-owt-7be5be79.pth torchvision.safetensors
  $ alexnet convert bvlc.safetensors caffenet.safetensors --model caffenet`,
    )
    .action(convert);
}

async function convert(from: string, to: string, { model }: ConvertOptions): Promise<void> {
  const weights = await loadWeights(from, model ? { model } : {});
  await checkNotInput(to, from);
  await interruptible("taking the unfinished file away", (signal) =>
    saveWeights(to, stoppable(weights, signal)),
  );
  const { parameters, tensors } = describeWeights(weights);
  const network = weights.network?.name ?? "its network is not known: say which with --model";
  process.stderr.write(
    `${to}: ${tensors.length} tensors, ${count(parameters)} parameters of ${from} (${weights.format}); ${network}\n`,
  );
}

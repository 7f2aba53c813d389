/** `alexnet convert`: a weight file of any format that is read, as safetensors or as an ONNX model. */
import type { Command } from "commander";
import { extname } from "node:path";
import { describeWeights, exportOnnx, loadWeights, saveWeights } from "../weights/index.js";
import { interruptible, stoppable } from "./interrupt.js";
import {
  externalDataOption,
  loadOptionsOf,
  WEIGHT_FILES,
  weightsModelOption,
  type WeightsFlags,
} from "./options.js";
import { count } from "./table.js";
import { checkNotInput } from "./whole-file.js";

export function addConvert(program: Command): void {
  program
    .command("convert")
    .summary("write a weight file as safetensors, or as an ONNX model")
    .description(
      "Reads a weight file (its format is told by its bytes) and writes it as safetensors, or as ONNX where <out>" +
        " ends in .onnx: float32, with the network that it is for and how that wants its images.",
    )
    .argument("<in>", `weight file: ${WEIGHT_FILES}`)
    .argument("<out>", "safetensors or .onnx file to write, or to overwrite")
    .addOption(weightsModelOption())
    .addOption(externalDataOption())
    .addHelpText(
      "after",
      `
Examples:
  $ alexnet convert alexnet-owt-7be5be79.pth torchvision.safetensors
  $ alexnet convert bvlc.safetensors caffenet.safetensors --model caffenet
  $ alexnet convert caffenet.safetensors caffenet.onnx`,
    )
    .action(convert);
}

async function convert(from: string, to: string, flags: WeightsFlags): Promise<void> {
  const weights = await loadWeights(from, loadOptionsOf(flags));
  await checkNotInput(to, from);
  const write = extname(to).toLowerCase() === ".onnx" ? exportOnnx : saveWeights;
  await interruptible("taking the unfinished file away", (signal) => write(to, stoppable(weights, signal)));
  const { parameters, tensors } = describeWeights(weights);
  const network = weights.network?.name ?? "its network is not known: say which with --model";
  process.stderr.write(
    `${to}: ${tensors.length} tensors, ${count(parameters)} parameters of ${from} (${weights.format}); ${network}\n`,
  );
}

/** `alexnet convert`: a weight file of any format that is read, as safetensors or as an ONNX model. */
import type { Command } from "commander";
import { extname } from "node:path";
import { cliErrors } from "../errors/cli.js";
import { describeWeights, exportOnnx, loadWeights, saveWeights } from "../weights/index.js";
import { interruptible, stoppable } from "./interrupt.js";
import {
  choiceOption,
  externalDataOption,
  loadOptionsOf,
  WEIGHT_FILES,
  weightsModelOption,
  type WeightsFlags,
} from "./options.js";
import { count } from "./table.js";
import { checkNotInput } from "./whole-file.js";

/** What is typed, and what safetensors calls it. */
const DTYPES = { f32: "F32", bf16: "BF16" } as const;

interface ConvertFlags extends WeightsFlags {
  readonly dtype?: keyof typeof DTYPES;
}

export function addConvert(program: Command): void {
  program
    .command("convert")
    .summary("write a weight file as safetensors, or as an ONNX model")
    .description(
      "Reads a weight file (its format is told by its bytes) and writes it as safetensors, or as ONNX where <out>" +
        " ends in .onnx: float32 where --dtype says nothing else, with the network that it is for and how that wants its" +
        " images.",
    )
    .argument("<in>", `weight file: ${WEIGHT_FILES}`)
    .argument("<out>", "safetensors or .onnx file to write, or to overwrite")
    .addOption(
      choiceOption("--dtype <type>", "how safetensors hold the numbers (default: f32)", Object.keys(DTYPES)),
    )
    .addOption(weightsModelOption())
    .addOption(externalDataOption())
    .addHelpText(
      "after",
      `
bf16 takes half the bytes: each number is rounded to 8 significant bits, to nearest, ties to even.

Examples:
  $ alexnet convert alexnet-owt-7be5be79.pth torchvision.safetensors
  $ alexnet convert bvlc.safetensors caffenet.safetensors --model caffenet
  $ alexnet convert caffenet.safetensors half.safetensors --dtype bf16
  $ alexnet convert caffenet.safetensors caffenet.onnx`,
    )
    .action(convert);
}

async function convert(from: string, to: string, flags: ConvertFlags): Promise<void> {
  const onnx = extname(to).toLowerCase() === ".onnx";
  if (onnx && flags.dtype !== undefined)
    throw cliErrors.conflict("--dtype", to, "ONNX models are written in float32");
  const weights = await loadWeights(from, loadOptionsOf(flags));
  await checkNotInput(to, from);
  await interruptible("taking the unfinished file away", (signal) => {
    const read = stoppable(weights, signal);
    return onnx ? exportOnnx(to, read) : saveWeights(to, read, { dtype: DTYPES[flags.dtype ?? "f32"] });
  });
  const { parameters, tensors } = describeWeights(weights);
  const network = weights.network?.name ?? "its network is not known: say which with --model";
  process.stderr.write(
    `${to}: ${tensors.length} tensors, ${count(parameters)} parameters of ${from} (${weights.format}); ${network}\n`,
  );
}

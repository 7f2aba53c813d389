/** `alexnet demo`: a first look without a weight file of one's own, for whoever has just installed the project. */
import { basename } from "node:path";
import { Option, type Command } from "commander";
import { PREPROCESSING } from "../network/preprocessing.js";
import { networkByName } from "../network/variants.js";
import { defaultThreads } from "../plan/plan.js";
import { isFailed, type Row } from "../scoring/rows.js";
import { initWeights } from "../weights/index.js";
import { showDigits } from "./demo-digits.js";
import { batchFor, withEngine, type EngineFlags } from "./engine.js";
import { tellFailed } from "./exit.js";
import { stoppable } from "./interrupt.js";
import { expandPaths } from "./paths.js";
import { left, measured, right, table } from "./table.js";
import { checkNotFolder, checkNotInput } from "./whole-file.js";

const MODEL = "caffenet";
const SEED = 2012;

export function addDemo(program: Command): void {
  program
    .command("demo", { hidden: true })
    .description(
      "Scores images with the full-size network and initial weights, which are made in memory, and MNIST's test digits" +
        " with a small network that is trained.",
    )
    .argument("<path...>", "images, or a folder of them")
    .addOption(new Option("--out <file>", "also write digits with what they are taken for there, as a PNG"))
    .action(demo);
}

async function demo(paths: readonly string[], { out }: { readonly out?: string }): Promise<void> {
  const network = networkByName(MODEL);
  const weights = stoppable(initWeights(network, SEED));
  const images = await expandPaths(paths);
  if (out !== undefined) {
    await checkNotFolder(out);
    for (const image of images) await checkNotInput(out, image);
  }
  const threads = defaultThreads();
  process.stderr.write(`making the initial weights of ${MODEL} ...\n`);
  const flags: EngineFlags = { threads, kernels: "auto", convolutions: "auto", fcWeights: "float32" };
  await withEngine({ network, weights }, flags, batchFor(flags, images.length), async (engine) => {
    const from = performance.now();
    const rows = await engine.classify(images, { topK: 1, preprocessing: PREPROCESSING[MODEL] });
    const seconds = (performance.now() - from) / 1000;
    process.stdout.write(
      `${table([left("image"), right("class"), right("probability")], rows.map(cellsOf))}\n` +
        `${rows.length} images in ${measured(seconds)} s, decoding included: ${measured(rows.length / seconds)} images/s` +
        ` on ${threads} threads, kernels ${engine.kernels.set}\n` +
        "These weights are untrained, so the classes mean nothing yet.\n",
    );
    tellFailed(rows.filter(isFailed).length, rows.length);
  });
  await showDigits(flags, out);
}

function cellsOf(row: Row): string[] {
  const name = basename(row.path ?? "");
  if (isFailed(row)) return [name, row.error.code, ""];
  const [{ index, label, probability }] = row.top;
  return [name, label ?? String(index), probability.toFixed(6)];
}

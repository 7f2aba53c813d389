/** `alexnet eval`: how right weights are over labelled images. */
import { Option, type Command } from "commander";
import { AlexNetError } from "../errors/base.js";
import { openDataset } from "../training/data/open.js";
import type { Dataset, Split } from "../training/data/dataset.js";
import { evaluate, type Evaluation } from "../training/evaluate.js";
import { batchFor, loadModel, withEngine, type EngineFlags } from "./engine.js";
import { interruptible } from "./interrupt.js";
import {
  addEngineOptions,
  batchOption,
  choiceOption,
  externalDataOption,
  jsonOption,
  meanOption,
  threadsOption,
  weightsModelOption,
  weightsOption,
} from "./options.js";
import { progressBar } from "./progress.js";
import { left, right, table } from "./table.js";
import { writeWholeFile } from "./whole-file.js";

interface EvalFlags extends EngineFlags {
  readonly weights: string;
  readonly split?: Split;
  readonly crops: "1" | "10";
  readonly json?: true;
  readonly out?: string;
  readonly skipBad?: true;
}

export function addEval(program: Command): void {
  const command = program
    .command("eval")
    .summary("how right weights are over labelled images")
    .description("Writes top-1 and top-5 accuracy, and which class is taken for which.")
    .argument("<data>", "folder of labelled images, as for train")
    .addOption(weightsOption().makeOptionMandatory())
    .addOption(weightsModelOption())
    .addOption(meanOption())
    .addOption(externalDataOption())
    .addOption(
      choiceOption("--split <name>", "part of the data (default: val, else test)", ["val", "test", "train"]),
    )
    .addOption(choiceOption("--crops <n>", "the centre, or the mean of 10 views", ["1", "10"]).default("1"))
    .addOption(threadsOption())
    .addOption(batchOption("network inputs of a batch (default: 64, or as many as there are)"))
    .addOption(jsonOption())
    .addOption(new Option("--out <file>", "also write the JSON there: RUN/confusion.json is shown by report"))
    .addOption(new Option("--skip-bad", "go on without images that cannot be read"));
  addEngineOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  $ alexnet eval cifar10 --weights run/best.safetensors
  $ alexnet eval photos --weights caffenet.safetensors --crops 10 --json`,
    )
    .action(evaluateData);
}

async function evaluateData(data: string, flags: EvalFlags): Promise<void> {
  const model = await loadModel(flags.weights, flags);
  const dataset = await openSplit(data, flags.split);
  const crops = flags.crops === "10" ? 10 : 1;
  const batch = Math.max(crops, batchFor(flags, dataset.size * crops));
  const result = await withEngine(model, flags, batch, (engine) =>
    interruptible("finishing the batch in hand", async (signal) => {
      const progress = await progressBar(dataset.size);
      let shown = 0;
      try {
        return await evaluate(engine, dataset, {
          ...{ crops, signal, preprocessing: model.preprocessing },
          onBadImage: flags.skipBad ? "skip" : "stop",
          onImages: (done) => {
            progress.advance(done - shown);
            shown = done;
          },
        });
      } finally {
        progress.stop();
      }
    }),
  );
  const json = `${JSON.stringify(result)}\n`;
  if (flags.out !== undefined) await writeWholeFile(flags.out, Buffer.from(json));
  process.stdout.write(flags.json ? json : text(dataset, result));
}

async function openSplit(data: string, split: Split | undefined): Promise<Dataset> {
  if (split !== undefined) return openDataset(data, split);
  try {
    return await openDataset(data, "val");
  } catch (error) {
    if (error instanceof AlexNetError && error.code === "DATA_NO_SPLIT") return openDataset(data, "test");
    throw error;
  }
}

/** With more classes than this, the matrix would fit no terminal. */
const MOST_COLUMNS = 20;

function text({ source }: Dataset, { classes, images, loss, top1, top5, matrix }: Evaluation): string {
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const summary = [
    `${source}: ${images} images`,
    `top-1 ${percent(top1)}`,
    ...(top5 === null ? [] : [`top-5 ${percent(top5)}`]),
    `loss ${loss.toFixed(4)}`,
  ].join("  ");
  if (classes.length > MOST_COLUMNS) return `${summary}\n`;
  const rows = matrix.map((row, label) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    const own = all === 0 ? "-" : percent(row[label] / all);
    return [classes[label], own, ...row.map(String)];
  });
  const columns = [left("class"), right("right"), ...classes.map((name) => right(name))];
  return `${summary}\n\nrows are classes, columns what they are taken for\n${table(columns, rows)}`;
}

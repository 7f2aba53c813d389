/** `alexnet score`: a row of classes for each photograph. */
import { once } from "node:events";
import type { Command } from "commander";
import { Option } from "commander";
import { runInfo } from "../engine/run-info.js";
import type { Trace } from "../engine/trace.js";
import { cliErrors } from "../errors/cli.js";
import { towersOf } from "../network/layers.js";
import { defaultThreads } from "../plan/plan.js";
import { classesOf, DEFAULT_TOP_K, settingsOf, type ScoreOptions } from "../scoring/options.js";
import { openOutput } from "../scoring/output.js";
import type { FoundRow } from "../scoring/records.js";
import { isFailed, type Row } from "../scoring/rows.js";
import type { ScoringEngine } from "../scoring/scoring-engine.js";
import { OUTPUT_FORMATS, rowWriter, type Columns, type OutputFormat } from "../scoring/writers.js";
import { batchFor, loadModel, withEngine, type EngineFlags, type Model } from "./engine.js";
import { tellFailed } from "./exit.js";
import { interruptible, InterruptedError } from "./interrupt.js";
import { readLabels } from "./labels.js";
import {
  addEngineOptions,
  batchOption,
  choiceOption,
  externalDataOption,
  meanOption,
  numberOption,
  threadsOption,
  weightsModelOption,
  weightsOption,
} from "./options.js";
import { expandPaths, PATHS_HELP } from "./paths.js";
import { progressBar } from "./progress.js";
import { checkSameScores, imagesNotIn } from "./resume.js";
import { TraceFile } from "./trace-file.js";
import { WholeFile } from "./whole-file.js";

interface ScoreFlags extends EngineFlags {
  readonly weights: string;
  readonly labels?: string;
  readonly top?: number;
  readonly crops: "1" | "10";
  readonly logits?: true;
  readonly format: OutputFormat;
  readonly out?: string;
  readonly resume?: true;
  readonly trace?: string;
  readonly runInfo?: string;
}

const MOST_CLASSES = 2 ** 20;

export function addScore(program: Command): void {
  const command = program
    .command("score")
    .summary("score photographs")
    .description("Writes a row for each image: its most probable classes, or why it could not be scored.")
    .argument("<path...>", "images, see below")
    .addOption(weightsOption().makeOptionMandatory())
    .addOption(weightsModelOption())
    .addOption(meanOption())
    .addOption(externalDataOption())
    .addOption(
      new Option("--labels <file>", "class names: one a line, or a JSON array (default: the weights')"),
    )
    .addOption(numberOption("--top <k>", `classes in a row (default: ${DEFAULT_TOP_K})`, 1, MOST_CLASSES))
    .addOption(choiceOption("--crops <n>", "the centre, or the mean of 10 views", ["1", "10"]).default("1"))
    .addOption(threadsOption())
    .addOption(batchOption("network inputs of a batch (default: 64, or as many as there are)"))
    .addOption(new Option("--logits", "add the values before softmax to each row"))
    .addOption(choiceOption("--format <format>", "of the rows", OUTPUT_FORMATS).default("ndjson"))
    .addOption(new Option("--out <file>", "file for the rows (default: stdout)"))
    .addOption(new Option("--resume", "go on with the --out of a run that was stopped"))
    .addOption(new Option("--trace <file>", "what happened when, as trace events for Perfetto"))
    .addOption(
      new Option("--run-info <file>", "what computed the rows: versions, kernels, algorithms; JSON"),
    );
  addEngineOptions(command)
    .addHelpText(
      "after",
      `${PATHS_HELP}

NDJSON rows: {"path", "top": [{"index", "label", "probability"}]}, with "logits" when asked for, or
{"path", "error": {"code", "message"}}. With --resume, images that have a row in --out, be it an error, are passed
over; repeat the other options as they were.

Examples:
  $ alexnet score cat.jpg --weights caffenet.safetensors --labels synsets.txt
  $ alexnet score photos --weights caffenet.safetensors --crops 10 --format csv --out rows.csv
  $ alexnet score photos --weights caffenet.safetensors --out rows.ndjson --trace trace.json
  $ alexnet score photos --weights bvlc_alexnet.caffemodel --mean imagenet_mean.binaryproto
  $ alexnet score "photos/**/*.jpg" --weights caffenet.safetensors --out rows.ndjson --resume
  $ find photos -name "*.jpg" | alexnet score - --weights caffenet.safetensors --top 1 | head`,
    )
    .action(score);
}

async function score(paths: readonly string[], flags: ScoreFlags): Promise<void> {
  if (flags.resume && flags.out === undefined)
    throw cliErrors.needs("--resume", "--out", "the rows on stdout are gone when a run is stopped");
  const model = await loadModel(flags.weights, flags);
  const options: ScoreOptions = {
    topK: flags.top,
    crops: flags.crops === "10" ? 10 : 1,
    labels: flags.labels === undefined ? undefined : await readLabels(flags.labels),
    logits: flags.logits ?? false,
    preprocessing: model.preprocessing,
  };
  const classes = classesOf(model.network);
  if (flags.top !== undefined && flags.top > classes)
    throw cliErrors.option("--top", flags.top, `a whole number from 1 to ${classes}, the network's classes`);
  const images = await expandPaths(paths);
  const batch = batchFor(flags, images.length * (options.crops ?? 1));
  // what is wrong with the options is told before an engine starts
  const settings = settingsOf(options, { ...model, maxBatch: batch, labels: model.weights.labels });
  const target = await openTarget(flags, { ...settings, labels: settings.labels ?? null });
  try {
    const rest = imagesNotIn(target.done, images);
    const failedBefore = images.length - imagesNotIn(target.failed, images).length;
    const scoreRest = async (engine: ScoringEngine) => {
      if (flags.runInfo !== undefined) await writeRunInfo(flags.runInfo, engine);
      if (target.first) await checkSameScores(target.path, target.first, engine, options);
      return scoreInto(target, engine, rest, options);
    };
    const failed =
      rest.length === 0
        ? 0
        : await withTrace(model, flags, (trace) => withEngine(model, flags, batch, scoreRest, trace));
    // whoever resumes asks about all images, not about those that were left
    tellFailed(failedBefore + failed, images.length);
  } finally {
    await target.close();
  }
}

/** Writes what `use` traces where that is asked for; also what it traced until it failed. */
async function withTrace<T>(
  { network }: Model,
  { trace: path, threads = defaultThreads() }: ScoreFlags,
  use: (trace: Trace | undefined) => Promise<T>,
): Promise<T> {
  if (path === undefined) return use(undefined);
  const file = await TraceFile.create(path, threads === towersOf(network) && threads > 1);
  try {
    return await use(file.trace);
  } finally {
    await file.close();
  }
}

async function writeRunInfo(path: string, { plan }: ScoringEngine): Promise<void> {
  const file = await WholeFile.create(path);
  try {
    await file.write(Buffer.from(`${JSON.stringify(runInfo(plan), null, 2)}\n`));
    await file.close();
    await file.publish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Answers how many images failed; after Ctrl-C, of those whose rows are written. */
function scoreInto(
  target: Target,
  engine: ScoringEngine,
  images: readonly string[],
  options: ScoreOptions,
): Promise<number> {
  return interruptible("finishing the batch in hand", async (signal) => {
    const progress = await progressBar(images.length);
    let failed = 0;
    try {
      for await (const rows of engine.scoreBatches(images, { ...options, signal })) {
        const write = async () => {
          await target.write(rows);
          progress.advance(rows.length);
        };
        await (target.isTerminal ? progress.above(write) : write());
        failed += rows.filter(isFailed).length;
      }
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
    } finally {
      progress.stop();
    }
    return failed;
  });
}

/** Where the rows go. */
interface Target {
  readonly path: string;
  /** Paths that have a row already. */
  readonly done: ReadonlySet<string>;
  /** Those of `done` whose row is an error. */
  readonly failed: ReadonlySet<string>;
  /** A row that was there already. */
  readonly first: FoundRow | undefined;
  /** Whether the rows are shown on a terminal: the progress bar's, if that is shown too. */
  readonly isTerminal: boolean;
  write(rows: readonly Row[]): Promise<void>;
  close(): Promise<void>;
}

async function openTarget(flags: ScoreFlags, columns: Columns): Promise<Target> {
  if (flags.out !== undefined) {
    const output = await openOutput(flags.out, flags.format, columns, { resume: flags.resume ?? false });
    return {
      path: flags.out,
      done: output.done,
      failed: output.failed,
      first: output.first,
      isTerminal: false,
      write: (rows) => output.write(rows),
      close: () => output.close(),
    };
  }
  const writer = rowWriter(flags.format, columns);
  await print(writer.header);
  return {
    path: "stdout",
    done: new Set(),
    failed: new Set(),
    first: undefined,
    isTerminal: process.stdout.isTTY,
    write: (rows) => print(writer.format(rows)),
    close: () => Promise.resolve(),
  };
}

/** Waits where the reader is slow. */
async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

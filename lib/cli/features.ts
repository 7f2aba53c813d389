/** `alexnet features`: what a layer gives for each image, as a numpy array. */
import type { Command } from "commander";
import { Option } from "commander";
import ndarray from "ndarray";
import { mapAhead } from "../async/map-ahead.js";
import type { ScoringEngine } from "../scoring/scoring-engine.js";
import { AlexNetError } from "../errors/base.js";
import { engineErrors } from "../errors/engine.js";
import { cropsOf, DECODERS, prepareImage, writeCrop, type PreparedImage } from "../images/index.js";
import type { Network, Shape } from "../network/layers.js";
import { elementsOf, inferShapes } from "../network/shapes.js";
import { batchFor, loadModel, withEngine, type EngineFlags, type Model } from "./engine.js";
import { tellFailed } from "./exit.js";
import { interruptible, InterruptedError, stoppable } from "./interrupt.js";
import { NpyWriter } from "./npy.js";
import {
  addEngineOptions,
  batchOption,
  externalDataOption,
  meanOption,
  threadsOption,
  weightsModelOption,
  weightsOption,
} from "./options.js";
import { expandPaths, PATHS_HELP } from "./paths.js";
import { progressBar } from "./progress.js";
import { checkNotInput, WholeFile } from "./whole-file.js";

interface FeaturesOptions extends EngineFlags {
  readonly weights: string;
  readonly layer: string;
  readonly out: string;
}

export function addFeatures(program: Command): void {
  const command = program
    .command("features")
    .summary("write what a layer gives for each image, as a numpy array")
    .description("Writes a layer's values for the centre crop of each image as a float32 .npy file.")
    .argument("<path...>", "images, see below")
    .addOption(weightsOption().makeOptionMandatory())
    .addOption(weightsModelOption())
    .addOption(meanOption())
    .addOption(externalDataOption())
    .addOption(
      new Option(
        "--layer <name>",
        "layer: fc7, conv5, ...; alexnet summary lists them",
      ).makeOptionMandatory(),
    )
    .addOption(new Option("--out <file>", "npy file to write, or to overwrite").makeOptionMandatory())
    .addOption(threadsOption())
    .addOption(batchOption("images of a batch (default: 64, or as many as there are)"));
  addEngineOptions(command)
    .addHelpText(
      "after",
      `${PATHS_HELP}

The array is [images, features], or [images, channels, height, width] of a map. A layer right before a ReLU gives its
values after it. Images that cannot be decoded have no row in it. FILE.rows.ndjson, written with it, has a line for
each image that was named: {"path", "row"}, the row counted from 0, or {"path", "error": {"code", "message"}}.

Examples:
  $ alexnet features photos --weights caffenet.safetensors --layer fc7 --out fc7.npy
  $ find photos -name "*.jpg" | alexnet features - --weights caffenet.safetensors --layer conv5 --out conv5.npy`,
    )
    .action(features);
}

async function features(paths: readonly string[], options: FeaturesOptions): Promise<void> {
  const model = await loadModel(options.weights, options);
  await checkNotInput(options.out, options.weights);
  const row = shapeOf(model.network, options.layer);
  const images = await expandPaths(paths);
  const batch = batchFor(options, images.length);
  // from before there are files until they are whole or taken away
  const failed = await interruptible("finishing the batch in hand", async (signal) => {
    const output = await FeatureFiles.create(options.out, row, images.length);
    try {
      const weights = stoppable(model.weights, signal);
      await withEngine({ ...model, weights }, options, batch, (engine) => {
        signal.throwIfAborted();
        return extract({ engine, model, layer: options.layer, batch, signal }, images, output);
      });
      await output.finish();
    } catch (error) {
      await output.discard();
      throw error;
    }
    return output.failed;
  });
  tellFailed(failed, images.length);
}

function shapeOf(network: Network, name: string): Shape {
  const layers = inferShapes(network);
  const shaped = layers.find(({ layer }) => layer.name === name);
  if (shaped) return shaped.output;
  throw engineErrors.unknownLayer(
    name,
    layers.map(({ layer }) => layer.name),
  );
}

interface Extraction {
  readonly engine: ScoringEngine;
  readonly model: Model;
  readonly layer: string;
  readonly batch: number;
  readonly signal: AbortSignal;
}

/** An image that was decoded, or why not. */
interface Taken {
  readonly path: string;
  readonly prepared: PreparedImage | AlexNetError;
}

/** Images decode while a batch runs: at most another batch of them. After Ctrl-C, ends with the batch in hand. */
async function extract(
  extraction: Extraction,
  paths: readonly string[],
  output: FeatureFiles,
): Promise<void> {
  const { model, batch, signal } = extraction;
  const decoded = mapAhead(paths, (path, stop) => take(path, model, stop), {
    ahead: batch,
    concurrency: Math.min(batch, DECODERS),
    signal,
  });
  const progress = await progressBar(paths.length);
  let gathered: Taken[] = [];
  const flush = async () => {
    await writeFeatures(extraction, gathered, output);
    progress.advance(gathered.length);
    gathered = [];
  };
  try {
    for await (const taken of decoded) {
      gathered.push(taken);
      if (gathered.length === batch) await flush();
    }
    if (gathered.length > 0) await flush();
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
  } finally {
    progress.stop();
  }
}

async function take(path: string, { network, preprocessing }: Model, signal: AbortSignal): Promise<Taken> {
  try {
    return { path, prepared: await prepareImage(path, preprocessing, network.input, { signal }) };
  } catch (error) {
    if (error instanceof AlexNetError) return { path, prepared: error };
    throw error;
  }
}

async function writeFeatures(
  { engine, model, layer }: Extraction,
  gathered: readonly Taken[],
  output: FeatureFiles,
): Promise<void> {
  const images = gathered.flatMap(({ prepared }) => (prepared instanceof AlexNetError ? [] : [prepared]));
  if (images.length > 0) {
    const activations = await engine.activations(inputOf(images, model), [layer]);
    await output.writeValues(images.length, activations[layer].data);
  }
  await output.writeRows(gathered);
}

/** The centre crops [N, 3, H, W]. */
function inputOf(images: readonly PreparedImage[], { network, preprocessing }: Model) {
  const [channels, height, width] = network.input;
  const size = elementsOf(network.input);
  const values = new Float32Array(images.length * size);
  images.forEach((image, at) => {
    const [centre] = cropsOf(image, 1);
    const layout = { offset: at * size, channel: height * width, row: width, column: 1 };
    writeCrop(image, centre, preprocessing, values, layout);
  });
  return ndarray(values, [images.length, channels, height, width]);
}

/** The array, and beside it which row is which image. */
class FeatureFiles {
  readonly #array: NpyWriter;
  readonly #rows: WholeFile;
  #written = 0;
  failed = 0;

  private constructor(array: NpyWriter, rows: WholeFile) {
    this.#array = array;
    this.#rows = rows;
  }

  static async create(path: string, row: Shape, most: number): Promise<FeatureFiles> {
    const rows = await WholeFile.create(`${path}.rows.ndjson`);
    try {
      return new FeatureFiles(await NpyWriter.create(path, row, most), rows);
    } catch (error) {
      await rows.discard();
      throw error;
    }
  }

  async writeValues(images: number, values: Float32Array): Promise<void> {
    await this.#array.write(images, values);
  }

  async writeRows(gathered: readonly Taken[]): Promise<void> {
    const lines = gathered.map(({ path, prepared }) => {
      if (!(prepared instanceof AlexNetError)) return { path, row: this.#written++ };
      this.failed++;
      return { path, error: { code: prepared.code, message: prepared.message } };
    });
    await this.#rows.write(Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
  }

  /** Neither appears before both are whole; the array last: where it is, its rows are told. */
  async finish(): Promise<void> {
    await this.#rows.close();
    await this.#array.close();
    await this.#rows.publish();
    await this.#array.publish();
  }

  async discard(): Promise<void> {
    try {
      await this.#rows.discard();
    } finally {
      await this.#array.discard();
    }
  }
}

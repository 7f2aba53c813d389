import { expect } from "chai";
import { towersOf, type Dropout, type Network } from "../../lib/network/layers.js";
import { parametersOf } from "../../lib/network/parameters.js";
import { asMap, elementsOf, inferShapes, shareOf } from "../../lib/network/shapes.js";
import { MODEL_NAMES, networkByName } from "../../lib/network/variants.js";
import { keyOfSeed, philoxFill } from "../../lib/weights/philox.js";
import type { Weights } from "../../lib/weights/weights.js";
import { readGolden } from "../golden.js";
import { readTraining, trainingNames, WHOLE, worstDifference, type TrainingGolden } from "./golden.js";

const cases = [...trainingNames(), WHOLE].map(readTraining);

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}

/** Softmax of each image, minus 1 at its label, over the number of images: what the loss gives back to the logits. */
function logitGradients({ logits, labels, batch }: TrainingGolden): Float64Array {
  const classes = logits.shape[1];
  const gradients = new Float64Array(logits.data.length);
  labels.forEach((label, image) => {
    const row = logits.data.subarray(image * classes, (image + 1) * classes);
    const sum = row.reduce((total, value) => total + Math.exp(value), 0);
    row.forEach((value, at) => {
      gradients[image * classes + at] = (Math.exp(value) / sum - (at === label ? 1 : 0)) / batch;
    });
  });
  return gradients;
}

async function initialOf(weights: Weights, name: string): Promise<Float32Array> {
  const out = new Float32Array(elementsOf(present(weights.tensors.get(name), name).shape));
  await weights.stream((read) => read(name, 0, out));
  return out;
}

/**
 * The random number of each unit of a dropout layer, flat over [C, H, W]: towers one after the other, in each row by row,
 * pixel by pixel, channels last. A flattened map is still that map.
 */
function unitNumbers(network: Network, index: number): number[] {
  const before = inferShapes(network)
    .slice(0, index)
    .findLast(({ layer, output }) => layer.type === "fully-connected" || output.length === 3);
  const [channels, height, width] = asMap(present(before, `layer before ${index}`).output);
  const share = channels / shareOf(channels, towersOf(network));
  return Array.from({ length: channels * height * width }, (_, at) => {
    const c = Math.floor(at / (height * width));
    return (Math.floor(c / share) * height * width + (at % (height * width))) * share + (c % share);
  });
}

/** Whether each unit is kept, by lib/weights/philox.ts, in the order of `numbers`. */
function kept(
  numbers: readonly number[],
  layer: Dropout,
  place: { index: number; image: number; step: number; seed: number },
): boolean[] {
  const words = new Uint32Array(4 * Math.ceil(numbers.length / 4));
  philoxFill(keyOfSeed(place.seed), [0, place.image, place.index, place.step], words);
  return numbers.map((unit) => words[unit] >= layer.rate * 2 ** 32);
}

const stepsOf = ({ run }: TrainingGolden): number => run?.rule.rates.length ?? 1;

describe("golden files of training", () => {
  it("are those of the five variants' twins, in batches of 3 to 6, and of the whole of caffenet", () => {
    expect(trainingNames()).to.have.members([...MODEL_NAMES]);
    expect(cases.map(({ batch }) => batch).sort()).to.deep.equal([2, 3, 4, 5, 5, 6]);
    expect(readTraining(WHOLE).network).to.deep.equal(networkByName("caffenet"));
  });

  it("train the twins that fixtures/golden has, with a normalisation that acts on smaller values", () => {
    for (const name of MODEL_NAMES) {
      const { input, layers } = readGolden(`twins/${name}`).network;
      const { network } = readTraining(name);
      expect(network.input).to.deep.equal(input);
      expect(network.layers).to.deep.equal(
        layers.map((layer) => ("alpha" in layer ? { ...layer, alpha: 1 } : layer)),
      );
    }
  });

  for (const golden of cases)
    describe(golden.name, () => {
      const { network, batch, labels, logits } = golden;
      const classes = logits.shape[1];

      it("has inputs with the bits of the Python side", () => {
        const { indices, values } = golden.inputSample;
        expect(indices.length).to.equal(48);
        expect(Float32Array.from(indices, (index) => golden.input.data[index])).to.deep.equal(values);
      });

      it("has a gradient of every parameter and of every layer, in their shapes", () => {
        expect(labels.length).to.equal(batch);
        expect(labels.every((label) => label >= 0 && label < classes)).to.equal(true);
        expect([...golden.gradients].map(([name, { shape }]) => ({ name, shape }))).to.deep.equal(
          parametersOf(network).map(({ name, shape }) => ({ name, shape })),
        );
        expect([...golden.layerGradients.keys()]).to.deep.equal(
          network.layers.map(({ name }) => name).filter((name) => !["flatten", "prob"].includes(name)),
        );
        const samples = [...golden.gradients.values(), ...golden.layerGradients.values()];
        for (const { shape, indices, values, largest, norm } of samples) {
          const size = elementsOf(shape);
          expect(values.length).to.equal(indices.length);
          expect(indices.every((index) => index >= 0 && index < size)).to.equal(true);
          expect(largest).to.be.above(0);
          // values are rounded to float32, largest is not
          expect(values.every((value) => Math.abs(value) <= largest * (1 + 2 ** -23))).to.equal(true);
          expect(norm).to.be.within(largest, largest * Math.sqrt(size));
        }
        for (const { shape, indices } of golden.gradients.values())
          expect(indices.length).to.equal(
            golden.run === undefined ? Math.min(200, elementsOf(shape)) : elementsOf(shape),
          );
      });

      it("has the cross-entropy of its logits as losses, and the mean over the images", () => {
        expect(logits.shape).to.deep.equal([batch, classes]);
        // the sum's rounding, at most classes half units in the last place, and those of exp, log and the difference
        const allowed = (classes + 16) * 2 ** -52;
        golden.imageLosses.forEach((loss, image) => {
          const row = logits.data.subarray(image * classes, (image + 1) * classes);
          const sum = row.reduce((total, value) => total + Math.exp(value), 0);
          expect(Math.log(sum) - row[labels[image]]).to.be.closeTo(loss, allowed);
        });
        const mean = golden.imageLosses.reduce((sum, loss) => sum + loss, 0) / batch;
        expect(golden.loss).to.be.closeTo(mean, allowed);
      });

      it("gives back to the logits what softmax and the mean do, and their sums to fc8's biases", () => {
        const gradients = logitGradients(golden);
        const sums = Float64Array.from({ length: classes }, (_, at) =>
          labels.reduce((sum, _label, image) => sum + gradients[image * classes + at], 0),
        );
        const layer = present(golden.layerGradients.get("fc8"), "gradient of fc8");
        // rounding to float32, of the largest at most
        expect(worstDifference(gradients, layer)).to.be.below(2 ** -23);
        expect(worstDifference(sums, present(golden.gradients.get("fc8.bias"), "fc8.bias"))).to.be.below(
          2 ** -23,
        );
      });

      it("drops the units that lib/weights/philox.ts draws, other ones in each step and image", () => {
        const layers = network.layers.filter((layer) => layer.type === "dropout");
        expect([...golden.masks.keys()]).to.deep.equal(layers.map(({ name }) => name));
        const seen = new Set<string>();
        for (const layer of layers) {
          const mask = present(golden.masks.get(layer.name), layer.name);
          expect(network.layers[mask.index]).to.equal(layer);
          const numbers = unitNumbers(network, mask.index);
          for (let step = 0; step < stepsOf(golden); step++)
            for (let image = 0; image < batch; image++) {
              const place = { index: mask.index, image, step, seed: golden.seed };
              const drawn = kept(numbers, layer, place);
              expect(numbers.map((_, unit) => mask.kept(step, image, unit))).to.deep.equal(drawn);
              seen.add(drawn.join());
            }
        }
        expect(seen.size).to.equal(2 * stepsOf(golden) * batch);
      });

      it("has no gradient at units that were dropped, and some at others", () => {
        for (const [name, mask] of golden.masks) {
          // what is dropped: the layer before, or the map that was flattened there
          const before = network.layers.slice(0, mask.index).findLast(({ type }) => type !== "flatten");
          const { shape, indices, values } = present(
            golden.layerGradients.get(present(before, name).name),
            name,
          );
          const units = elementsOf(shape) / batch;
          const isKept = [...indices].map((index) => mask.kept(0, Math.floor(index / units), index % units));
          expect(isKept.some((keeps) => !keeps)).to.equal(true);
          expect([...values].filter((value, at) => !isKept[at] && value !== 0)).to.deep.equal([]);
          expect([...values].filter((value, at) => isKept[at] && value !== 0)).to.not.be.empty;
        }
      });

      const { run } = golden;
      if (run !== undefined)
        it("has ten steps whose losses tell the paper's rule from PyTorch's once the rate falls", async () => {
          const { rates } = run.rule;
          expect(rates.length).to.equal(10);
          expect(new Set(rates.slice(0, 5).concat(rates.slice(5).map((rate) => rate * 10))).size).to.equal(1);
          expect(run.losses[0]).to.equal(golden.loss);
          const apart = [...run.losses].map((loss, step) => Math.abs(run.torchLosses[step] / loss - 1));
          expect(Math.max(...apart.slice(0, 6))).to.be.below(1e-12);
          // a hundred times what an engine may be off
          expect(Math.max(...apart.slice(6))).to.be.above(1e-2);
          expect([...run.parameters.keys()]).to.deep.equal(parametersOf(network).map(({ name }) => name));
          for (const [name, end] of run.parameters) {
            const initial = await initialOf(golden.weights, name);
            expect(end.shape).to.deep.equal(golden.gradients.get(name)?.shape);
            // the initial weights are as far off as the change
            expect(worstDifference(initial, end)).to.be.above(0).and.at.most(1);
            if (end.indices.length < initial.length) continue;
            const change = Math.hypot(...end.values.map((value, at) => value - initial[at]));
            // sums of at most 200 squares, each rounded to 2^-53 of itself
            expect(change / end.norm).to.be.closeTo(1, 200 * 2 ** -52);
          }
        });
    });
});

describe("worstDifference", () => {
  const sample = present(readTraining(WHOLE).gradients.get("fc8.weight"), "fc8.weight");
  const right = new Float32Array(elementsOf(sample.shape));
  sample.indices.forEach((index, at) => {
    right[index] = sample.values[at];
  });

  it("is 0 for the values themselves, and else the largest difference as a share of the largest", () => {
    expect(worstDifference(right, sample)).to.equal(0);
    const other = Float64Array.from(right);
    other[sample.indices[7]] += sample.largest / 8;
    other[sample.indices[9]] -= sample.largest / 4;
    expect(worstDifference(other, sample)).to.be.closeTo(1 / 4, 2 ** -50);
  });

  it("is infinite for a NaN, and refuses another number of elements", () => {
    const other = Float32Array.from(right);
    other[sample.indices[3]] = NaN;
    expect(worstDifference(other, sample)).to.equal(Infinity);
    expect(() => worstDifference(right.subarray(1), sample)).to.throw(
      "got 4095999 elements, [1000, 4096] has 4096000",
    );
  });
});

/** Damaged Caffe files: a wrong shape or a number that is not there must never come out of them. */
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import fc from "fast-check";
import { AlexNetError } from "../../../lib/errors/base.js";
import { parametersOf } from "../../../lib/network/parameters.js";
import { loadMean, loadWeights, resolveNetwork, type Weights } from "../../../lib/weights/index.js";
import { checkPreprocessing } from "../../../lib/weights/metadata.js";
import { caffeFixture } from "../helpers/caffe.js";
import { countOf, eachCut, readAll, withFile } from "../helpers/files.js";
import { mutate, mutations } from "../helpers/mutations.js";

const RUNS = 400;
/** More than any tensor of the fixtures; a damaged file that claims more would have to hold it. */
const MOST_ELEMENTS = 1 << 16;

/** The error that `run` ends with, if any: a named one of the file. */
async function refusalOf(path: string, run: () => unknown): Promise<AlexNetError | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    expect(error.code).to.be.oneOf([
      "WEIGHTS_INVALID",
      "WEIGHTS_UNREADABLE",
      "WEIGHTS_MISMATCH",
      "WEIGHTS_AMBIGUOUS",
    ]);
    expect(error.message.startsWith(`${path}: `), error.message).to.be.true;
    return error;
  }
}

/** That a network which comes of it is whole: all of its parameters are there, in their shapes, and no other. */
function checkNetwork(weights: Weights): void {
  const { network, preprocessing } = resolveNetwork(weights);
  const wanted = parametersOf(network).map(({ name, shape }) => [name, [...shape]]);
  const got = [...weights.tensors.values()].map(({ name, shape }) => [name, [...shape]]);
  expect(got).to.have.deep.members(wanted);
  checkPreprocessing(preprocessing);
}

describe("damaged Caffe files", () => {
  for (const name of ["v1-train", "v1-deploy", "later-train", "later-chunks", "later-unpacked"])
    it(`either read to as many finite numbers as they claim, or fail with a named error: ${name}, ${RUNS} runs`, async () => {
      const original = await readFile(caffeFixture(`${name}.caffemodel`));
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(mutations, async (mutation) => {
          await withFile(mutate(original, mutation), async (path) => {
            const error = await refusalOf(path, async () => {
              const weights = await loadWeights(path);
              const shapes = [...weights.tensors.values()].map(({ shape }) => shape);
              expect(shapes.reduce((sum, shape) => sum + countOf(shape), 0)).to.be.at.most(MOST_ELEMENTS);
              for (const [tensor, values] of await readAll(weights)) {
                expect(values.length).to.equal(countOf(weights.tensors.get(tensor)?.shape ?? []));
                expect(values.every(Number.isFinite)).to.be.true;
              }
              checkNetwork(weights);
            });
            if (error) refused++;
          });
        }),
        { numRuns: RUNS },
      );
      expect(refused, "mutations that were noticed").to.be.above(RUNS / 10);
    });

  for (const name of ["v1-deploy", "later-chunks", "later-unpacked"])
    it(`are refused at every cut, at the latest for tensors that are missing: ${name}`, async () => {
      const original = await readFile(caffeFixture(`${name}.caffemodel`));
      const whole = await loadWeights(caffeFixture(`${name}.caffemodel`));
      const seen = new Set<string>();
      await eachCut(original, async (path, length) => {
        const error = await refusalOf(path, async () => {
          const weights = await loadWeights(path);
          // a shorter message is a whole one where it ends between two fields
          for (const [tensor, info] of weights.tensors)
            expect(info, `cut to ${length} bytes`).to.deep.equal(whole.tensors.get(tensor));
          checkNetwork(weights);
        });
        expect(error, `cut to ${length} bytes`).to.be.instanceOf(AlexNetError);
        seen.add(error?.code ?? "");
        if (error?.code === "WEIGHTS_MISMATCH")
          expect(error.message).to.match(/fits none of .*(is missing|and \d+ more)/);
      });
      expect([...seen].sort()).to.deep.equal(["WEIGHTS_INVALID", "WEIGHTS_MISMATCH"]);
    });

  for (const name of ["mean.binaryproto", "mean.npy", "colour.npy"])
    it(`means are refused at every cut: ${name}`, async () => {
      const original = await readFile(caffeFixture(name));
      await eachCut(original, async (path, length) => {
        expect(await refusalOf(path, () => loadMean(path)), `cut to ${length} bytes`).to.be.instanceOf(
          AlexNetError,
        );
      });
    });

  for (const name of ["mean.binaryproto", "mean.npy"])
    it(`means either read to what they claim, or fail with a named error: ${name}, ${RUNS} runs`, async () => {
      const original = await readFile(caffeFixture(name));
      await fc.assert(
        fc.asyncProperty(mutations, async (mutation) => {
          await withFile(mutate(original, mutation), async (path) => {
            await refusalOf(path, async () => {
              const { shape, data } = await loadMean(path);
              expect(shape.join()).to.equal("3,8,8");
              expect(data.length).to.equal(countOf(shape));
              expect(data.every(Number.isFinite)).to.be.true;
            });
          });
        }),
        { numRuns: RUNS },
      );
    });
});

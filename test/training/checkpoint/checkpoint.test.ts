import { expect } from "chai";
import { packageVersion } from "../../../lib/host/host.js";
import { parametersOf } from "../../../lib/network/parameters.js";
import { elementsOf } from "../../../lib/network/shapes.js";
import { loadCheckpoint } from "../../../lib/training/checkpoint/load.js";
import { saveCheckpoint } from "../../../lib/training/checkpoint/save.js";
import type { TensorPieces } from "../../../lib/training/checkpoint/state.js";
import { runFiles } from "../../../lib/training/run-folder.js";
import { loadWeights, resolveNetwork } from "../../../lib/weights/index.js";
import { PREPROCESSING } from "../../../lib/network/preprocessing.js";
import { Random, testSeed } from "../../random.js";
import { inFolder, readAll } from "../../weights/helpers/files.js";
import { constantState, labels, network, stateOf } from "./states.js";

const parameters = parametersOf(network);
const seed = testSeed();

/** Any finite float32: also those next to 0, and -0. */
function randomBits(random: Random, elements: number): Float32Array {
  const values = new Float32Array(elements);
  const words = new Uint32Array(values.buffer);
  for (let i = 0; i < elements; i++) {
    words[i] = random.integer(0, 0xffffffff);
    // an exponent of ones is no finite number
    if ((words[i] & 0x7f800000) === 0x7f800000) words[i] &= 0x807fffff;
  }
  return values;
}

const bits = (values: Float32Array | undefined): Buffer =>
  values === undefined ? Buffer.alloc(0) : Buffer.from(values.buffer, values.byteOffset, values.byteLength);

const asTensors = (values: ReadonlyMap<string, Float32Array>): TensorPieces[] =>
  parameters.map(({ name, shape }) => ({ name, shape, values: values.get(name) ?? [] }));

describe("checkpoint", () => {
  it(`keeps every bit of weights and velocities, whole and in pieces (TEST_SEED=${seed})`, () =>
    inFolder(async (folder) => {
      const random = new Random(seed);
      const draw = () =>
        new Map(parameters.map(({ name, shape }) => [name, randomBits(random, elementsOf(shape))]));
      const [weights, velocities] = [draw(), draw()];
      async function* inPieces(values: Float32Array): AsyncGenerator<Float32Array> {
        for (let at = 0; at < values.length; at += 777) {
          yield await Promise.resolve(values.subarray(at, at + 777));
        }
      }
      const pieces = asTensors(velocities).map((tensor) => ({
        ...tensor,
        values: inPieces(velocities.get(tensor.name) ?? new Float32Array()),
      }));
      await saveCheckpoint(folder, stateOf(5, asTensors(weights), pieces));
      const read = await loadCheckpoint(folder);
      for (const [of, written] of [
        [read.weights, weights],
        [read.velocities, velocities],
      ] as const) {
        expect([...of.tensors.keys()]).to.deep.equal(parameters.map(({ name }) => name));
        for (const [name, values] of await readAll(of))
          expect(bits(values).equals(bits(written.get(name))), name).to.equal(true);
      }
    }));

  it("takes values from shared memory, where an engine has them", () =>
    inFolder(async (folder) => {
      const shared = new Map(
        parameters.map(({ name, shape }, at) => {
          const values = new Float32Array(new SharedArrayBuffer(4 * elementsOf(shape) + 4), 4);
          return [name, values.fill(at + 0.5)];
        }),
      );
      await saveCheckpoint(folder, stateOf(5, asTensors(shared), asTensors(shared)));
      const read = await readAll((await loadCheckpoint(folder)).weights);
      for (const [name, values] of shared) expect([...(read.get(name) ?? [])]).to.deep.equal([...values]);
    }));

  it("keeps all else exactly, and tells what wrote it", () =>
    inFolder(async (folder) => {
      const state = constantState(1234, 1, 2);
      await saveCheckpoint(folder, state);
      const read = await loadCheckpoint(folder);
      const { run, position, preprocessing } = state;
      expect(read).to.deep.include({
        ...{ run, position, network, preprocessing, labels },
        writer: { version: packageVersion(), node: process.version },
        path: runFiles(folder).checkpoint,
      });
    }));

  it("keeps what is not there yet: no best epoch, no plateau, no sums", () =>
    inFolder(async (folder) => {
      const state = constantState(0, 1, 2);
      const position = {
        ...{ step: 0, epoch: 0, batch: 0, best: null, sums: {}, seconds: 0 },
        plateau: { best: null, epochsSince: 0, divisions: 0 },
      };
      await saveCheckpoint(folder, { ...state, position });
      expect((await loadCheckpoint(folder)).position).to.deep.equal(position);
    }));

  it("keeps a mean image", () =>
    inFolder(async (folder) => {
      const meanImage = Float32Array.from({ length: 27 }, (_, at) => Math.fround(Math.sin(at)));
      const preprocessing = { ...PREPROCESSING.caffenet, size: 3, meanImage };
      await saveCheckpoint(folder, { ...constantState(1, 1, 2), preprocessing });
      expect((await loadCheckpoint(folder)).preprocessing).to.deep.equal(preprocessing);
    }));

  it("is a weight file too: without its velocities, with all that scoring needs", () =>
    inFolder(async (folder) => {
      await saveCheckpoint(folder, constantState(1, 3, 4));
      const weights = await loadWeights(runFiles(folder).checkpoint);
      expect([...weights.tensors.keys()]).to.deep.equal(parameters.map(({ name }) => name));
      expect(resolveNetwork(weights)).to.deep.equal({ network, preprocessing: PREPROCESSING.caffenet });
      expect(weights.labels).to.deep.equal(labels);
      expect(new Set((await readAll(weights)).get("fc2.weight"))).to.deep.equal(new Set([3]));
    }));

  it("takes the place of the one before", () =>
    inFolder(async (folder) => {
      for (const step of [1, 2]) await saveCheckpoint(folder, constantState(step, step, step));
      const { position, weights } = await loadCheckpoint(folder);
      expect(position.step).to.equal(2);
      expect(new Set((await readAll(weights)).get("conv1.bias"))).to.deep.equal(new Set([2]));
    }));
});

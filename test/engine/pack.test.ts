/** Packed weights against their plain definition, element by element, and sources that fail on the way. */
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import { KERNEL_SETS } from "../../lib/engine/kernel-sets.js";
import { packWeights } from "../../lib/engine/packing/pack.js";
import { defineNetwork } from "../../lib/network/define.js";
import { elementsOf } from "../../lib/network/shapes.js";
import { PLANNED_CONVOLUTIONS } from "../../lib/plan/algorithm.js";
import type { PackedWeights } from "../../lib/plan/memory.js";
import { weightsTypeOf, type Operation } from "../../lib/plan/operations.js";
import { makePlan, type Plan } from "../../lib/plan/plan.js";
import { WeightFile } from "../../lib/weights/file.js";
import { loadWeights, saveWeights, weightsFromTensors } from "../../lib/weights/index.js";
import { fileWeights, type StoredTensor } from "../../lib/weights/stored.js";
import type { ReadTensor, Weights } from "../../lib/weights/weights.js";
import { filterTransform, POINTS } from "../../workers/winograd.js";
import { createEngine } from "../engines.js";
import { goldenNames, readGolden } from "../golden.js";
import { randomPlan } from "../plan/random-network.js";
import { Random, testSeed } from "../random.js";
import { seededWeights } from "../seeded-weights.js";
import { WorkerWatch } from "./killing.js";
import { nearestBfloat16 } from "./rounded-weights.js";
import { small, smallNetwork } from "./small.js";

type Weighted = Extract<Operation, { kind: "convolution" | "fully-connected" }>;
type Winograd = Extract<Operation, { kind: "convolution" }> & { winograd: object };

const seed = testSeed();

async function packed(plan: Plan, weights: Weights): Promise<Float32Array> {
  const memory = new SharedArrayBuffer(plan.memory.bytes);
  await packWeights(plan, weights, memory);
  return new Float32Array(memory);
}

const tensorOf = (weights: Weights, name: string): Promise<Float32Array> =>
  weights.stream(async (read) => {
    const values = new Float32Array(elementsOf(weights.tensors.get(name)?.shape ?? []));
    await read(name, 0, values);
    return values;
  });

/** What every word of the memory must be: the packed parameters, and zeros elsewhere. */
async function expectedOf(plan: Plan, weights: Weights): Promise<Float32Array> {
  const { panel } = plan.tile;
  const values = new Float32Array(plan.memory.bytes / 4);
  for (const operation of plan.graph.operations) {
    const place = plan.memory.packed.get(operation.index);
    if (place === undefined) continue;
    const { layer } = operation as Weighted;
    const { shape, towers } = plan.graph.tensors[operation.output];
    const channels = shape[0] / towers;
    const weight = await tensorOf(weights, `${layer.name}.weight`);
    const bias = layer.bias ? await tensorOf(weights, `${layer.name}.bias`) : undefined;
    const filterSize = weight.length / shape[0];
    for (let output = 0; output < shape[0]; output++) {
      const tower = Math.floor(output / channels);
      const row = (output % channels) % panel;
      const index = Math.floor((output % channels) / panel);
      if (bias) values[(place.bias + tower * place.biasTower) / 4 + (output % channels)] = bias[output];
      const filter = weight.subarray(output * filterSize, (output + 1) * filterSize);
      const first = (place.weights + tower * place.weightsTower) / 4 + index * place.depth * panel + row;
      const ordered = () => inKernelOrder(plan, operation as Weighted, filter);
      if (isWinograd(operation)) putWinograd(values, first, panel, place, operation, filter);
      else if (weightsTypeOf(operation as Weighted) === "bfloat16") {
        const panelOffset = place.weights + tower * place.weightsTower + index * place.depth * panel * 2;
        putBfloat16(new Uint16Array(values.buffer, panelOffset), row, panel, ordered());
      } else
        ordered().forEach((value, k) => {
          values[first + k * panel] = value;
        });
    }
  }
  return values;
}

const isWinograd = (operation: Operation): operation is Winograd =>
  operation.kind === "convolution" && operation.winograd !== undefined;

/** Upper halves of a row; the words of its two halves of channels lie one in the other (docs/architecture.md). */
function putBfloat16(halves: Uint16Array, row: number, panel: number, filter: readonly number[]): void {
  const upper = row >= panel / 2 ? 1 : 0;
  const pair = row % (panel / 2);
  const word = new DataView(new ArrayBuffer(4));
  filter.forEach((value, k) => {
    word.setFloat32(0, nearestBfloat16(value));
    halves[k * panel + 2 * pair + upper] = word.getUint16(0);
  });
}

/** The filter [in, kh, kw] as [tower of inputs][kh][kw][channels of the tower]. */
function inKernelOrder({ graph }: Plan, { layer, input }: Weighted, filter: Float32Array): number[] {
  const tensor = graph.tensors[input];
  const channels = tensor.shape[0] / tensor.towers;
  const [height, width] = layer.type === "convolution" ? layer.kernel : [tensor.shape[1], tensor.shape[2]];
  const towers = filter.length / (channels * height * width);
  const values: number[] = [];
  for (let tower = 0; tower < towers; tower++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < channels; c++)
          values.push(filter[((tower * channels + c) * height + y) * width + x]);
  return values;
}

/** U = G g G^T of every block of the filter's pixels and every channel. */
function putWinograd(
  values: Float32Array,
  first: number,
  panel: number,
  place: PackedWeights,
  { layer, winograd: { taps, blockSize } }: Winograd & { winograd: { taps: number; blockSize: number } },
  filter: Float32Array,
): void {
  const [kernel] = layer.kernel;
  const channels = filter.length / (kernel * kernel);
  const matrix = filterTransform(taps);
  const at = (c: number, y: number, x: number) =>
    y < kernel && x < kernel ? filter[(c * kernel + y) * kernel + x] : 0;
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, k) => sum + value * b[k], 0);
  const range = Array.from({ length: taps }, (_, tap) => tap);
  for (let block = 0, k = 0; block < blockSize ** 2; block++)
    for (let c = 0; c < channels; c++, k++) {
      const [top, left] = [Math.floor(block / blockSize), block % blockSize];
      const g = range.map((x) => range.map((y) => at(c, top + y * blockSize, left + x * blockSize)));
      const half = matrix.map((row) => g.map((column) => dot(row, column)));
      for (let i = 0; i < POINTS; i++)
        for (let j = 0; j < POINTS; j++)
          values[first + ((POINTS * i + j) * place.plane) / 4 + k * panel] = dot(half[i], matrix[j]);
    }
}

/** Where two arrays differ in a bit, named by the region of the memory; undefined where they do not. */
function difference(plan: Plan, got: Float32Array, want: Float32Array): string | undefined {
  const [bits, wantedBits] = [new Uint32Array(got.buffer), new Uint32Array(want.buffer)];
  const index = bits.findIndex((word, at) => word !== wantedBits[at]);
  if (index < 0) return undefined;
  const region = plan.memory.regions.findLast(({ offset }) => offset <= 4 * index);
  return `word ${index} (${region?.name ?? ""}) is ${got[index]}, must be ${want[index]}`;
}

async function expectPacked(plan: Plan, weights: Weights, what: string): Promise<void> {
  const got = await packed(plan, weights);
  expect(difference(plan, got, await expectedOf(plan, weights)), what).to.equal(undefined);
}

/** The same weights in a file, fully connected ones input by input: the axes of those in an order of their own. */
async function columnFile(path: string, weights: Weights, random: Random): Promise<Weights> {
  const tensors = new Map<string, StoredTensor>();
  const parts: Float32Array[] = [];
  let offset = 0;
  for (const info of weights.tensors.values()) {
    const values = await tensorOf(weights, info.name);
    const columns = /^fc.*weight$/.test(info.name) ? asColumns(info.shape, values, random) : undefined;
    const { data, axes, strides } = columns ?? { data: values };
    tensors.set(info.name, { ...info, offset, ...(axes && strides && { axes, strides }) });
    parts.push(data);
    offset += data.byteLength;
  }
  writeFileSync(path, Buffer.concat(parts.map((part) => Buffer.from(part.buffer))));
  return fileWeights(await WeightFile.at(path), "columns", { tensors });
}

function asColumns([rows, width]: readonly number[], values: Float32Array, random: Random) {
  const channels = [4, 3, 2, 1].find((size) => width % size === 0) ?? 1;
  const axes = [rows, channels, width / channels];
  const strides = random.chance(0.5) ? [1, rows, rows * channels] : [1, (rows * width) / channels, rows];
  const data = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < width; column++) {
      const [outer, inner] = [Math.floor(column / axes[2]), column % axes[2]];
      data[row + outer * strides[1] + inner * strides[2]] = values[row * width + column];
    }
  return { data, axes, strides };
}

const folder = mkdtempSync(join(tmpdir(), "alexnet-pack-"));

after(() => {
  rmSync(folder, { recursive: true });
});

describe("packed weights", () => {
  for (const name of goldenNames("twins"))
    for (const convolutions of PLANNED_CONVOLUTIONS)
      it(`${name}, ${convolutions}: what the definition says, in every bit, for every tile`, async () => {
        const { network } = readGolden(name);
        for (const tile of Object.values(KERNEL_SETS)) {
          const plan = makePlan({ network, tile, threads: 2, maxBatch: 1, convolutions });
          await expectPacked(plan, seededWeights(network), tile.set);
        }
      });

  it(`random networks (TEST_SEED=${seed})`, async () => {
    const random = new Random(seed);
    let winograd = 0;
    for (let round = 0; round < 150; round++) {
      const plan = randomPlan(random, 2);
      winograd += plan.graph.operations.filter(isWinograd).length;
      await expectPacked(plan, seededWeights(plan.network), `round ${round} of seed ${seed}`);
    }
    expect(winograd).to.be.above(0);
  });

  it(`from files whose columns are neighbours, in any order (TEST_SEED=${seed})`, async () => {
    const random = new Random(seed);
    const path = join(folder, "columns.bin");
    for (const name of goldenNames("twins")) {
      const { network } = readGolden(name);
      const given = seededWeights(network);
      const file = await columnFile(path, given, random);
      for (const tile of Object.values(KERNEL_SETS))
        for (const fcWeights of ["float32", "bfloat16"] as const) {
          const plan = makePlan({
            network,
            tile,
            threads: 2,
            maxBatch: 1,
            convolutions: "direct",
            fcWeights,
          });
          const got = await packed(plan, file);
          expect(difference(plan, got, await expectedOf(plan, given)), `${name}, ${tile.set}`).to.equal(
            undefined,
          );
        }
    }
  });

  it("layers of several pieces, whose last panel is not full", async () => {
    const network = defineNetwork({
      name: "pieces",
      input: [136, 9, 7],
      layers: [
        { type: "convolution", name: "conv1", outChannels: 904, kernel: 3, padding: 1 },
        { type: "fully-connected", name: "fc2", outFeatures: 13 },
      ],
    });
    for (const convolutions of ["direct", "winograd"] as const)
      for (const tile of [KERNEL_SETS.baseline, KERNEL_SETS.wide]) {
        const plan = makePlan({ network, tile, threads: 1, maxBatch: 1, convolutions });
        await expectPacked(plan, seededWeights(network), `${convolutions}, ${tile.set}`);
      }
  });
});

describe("packing from a source that fails", () => {
  const plan = makePlan({ network: smallNetwork, tile: KERNEL_SETS.baseline, threads: 2, maxBatch: 1 });
  const given = seededWeights(smallNetwork);
  /** The small weights, whose reads go through `change` on their way. */
  const weightsWith = (change: (read: ReadTensor) => ReadTensor): Weights => ({
    ...given,
    stream: (consume) => given.stream((read) => consume(change(read))),
  });

  it("tells the error of the first read that fails, though another one fails sooner", async () => {
    let sooner = 0;
    const failing = weightsWith((read) => async (name, start, out) => {
      if (name === "conv1.weight" && start > 0) {
        sooner++;
        throw new Error("sooner");
      }
      await setImmediate();
      if (name === "conv1.weight") throw new Error("first");
      return read(name, start, out);
    });
    const unhandled: unknown[] = [];
    const listener = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listener);
    const error = await packed(plan, failing).catch((reason: unknown) => reason);
    process.off("unhandledRejection", listener);
    expect(error).to.be.an("error").with.property("message", "first");
    expect(unhandled).to.deep.equal([]);
    expect(sooner).to.equal(1);
  });

  it("is over when it says so: nothing is read or written afterwards", async () => {
    let running = 0;
    let closed = false;
    let late = 0;
    const slow = weightsWith((read) => async (name, start, out) => {
      running++;
      const fails = name === "conv1.weight";
      for (let turn = 0; turn < (fails ? 1 : 20); turn++) await setImmediate();
      running--;
      if (closed) late++;
      if (fails) throw new Error("broken");
      return read(name, start, out);
    });
    const weights: Weights = {
      ...slow,
      stream: (consume) =>
        slow.stream(consume).finally(() => {
          expect(running).to.equal(0);
          closed = true;
        }),
    };
    const error = await packed(plan, weights).catch((reason: unknown) => reason);
    expect(error).to.be.an("error").with.property("message", "broken");
    for (let turn = 0; turn < 40; turn++) await setImmediate();
    expect(late).to.equal(0);
  });

  /** How an engine from these weights ends, once no thread of it is left. */
  async function failureOf(weights: Weights): Promise<unknown> {
    const watch = new WorkerWatch();
    const error = await createEngine({ ...small, weights }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    watch.stop();
    await watch.allEnded();
    return error;
  }

  it("a value that is not finite is told with its place, and the workers that wait are ended", async () => {
    const broken = weightsFromTensors(
      Object.fromEntries(
        [...given.tensors.values()].map(({ name, shape }) => {
          const data = new Float32Array(elementsOf(shape)).fill(0.5);
          if (name === "conv2.weight") data[31] = NaN;
          if (name === "fc4.weight") data[0] = NaN;
          return [name, { data, shape }];
        }),
      ),
    );
    expect(await failureOf(broken))
      .to.be.an("error")
      .with.property("message")
      .that.includes('tensor "conv2.weight": element 31 is NaN');
  });

  it("a file that was cut since it was loaded is told, and the workers that wait are ended", async () => {
    const path = join(folder, "cut.safetensors");
    await saveWeights(path, given);
    const loaded = await loadWeights(path);
    truncateSync(path, statSync(path).size - 100);
    expect(await failureOf(loaded))
      .to.be.an("error")
      .with.property("message", `${path}: its size or time changed since it was loaded; load it again`);
  });
});

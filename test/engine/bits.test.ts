/** The same bits for every number of threads, every batch size and every position in a batch, within a kernel set. */
import { expect } from "chai";
import type { NdArray } from "ndarray";
import type { Engine } from "../../lib/engine/engine.js";
import type { KernelSetName } from "../../lib/engine/kernel-sets.js";
import { networks } from "../../lib/network/variants.js";
import { bitsOf, imagesFor, take, usableSets, withEngine } from "../engines.js";
import { goldenNames, readGolden } from "../golden.js";
import type { WeightsType } from "../../lib/plan/weights-type.js";
import { roundedWeights } from "./rounded-weights.js";
import { seededWeights } from "../seeded-weights.js";

const IMAGES = 9;
const ALGORITHMS = ["direct", "winograd"] as const;
/** No published form has an average. */
const AVERAGES = "layers/towers-average";

interface Setting {
  readonly name: string;
  readonly kernels: KernelSetName;
  readonly convolutions: (typeof ALGORITHMS)[number];
  /** "rounded": as float32, of weights that were rounded to bfloat16 before; "float32" where left out. */
  readonly fcWeights?: WeightsType | "rounded";
}

function withTwin<T>(
  { name, kernels, convolutions, fcWeights = "float32" }: Setting,
  threads: number,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const { network, weights } = readGolden(name);
  const options = { network, kernels, convolutions, threads, maxBatch: IMAGES };
  if (fcWeights === "rounded")
    return withEngine({ ...options, weights: roundedWeights(network, weights) }, use);
  return withEngine({ ...options, weights, fcWeights }, use);
}

/** What one thread gives for each image alone. */
const alone = (setting: Setting): Promise<Buffer[]> =>
  withTwin(setting, 1, async (engine) => {
    const images = imagesFor(engine, IMAGES);
    const bits: Buffer[] = [];
    for (let image = 0; image < IMAGES; image++)
      bits.push(bitsOf(await engine.forward(take(images, [image])), 0));
    expect(new Set(bits.map((bytes) => bytes.toString("hex"))).size).to.equal(IMAGES);
    return bits;
  });

function expectBits(output: NdArray<Float32Array>, numbers: readonly number[], bits: Buffer[], what: string) {
  const wrong = numbers.filter((number, at) => !bitsOf(output, at).equals(bits[number]));
  expect(wrong, `images with other bits, ${what}`).to.deep.equal([]);
}

async function checkBatches(engine: Engine, sizes: readonly number[], bits: Buffer[]): Promise<void> {
  const images = imagesFor(engine, IMAGES);
  for (const size of sizes) {
    // another first image for each size
    const numbers = Array.from({ length: size }, (_, at) => (size + at) % IMAGES);
    expectBits(
      await engine.forward(take(images, numbers)),
      numbers,
      bits,
      `${engine.threads} threads, batch ${size}`,
    );
  }
}

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9];

for (const kernels of await usableSets())
  describe(`bits on kernel set ${kernels}`, () => {
    // the reference sums in float64 on its own: slow, and nothing in it depends on the cut
    const slow = kernels === "reference";
    for (const name of [...goldenNames("twins"), AVERAGES])
      for (const convolutions of ALGORITHMS) {
        const threads = slow ? [3] : convolutions === "direct" ? [2, 3, 4, 5, 7, 8] : [2, 3, 7];
        const sizes = slow ? [2, 9] : SIZES;
        it(`${name}, ${convolutions}: as one thread alone on ${threads.join(", ")} threads, batches ${sizes.join(", ")}`, async () => {
          const setting = { name, kernels, convolutions };
          const bits = await alone(setting);
          for (const count of slow ? threads : [1, ...threads])
            await withTwin(setting, count, (engine) => checkBatches(engine, sizes, bits));
        });
      }

    for (const name of goldenNames("twins")) {
      const threads = slow ? [3] : [1, 2, 3, 7];
      const sizes = slow ? [1, 2, 9] : SIZES;
      it(`${name}, fully connected weights in bfloat16: as float32 kernels on rounded weights, one thread alone, on ${threads.join(", ")} threads, batches ${sizes.join(", ")}`, async () => {
        const setting = { name, kernels, convolutions: "direct" } as const;
        const bits = await alone({ ...setting, fcWeights: "rounded" });
        expect(bits).to.not.deep.equal(await alone(setting));
        for (const count of threads)
          await withTwin({ ...setting, fcWeights: "bfloat16" }, count, (engine) =>
            checkBatches(engine, sizes, bits),
          );
      });
    }

    it("every image at every position of a batch", async () => {
      const setting: Setting = { name: "twins/alexnet2012", kernels, convolutions: "direct" };
      const bits = await alone(setting);
      await withTwin(setting, 3, async (engine) => {
        const images = imagesFor(engine, IMAGES);
        for (let first = 0; first < IMAGES; first += slow ? 4 : 1) {
          const numbers = Array.from({ length: IMAGES }, (_, at) => (first + at) % IMAGES);
          expectBits(await engine.forward(take(images, numbers)), numbers, bits, `first image ${first}`);
        }
      });
    });

    for (const name of goldenNames("twins"))
      it(`${name}: every layer of 5 images on 3 threads as of one alone on one thread`, async () => {
        const setting: Setting = { name, kernels, convolutions: "direct" };
        const one = await withTwin(setting, 1, async (engine) => {
          const images = imagesFor(engine, 5);
          const all: Record<string, NdArray<Float32Array>>[] = [];
          for (const image of [0, 1, 2, 3, 4])
            all.push(await engine.activations(take(images, [image]), engine.layers));
          return all;
        });
        await withTwin(setting, 3, async (engine) => {
          const together = await engine.activations(imagesFor(engine, 5), engine.layers);
          for (const layer of engine.layers)
            expectBits(
              together[layer],
              [0, 1, 2, 3, 4],
              one.map((values) => bitsOf(values[layer], 0)),
              layer,
            );
        });
      });
  });

describe("bits of more threads than cores, and of a full network", () => {
  it("twins/alexnet2012 on 64 threads", async () => {
    const setting: Setting = { name: "twins/alexnet2012", kernels: "baseline", convolutions: "direct" };
    const bits = await alone(setting);
    await withTwin(setting, 64, (engine) => checkBatches(engine, [1, 2, 9], bits));
  });

  it("caffenet at full size: 1, 2 and 3 threads, an image alone and in a batch of 5", async () => {
    const network = networks.caffenet();
    const weights = seededWeights(network);
    const bits: Buffer[] = [];
    for (const threads of [1, 2, 3])
      await withEngine({ network, weights, threads, maxBatch: 5, kernels: "baseline" }, async (engine) => {
        const images = imagesFor(engine, 5);
        const numbers = [0, 1, 2, 3, 4];
        if (threads === 1)
          for (const number of numbers) bits.push(bitsOf(await engine.forward(take(images, [number])), 0));
        else expectBits(await engine.forward(take(images, [3])), [3], bits, `${threads} threads, alone`);
        expectBits(await engine.forward(images), numbers, bits, `${threads} threads, batch 5`);
      });
  });

  it("caffenet at full size with weights in bfloat16: as float32 kernels on rounded weights, alone and in a batch of 3", async () => {
    const network = networks.caffenet();
    const weights = seededWeights(network);
    const options = { network, threads: 2, maxBatch: 3, kernels: "baseline" } as const;
    const numbers = [0, 1, 2];
    const bits = await withEngine(
      { ...options, weights: roundedWeights(network, weights) },
      async (engine) => {
        const logits = await engine.forward(imagesFor(engine, 3));
        return numbers.map((number) => bitsOf(logits, number));
      },
    );
    await withEngine({ ...options, weights, fcWeights: "bfloat16" }, async (engine) => {
      const images = imagesFor(engine, 3);
      expectBits(await engine.forward(images), numbers, bits, "batch 3");
      expectBits(await engine.forward(take(images, [2])), [2], bits, "alone");
    });
  });
});

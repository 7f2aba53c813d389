import { availableParallelism } from "node:os";
import { expect } from "chai";
import { engineErrors } from "../../lib/errors/engine.js";
import { KERNEL_SETS } from "../../lib/engine/kernel-sets.js";
import { defineNetwork } from "../../lib/network/define.js";
import { networks } from "../../lib/network/variants.js";
import { MEMORY_LIMIT } from "../../lib/plan/regions.js";
import { defaultThreads, makePlan, MAX_BATCH, MAX_THREADS } from "../../lib/plan/plan.js";
import { WEIGHTS_TYPES, type WeightsType } from "../../lib/plan/weights-type.js";
import { Random, testSeed } from "../random.js";
import { randomPlan } from "./random-network.js";

const seed = testSeed();
const tile = KERNEL_SETS.wide;

describe("memory layout", () => {
  it(`has regions that begin at a cache line, do not overlap, and lie in whole pages (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    for (let repeat = 0; repeat < 200; repeat++) {
      const { memory, network } = randomPlan(random);
      const what = `seed ${seed}, network ${repeat}: ${JSON.stringify(network)}`;
      // the first page is the kernels' constants
      let end = 65536;
      for (const { name, offset, bytes } of [...memory.regions].sort((a, b) => a.offset - b.offset)) {
        expect(offset % 64, `${name}, ${what}`).to.equal(0);
        expect(offset, `${name}, ${what}`).to.be.at.least(end);
        expect(bytes, `${name}, ${what}`).to.be.at.least(0);
        end = offset + bytes;
      }
      expect(memory.bytes % 65536).to.equal(0);
      expect(memory.bytes).to.be.within(end, end + 65536 + 64);
    }
  });

  it(`gives two workers no cache line in common (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    for (let repeat = 0; repeat < 50; repeat++) {
      const { memory } = randomPlan(random);
      const { scratch, transforms, expanded } = memory;
      const { scratchWorker, transformsWorker, expandedWorker } = memory;
      for (const bytes of [scratch, scratchWorker, transforms, transformsWorker, expanded, expandedWorker])
        expect(bytes % 64).to.equal(0);
    }
  });

  it("holds the parameters of a full network once, and a part more where a panel is not full", () => {
    const plan = makePlan({
      network: networks.caffenet(),
      tile,
      threads: 2,
      maxBatch: 1,
      convolutions: "direct",
    });
    const weights = plan.memory.regions
      .filter(({ kind }) => kind === "weights" || kind === "bias")
      .reduce((sum, { bytes }) => sum + bytes, 0);
    expect(weights).to.be.within(4 * 60_965_224, 4 * 60_965_224 * 1.01);
  });

  it("halves the weights of fully connected layers as bfloat16, and has room for an expanded panel a worker", () => {
    const regionsOf = (fcWeights: WeightsType, maxBatch: number) =>
      makePlan({ network: networks.caffenet(), tile, threads: 2, maxBatch, fcWeights }).memory.regions;
    const bytesOf = (regions: ReturnType<typeof regionsOf>, kind: string, name: RegExp) =>
      regions
        .filter((region) => region.kind === kind && name.test(region.name))
        .reduce((sum, { bytes }) => sum + bytes, 0);
    const [full, half] = WEIGHTS_TYPES.map((type) => regionsOf(type, 64));
    // fc8 has 500 classes a tower: 32 panels of 16
    const weights = 9216 * 4096 + 4096 * 4096 + 4096 * 2 * 32 * 16;
    expect(bytesOf(full, "weights", /^fc/)).to.equal(4 * weights);
    expect(bytesOf(half, "weights", /^fc/)).to.equal(2 * weights);
    for (const [kind, name] of [
      ["weights", /^conv/],
      ["bias", /^/],
      ["activation", /^/],
    ] as const)
      expect(bytesOf(half, kind, name), kind)
        .to.equal(bytesOf(full, kind, name))
        .and.above(0);
    // a panel of fc6, for each of two workers; where an image is alone, none is expanded
    expect(bytesOf(half, "expanded", /^/)).to.equal(2 * 9216 * 16 * 4);
    expect(bytesOf(full, "expanded", /^/)).to.equal(0);
    expect(bytesOf(regionsOf("bfloat16", 1), "expanded", /^/)).to.equal(0);
  });

  it("grows with the batch by the tensors that hold a whole one", () => {
    const bytes = (maxBatch: number) =>
      makePlan({ network: networks.caffenet(), tile, threads: 2, maxBatch }).memory.bytes;
    // the input's planes, pool5 and fc6 to fc8; the waves have their 8 slots in both
    const image = 4 * (3 * 227 * 227 + 256 * 6 * 6 + 4096 + 4096 + 1000);
    expect((bytes(64) - bytes(16)) / 48).to.be.within(image - 65536 / 48, image + 65536 / 48);
  });

  it("refuses what does not fit into 4 GiB before any of it is taken", () => {
    const network = defineNetwork({
      name: "huge",
      input: [3, 1024, 1024],
      layers: [{ type: "relu", name: "relu1" }],
    });
    const plan = () => makePlan({ network, tile, threads: 1, maxBatch: 256 });
    expect(plan).to.throw(
      /^network huge: the plan needs \d+ bytes of shared memory; WebAssembly has 4294967296; lower maxBatch or threads$/,
    );
    expect(plan).to.throw().with.property("code", "MEMORY_TOO_LARGE");
    expect(MEMORY_LIMIT).to.equal(2 ** 32);
    expect(engineErrors.memory("n", 5e9, MEMORY_LIMIT).message).to.include("5000000000");
  });

  it("takes the threads that are the default, also where a processor has more cores than a plan has workers", () => {
    expect([1, 2, 64, 65, 512].map((cores) => defaultThreads(cores))).to.deep.equal([1, 2, 64, 64, 64]);
    const plan = makePlan({ network: networks.caffenet(), tile, threads: defaultThreads(512), maxBatch: 1 });
    expect(plan.threads).to.equal(MAX_THREADS);
    expect(defaultThreads()).to.equal(Math.min(64, availableParallelism()));
  });

  it("refuses threads and batches out of range, and an unknown way to store weights", () => {
    const network = networks.caffenet();
    const refused: [options: object, text: string][] = [
      [{ threads: 0 }, `threads: got 0; it must be a whole number from 1 to ${MAX_THREADS}`],
      [{ threads: 65 }, `threads: got 65; it must be a whole number from 1 to ${MAX_THREADS}`],
      [{ threads: 1.5 }, `threads: got 1.5; it must be a whole number from 1 to ${MAX_THREADS}`],
      [{ threads: "2" }, `threads: got "2"; it must be a whole number from 1 to ${MAX_THREADS}`],
      [{ maxBatch: NaN }, `maxBatch: got NaN; it must be a whole number from 1 to ${MAX_BATCH}`],
      [{ maxBatch: 4097 }, `maxBatch: got 4097; it must be a whole number from 1 to ${MAX_BATCH}`],
      [{ fcWeights: "bf16" }, 'fcWeights: got "bf16"; it must be one of float32, bfloat16'],
    ];
    for (const [options, text] of refused)
      expect(() => makePlan({ network, tile, threads: 1, maxBatch: 1, ...options }))
        .to.throw(text)
        .with.property("code", "OPTION_INVALID");
  });
});

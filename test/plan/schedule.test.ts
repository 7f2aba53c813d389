/** What the workers do, checked word by word: see simulation.ts. */
import { expect } from "chai";
import { KERNEL_SETS } from "../../lib/engine/kernel-sets.js";
import { defineNetwork } from "../../lib/network/define.js";
import { makePlan, programsOf, type Plan } from "../../lib/plan/plan.js";
import type { Command, StepCommand } from "../../lib/plan/commands.js";
import { WEIGHTS_TYPES } from "../../lib/plan/weights-type.js";
import { evenImages, waves } from "../../lib/plan/schedule.js";
import { goldenNames, readGolden } from "../golden.js";
import { Random, testSeed } from "../random.js";
import { randomPlan } from "./random-network.js";
import { simulate } from "./simulation.js";

const seed = testSeed();
const THREADS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

function check(plan: Plan, images: number, what: string): void {
  for (const keep of [false, true]) checkPrograms(plan, images, keep, `${what}, keep ${keep}`);
}

function checkPrograms(plan: Plan, images: number, keep: boolean, what: string): void {
  const programs = programsOf(plan, images, keep);
  try {
    simulate(plan, programs, images);
  } catch (error) {
    const { network, threads, maxBatch, tile } = plan;
    throw new Error(
      `${what}, ${images} images, ${JSON.stringify({ threads, maxBatch, tile: tile.set, network })}: ${String(error)}`,
      { cause: error },
    );
  }
  const steps = programs.flat().flatMap((command) => (command === "barrier" ? [] : [command.step]));
  expect(new Set(steps).size, what).to.be.at.most(plan.memory.stepCapacity);
}

/** The slots that an operation writes, or reads, in order. */
function slotsOf(
  programs: readonly (readonly Command[])[],
  operation: number,
  which: "inputImage" | "outputImage" = "outputImage",
): number[] {
  const slots = new Set<number>();
  for (const command of programs.flat())
    if (
      command !== "barrier" &&
      command.operation === operation &&
      !/^gemm|^winograd_input/.test(command.step.kernel)
    )
      slots.add(command[which]);
  return [...slots].sort((a, b) => a - b);
}

describe("schedule", () => {
  for (const threads of [...THREADS, 64])
    it(`random networks on ${threads} threads: no hazard, every element once an image (TEST_SEED=${seed})`, () => {
      const random = new Random(seed + threads);
      for (let repeat = 0; repeat < (threads === 64 ? 5 : 15); repeat++) {
        const plan = randomPlan(random, threads);
        const what = `seed ${seed}, network ${repeat}`;
        check(plan, plan.maxBatch, what);
        check(plan, random.integer(1, plan.maxBatch), what);
      }
    });

  for (const name of goldenNames("twins"))
    it(`${name} on 2 and 3 threads, 1 to 9 images: no hazard, every element once an image`, () => {
      const { network } = readGolden(name);
      for (const threads of [2, 3])
        for (const fcWeights of WEIGHTS_TYPES) {
          const plan = makePlan({ network, tile: KERNEL_SETS.wide, threads, maxBatch: 9, fcWeights });
          for (const images of threads === 2 ? [1, 9] : [1, 5]) check(plan, images, name);
        }
    }).timeout(120_000);

  it("keeps every image of a batch of one wave's size in a slot of its own, where it is told to", () => {
    const { network } = readGolden("twins/single-tower");
    for (const threads of THREADS)
      for (const maxBatch of [1, 5, 16]) {
        const plan = makePlan({ network, tile: KERNEL_SETS.baseline, threads, maxBatch });
        for (let images = 1; images <= plan.wave; images++) {
          for (const { index, scope } of plan.graph.operations) {
            if (scope === "batch") continue;
            const slots = slotsOf(programsOf(plan, images, true), index);
            expect(slots).to.deep.equal([...Array(images).keys()]);
          }
        }
      }
  });

  it("shares a slot among the images that a worker goes through one by one, where nobody else reads them", () => {
    const { network } = readGolden("twins/single-tower");
    const tile = KERNEL_SETS.baseline;
    const plan = makePlan({ network, tile, threads: 2, maxBatch: 8, convolutions: "direct" });
    const [first, second] = plan.graph.operations.filter(({ kind }) => kind !== "space-to-depth");
    expect([first.layer.name, second.layer.name]).to.deep.equal(["conv1", "pool1"]);
    const programs = programsOf(plan, 8);
    // four images a worker: theirs begin at 0 and at 4
    expect(slotsOf(programs, first.index)).to.deep.equal([0, 4]);
    expect(slotsOf([programs[0]], second.index, "inputImage")).to.deep.equal([0]);
  });

  it("has room for the steps of maps of many parts", () => {
    const network = defineNetwork({
      name: "large-maps",
      input: [32, 256, 256],
      layers: [
        { type: "convolution", name: "conv1", outChannels: 32, kernel: 3, padding: 1 },
        { type: "convolution", name: "conv2", outChannels: 8, kernel: 3, padding: 1 },
      ],
    });
    const options = { network, tile: KERNEL_SETS.baseline, maxBatch: 3, convolutions: "winograd" } as const;
    for (const threads of [1, 2, 3]) {
      const plan = makePlan({ ...options, threads });
      const steps = programsOf(plan, 3)
        .flat()
        .flatMap((command) => (command === "barrier" ? [] : [command.step]));
      expect(new Set(steps).size).to.be.within(2 * 3 * 26, plan.memory.stepCapacity);
    }
  });

  it("cuts a batch into whole waves, one that the workers share evenly, and the rest", () => {
    const random = new Random(seed);
    for (let repeat = 0; repeat < 100; repeat++) {
      const plan = randomPlan(random);
      const images = random.integer(1, plan.maxBatch);
      const sizes = waves(plan, images).map(([from, to]) => to - from);
      const even = evenImages(plan.graph.towers, plan.threads);
      expect(sizes.reduce((sum, size) => sum + size, 0)).to.equal(images);
      const smaller = sizes.filter((size) => size !== plan.wave);
      expect(smaller.length, `seed ${seed}: ${sizes.join(", ")}`).to.be.at.most(2);
      for (const size of smaller.slice(0, -1)) expect(size % even).to.equal(0);
    }
  });

  it("has room for a step by panel, where panels are expanded", () => {
    const network = defineNetwork({
      name: "many-panels",
      input: [2, 1, 1],
      layers: [{ type: "fully-connected", name: "fc1", outFeatures: 8 * 1500 }],
    });
    const options = { network, tile: KERNEL_SETS.baseline, threads: 3, fcWeights: "bfloat16" } as const;
    const plan = makePlan({ ...options, maxBatch: 2 });
    check(plan, 2, "many panels");
    check(plan, 1, "many panels");
    const kernelsOf = (one: Plan, images: number) =>
      programsOf(one, images).map((program) =>
        program.flatMap((command) =>
          command === "barrier" || command.operation === 0 ? [] : [command.step.kernel],
        ),
      );
    // each panel is expanded right before all images go over it
    for (const [worker, names] of kernelsOf(plan, 2).entries()) {
      const panels = Math.floor((1500 * (worker + 1)) / 3) - Math.floor((1500 * worker) / 3);
      expect(names).to.deep.equal(Array.from({ length: panels }, () => ["expand", "conv_tile"]).flat());
    }
    for (const maxBatch of [1, 2])
      expect(kernelsOf(makePlan({ ...options, maxBatch }), 1)).to.deep.equal(
        Array.from({ length: 3 }, () => ["conv_row_bf16"]),
      );
  });

  it("has no barrier for one thread", () => {
    const { network } = readGolden("twins/caffenet");
    const plan = makePlan({ network, tile: KERNEL_SETS.baseline, threads: 1, maxBatch: 9 });
    expect(programsOf(plan, 9)[0]).to.not.include("barrier");
  });
});

describe("the checker of schedules", () => {
  const { network } = readGolden("twins/alexnet2012");
  const plan = makePlan({ network, tile: KERNEL_SETS.baseline, threads: 2, maxBatch: 3 });
  const programs = programsOf(plan, 3);
  const barriers = programs[0].flatMap((command, at) => (command === "barrier" ? [at] : []));

  const without = (program: readonly Command[], barrier: number): Command[] => {
    let seen = 0;
    return program.filter((command) => command !== "barrier" || seen++ !== barrier);
  };

  it("accepts the plan that is broken below", () => {
    expect(barriers.length).to.be.above(5);
    simulate(plan, programs, 3);
  });

  it("sees a hazard wherever a barrier is missing", () => {
    // conv3 and the fully connected layers read both towers; what two waves have between them is not read across
    const seen = barriers.filter((_, barrier) => {
      try {
        simulate(
          plan,
          programs.map((program) => without(program, barrier)),
          3,
        );
        return false;
      } catch (error) {
        return /in this phase|unwritten|reads images/.test(String(error));
      }
    });
    expect(seen.length).to.be.at.least(4);
  });

  it("sees a worker that meets once less", () => {
    expect(() => {
      simulate(plan, [without(programs[0], 0), programs[1]], 3);
    }).to.throw(/^the workers meet \d+, \d+ times$/);
  });

  it("sees a step that is missing, one that runs twice, and one that takes another image", () => {
    const at = programs[0].findIndex((command) => command !== "barrier" && command.operation === 2);
    const command = programs[0][at];
    if (command === "barrier") throw new Error("not a step");
    const broken = [
      programs[0].toSpliced(at, 1),
      programs[0].toSpliced(at, 0, command),
      programs[0].with(at, { ...command, inputImage: command.inputImage + 1 }),
      programs[0].with(at, { ...command, outputImage: command.outputImage + 1 }),
    ];
    for (const program of broken)
      expect(() => {
        simulate(plan, [program, programs[1]], 3);
      }).to.throw(/unwritten|in this phase|twice|image/);
  });

  describe("of expanded panels", () => {
    const small = makePlan({
      network: defineNetwork({
        name: "panels",
        input: [2, 2, 2],
        layers: [{ type: "fully-connected", name: "fc1", outFeatures: 40 }],
      }),
      ...{ tile: KERNEL_SETS.baseline, threads: 2, maxBatch: 3, fcWeights: "bfloat16" },
    });
    const [first, second] = programsOf(small, 3);
    const isStep = (command: Command): command is StepCommand => command !== "barrier";
    const at = first.findIndex((command) => isStep(command) && command.step.kernel === "expand");

    /** The first worker's first step of a kernel, with other fields. */
    const changed = (kernel: "expand" | "conv_tile", change: (fields: Record<string, number>) => object) => {
      const index = first.findIndex((command) => isStep(command) && command.step.kernel === kernel);
      const command = first[index];
      if (!isStep(command)) throw new Error("not a step");
      const fields = { ...command.step.fields, ...change(command.step.fields) };
      return first.with(index, { ...command, step: { kernel, fields } as StepCommand["step"] });
    };

    it("accepts the plan that is broken below", () => {
      expect(at).to.be.at.least(0);
      simulate(small, [first, second], 3);
    });

    const broken: [what: string, program: () => Command[], text: RegExp][] = [
      ["one that is missing", () => first.toSpliced(at, 1), /reads 64 expanded weights of no/],
      ["one that is another's", () => first.toSpliced(at + 2, 1), /for the bias at byte/],
      [
        "one in the other worker's room",
        () => changed("expand", ({ output }) => ({ output: output + small.memory.expandedWorker })),
        /which is not its room/,
      ],
      [
        "one that is read from the other worker's room",
        () => changed("conv_tile", ({ weights }) => ({ weights: weights + small.memory.expandedWorker })),
        /which is not its room/,
      ],
      [
        "one that is longer than the weights",
        () => changed("expand", ({ depth }) => ({ depth: 100 * depth })),
        /as a parameter|of several regions/,
      ],
    ];
    for (const [what, program, text] of broken)
      it(`sees ${what}`, () => {
        expect(() => {
          simulate(small, [program(), second], 3);
        }).to.throw(text);
      });
  });
});

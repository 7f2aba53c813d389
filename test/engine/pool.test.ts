/** The pool alone: programs that fail in a kernel, at any command of any worker. */
import { expect } from "chai";
import ndarray from "ndarray";
import { timesOf } from "../../lib/engine/times.js";
import { encode } from "../../lib/plan/encode.js";
import { compileSet, KERNEL_SETS } from "../../lib/engine/kernel-sets.js";
import { packWeights } from "../../lib/engine/packing/pack.js";
import { WorkerPool } from "../../lib/engine/pool.js";
import { copyIn, views } from "../../lib/engine/tensors.js";
import { makePlan, programsOf } from "../../lib/plan/plan.js";
import { BARRIER, COMMAND_WORDS } from "../../workers/protocol.js";
import { Random, testSeed } from "../random.js";
import { seededInput } from "../seeded-weights.js";
import { settled } from "./killing.js";
import { smallNetwork, smallWeights } from "./small.js";

const seed = testSeed();
const IMAGES = 4;
/** An address behind every memory of these tests: the kernel that reads its step there traps. */
const NOWHERE = 0x7ffffff0;

async function withPool(
  threads: number,
  use: (pool: WorkerPool, programs: Int32Array[], bits: () => Buffer) => Promise<void>,
): Promise<void> {
  const plan = makePlan({ network: smallNetwork, tile: KERNEL_SETS.baseline, threads, maxBatch: IMAGES });
  const pages = plan.memory.bytes / 65536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const kernels = await compileSet("baseline");
  if (kernels === undefined) throw new Error("this Node has no SIMD");
  await packWeights(plan, smallWeights, memory.buffer);
  const shape = [IMAGES, ...smallNetwork.input];
  copyIn(plan, memory.buffer, ndarray(seededInput(shape), shape), 0, IMAGES);
  const control = { barrier: plan.memory.barrier, threads, spin: false };
  const pool = new WorkerPool({ kernels, memory, control });
  const last = plan.graph.tensors.length - 1;
  const bits = () => {
    const { offset, image, slots } = plan.memory.placements[last];
    return Buffer.from(new Uint8Array(memory.buffer).slice(offset, offset + slots * image));
  };
  expect(views(plan, memory.buffer, last, IMAGES).length).to.equal(1);
  try {
    await use(pool, encode(plan, programsOf(plan, IMAGES), memory.buffer), bits);
  } finally {
    await settled(pool.close(), "closing the pool");
  }
}

/** The programs with one word of one command of one worker changed. */
function broken(programs: readonly Int32Array[], random: Random, word: number, value: number): Int32Array[] {
  const worker = random.integer(0, programs.length - 1);
  const commands = programs[worker].length / COMMAND_WORDS;
  let command = random.integer(0, commands - 1);
  while (programs[worker][command * COMMAND_WORDS] === BARRIER) command = random.integer(0, commands - 1);
  return programs.map((program, index) => {
    const copy = program.slice();
    if (index === worker) copy[command * COMMAND_WORDS + word] = value;
    return copy;
  });
}

describe("worker pool", () => {
  for (const threads of [1, 2, 3])
    it(`on ${threads} threads: a kernel that traps loses its batch and no other (TEST_SEED=${seed})`, () =>
      withPool(threads, async (pool, programs, bits) => {
        const random = new Random(seed + threads);
        await pool.run(programs, false);
        const expected = bits();
        expect(expected.some((byte) => byte !== 0)).to.equal(true);
        for (let round = 0; round < 12; round++) {
          const what = `round ${round} of seed ${seed}`;
          const unknown = random.chance(0.3);
          const failing = broken(programs, random, unknown ? 0 : 1, unknown ? 99 : NOWHERE);
          const error = await settled(
            pool.run(failing, random.chance(0.5)).then(
              () => undefined,
              (reason: unknown) => reason,
            ),
            what,
          );
          expect(error, what).to.have.property("code", "WORKER_FAILED");
          // the cause, not the others' poisoned barrier
          expect(error, what)
            .to.have.property("message")
            .that.matches(unknown ? /not a function/ : /memory access out of bounds/);
          await settled(pool.run(programs, false), what);
          expect(bits().equals(expected), what).to.equal(true);
        }
      }));

  it("answers with the times of each worker where they are asked for", () =>
    withPool(2, async (pool, programs) => {
      expect(await pool.run(programs, false)).to.deep.equal([undefined, undefined]);
      const times = await pool.run(programs, true);
      const operations = times.flatMap((words) =>
        words ? timesOf(words).operations.map(([operation]) => operation) : [],
      );
      expect(times).to.not.include(undefined);
      expect(new Set(operations).size).to.equal(9);
    }));

  it("may be closed before its threads have started, and twice", () =>
    withPool(3, async (pool) => {
      await settled(pool.close(), "closing at once");
    }));
});

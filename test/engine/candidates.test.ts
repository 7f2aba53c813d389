/** Which kernel sets are checked, and when: the fastest, the next where that is wrong, and any that is asked for. */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { Candidates } from "../../lib/engine/candidates.js";
import { chooseKernels } from "../../lib/engine/choose-kernels.js";
import { COMPILED_SETS, compileSet, fileOfSet, KERNEL_SETS } from "../../lib/engine/kernel-sets.js";
import { AlexNetError } from "../../lib/errors/base.js";
import { Checks } from "../../workers/checks.js";
import { instantiate } from "../../workers/instantiate.js";
import type { Measurement, MeasureTask } from "../../workers/measure.js";
import { WorkerWatch } from "./killing.js";

const file = fileOfSet("baseline");
const { panel } = KERNEL_SETS.baseline;
const WRONG = "its results are wrong on this machine";

/**
 * Every set is the baseline's module. In panels of wide, which are twice as large, it computes half of the outputs in
 * half of the time: it is the fastest, and wrong. The other two are right.
 */
const wideWrong = () => new Candidates(() => file);

describe("candidates", () => {
  let watch: WorkerWatch;
  beforeEach(() => {
    watch = new WorkerWatch();
  });
  afterEach(() => {
    watch.stop();
  });

  it("that are the fastest and wrong are refused, and the next is checked and taken", async () => {
    const { choice, set } = await chooseKernels("auto", wideWrong());
    const [wide, ...right] = choice.measured;
    expect(wide).to.deep.equal({
      set: "wide",
      checked: true,
      usable: false,
      gflops: wide.gflops,
      reason: WRONG,
    });
    expect(set.set).to.equal(choice.set);
    const taken = right.find((measured) => measured.set === choice.set);
    const other = right.find((measured) => measured.set !== choice.set);
    expect(taken).to.include({ checked: true, usable: true });
    expect(other).to.include({ checked: false, usable: true });
    expect(other?.gflops).to.be.within(0, taken?.gflops ?? 0);
    expect(watch.started).to.equal(1);
  });

  it("that are slower are checked when one is asked for, at the rate that was measured", async () => {
    const candidates = wideWrong();
    const { choice } = await chooseKernels("auto", candidates);
    const other = choice.measured.find(({ checked }) => !checked);
    if (other === undefined) throw new Error("all were checked");
    const forced = await chooseKernels(other.set, candidates);
    expect(forced.choice.measured).to.deep.equal([{ ...other, checked: true }]);
    expect(forced.choice.set).to.equal(other.set);
    expect(watch.started).to.equal(2);
    await chooseKernels(other.set, candidates);
    const again = await chooseKernels("auto", candidates);
    expect(watch.started).to.equal(2);
    expect(again.choice.set).to.equal(choice.set);
    expect(again.choice.measured.map(({ checked }) => checked)).to.deep.equal([true, true, true]);
  });

  it("that were forced before are not measured twice", async () => {
    const candidates = wideWrong();
    const forced = await chooseKernels("baseline", candidates);
    expect(watch.started).to.equal(1);
    const { choice } = await chooseKernels("auto", candidates);
    expect(watch.started).to.equal(2);
    expect(choice.measured[COMPILED_SETS.indexOf("baseline")]).to.deep.equal(forced.choice.measured[0]);
  });

  it("that are wrong are refused where they are forced, also after they were measured", async () => {
    const candidates = wideWrong();
    await candidates.measure(COMPILED_SETS);
    for (const known of [candidates, wideWrong()]) {
      const error: unknown = await chooseKernels("wide", known).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(AlexNetError).with.property("code", "KERNELS_UNAVAILABLE");
      const text = `kernels: the set wide cannot be used: ${WRONG}; ${KERNEL_SETS.wide.needs}`;
      expect(error).to.have.property("message", text);
    }
    expect(watch.started).to.equal(2);
  });

  it("of which none compiles leave the reference", async () => {
    const { choice, module } = await chooseKernels(
      "auto",
      new Candidates(() => fileURLToPath(import.meta.url)),
    );
    expect(module).to.equal("reference");
    const reason = `this Node does not compile it (${process.version})`;
    expect(choice.measured).to.deep.equal(
      COMPILED_SETS.map((set) => ({ set, checked: false, usable: false, reason })),
    );
  });
});

/** As Candidates does it. */
async function measured(tasks: readonly MeasureTask[]): Promise<readonly Measurement[]> {
  const worker = new Worker(new URL("../../workers/measure.js", import.meta.url), { workerData: tasks });
  const [measurements] = (await once(worker, "message")) as [readonly Measurement[]];
  return measurements;
}

describe("measuring", () => {
  /** The baseline, as though it had been timed. */
  let known: Measurement;
  before(async () => {
    const module = await compileSet("baseline");
    if (module === undefined) throw new Error("baseline does not compile");
    const first = new Checks((memory) => instantiate(module, memory), panel).run();
    known = { module, gflops: 1, first };
  });

  it("checks from the fastest on until a set is right", async () => {
    const wrong = { file, panel: 2 * panel };
    const right = { file, panel };
    const measurements = await measured([
      { ...right, known: { ...known, gflops: 1 } },
      { ...wrong, known: { ...known, gflops: 4 } },
      { ...right, known: { ...known, gflops: 2 } },
      { ...wrong, known: { ...known, gflops: 3 } },
    ]);
    expect(measurements.map(({ right: isRight }) => isRight)).to.deep.equal([undefined, false, true, false]);
    expect(measurements.map(({ gflops }) => gflops)).to.deep.equal([1, 4, 2, 3]);
  });

  it("takes a set for wrong whose first outputs were, however right it is now", async () => {
    const first = known.first.slice();
    first[first.length - 1] += 1;
    const measurements = await measured([
      { file, panel, known: { ...known, first, gflops: 2 } },
      { file, panel, known },
    ]);
    expect(measurements.map(({ right }) => right)).to.deep.equal([false, true]);
  });

  it("leaves what is known to be right as it is", async () => {
    const first = new Float32Array(known.first.length);
    const [measurement] = await measured([{ file, panel, known: { ...known, first, right: true } }]);
    expect(measurement.right).to.equal(true);
  });
});

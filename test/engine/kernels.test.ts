/** Which kernel set runs: measured, forced, or refused with a reason. */
import { expect } from "chai";
import { Candidates } from "../../lib/engine/candidates.js";
import { chooseKernels } from "../../lib/engine/choose-kernels.js";
import { COMPILED_SETS, compileSet, KERNEL_SETS } from "../../lib/engine/kernel-sets.js";
import { AlexNetError } from "../../lib/errors/base.js";
import { FORWARD_KERNEL_NAMES } from "../../workers/steps.js";
import { withEngine } from "../engines.js";
import { WorkerWatch } from "./killing.js";
import { small } from "./small.js";

describe("choice of kernels", () => {
  it("is the fastest of the sets that were measured and are right", async () => {
    const { choice, module, set } = await chooseKernels("auto");
    expect(choice.forced).to.equal(false);
    expect(choice.measured.map((measured) => measured.set)).to.deep.equal(COMPILED_SETS);
    const usable = choice.measured.filter((measured) => measured.usable);
    const fastest = Math.max(...usable.map(({ gflops }) => gflops ?? 0));
    const taken = usable.find((measured) => measured.set === choice.set);
    expect(taken).to.include({ gflops: fastest, checked: true });
    expect(fastest).to.be.above(0);
    expect(set).to.equal(KERNEL_SETS[choice.set]);
    expect(module).to.not.equal("reference");
  });

  it("is measured once a process", async () => {
    const first = await chooseKernels("auto");
    const second = await chooseKernels("auto");
    expect(second.choice.measured).to.deep.equal(first.choice.measured);
    expect(second.module).to.equal(first.module);
  });

  it("is measured once for engines that are created at once", async () => {
    const fresh = new Candidates();
    const watch = new WorkerWatch();
    try {
      const [first, second, forced] = await Promise.all([
        chooseKernels("auto", fresh),
        chooseKernels("auto", fresh),
        chooseKernels("baseline", fresh),
      ]);
      expect(second.module).to.equal(first.module);
      const baseline = first.choice.measured.filter(({ set }) => set === "baseline");
      expect(forced.choice.measured).to.deep.equal(baseline.map((set) => ({ ...set, checked: true })));
      // one that measures; one that checks what was too slow to be checked by it
      expect(watch.started).to.equal(baseline[0].checked ? 1 : 2);
    } finally {
      watch.stop();
    }
  });

  it("is visible on the engine, with a kernel for every export", () =>
    withEngine({ ...small, kernels: "baseline" }, ({ kernels }) => {
      expect(kernels.set).to.equal("baseline");
      expect(kernels.forced).to.equal(true);
      expect(kernels.measured).to.have.length(1);
      expect(kernels.measured[0]).to.include({ set: "baseline", checked: true, usable: true });
      expect(Object.keys(kernels.kernels)).to.have.members(FORWARD_KERNEL_NAMES);
      return Promise.resolve();
    }));

  it("may be the reference, which is never measured", async () => {
    const { choice, module } = await chooseKernels("reference");
    expect(module).to.equal("reference");
    expect(choice).to.deep.equal({
      set: "reference",
      kernels: KERNEL_SETS.reference.kernels,
      forced: true,
      measured: [],
    });
  });

  for (const set of COMPILED_SETS)
    it(`${set} is forced where this Node compiles it, and refused with a reason where not`, async () => {
      if ((await compileSet(set)) !== undefined) {
        const { choice } = await chooseKernels(set);
        expect(choice.set).to.equal(set);
        expect(choice.forced).to.equal(true);
        return;
      }
      try {
        await chooseKernels(set);
        expect.fail(`${set} was taken`);
      } catch (error) {
        expect(error).to.be.instanceOf(AlexNetError).with.property("code", "KERNELS_UNAVAILABLE");
        expect(error).to.have.property(
          "message",
          `kernels: the set ${set} cannot be used: this Node does not compile it (${process.version}); ${KERNEL_SETS[set].needs}`,
        );
      }
    });

  it("says of every set whether it is usable, and why not", async () => {
    const { choice } = await chooseKernels("auto");
    for (const { set, usable, gflops, reason } of choice.measured) {
      expect(usable).to.equal(reason === undefined);
      if ((await compileSet(set)) === undefined) expect(gflops).to.equal(undefined);
    }
  });

  it("says so when the thread that measures is lost, and measures again when it is asked again", async () => {
    const fresh = new Candidates();
    const watch = new WorkerWatch();
    watch.onStart = (worker) => void worker.terminate();
    try {
      const error: unknown = await chooseKernels("auto", fresh).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(AlexNetError).with.property("code", "WORKER_FAILED");
      expect(error).to.have.property("message").that.includes("the thread that measures");
      expect(watch.started).to.equal(1);
    } finally {
      watch.stop();
    }
    const { choice } = await chooseKernels("auto", fresh);
    expect(choice.measured.map(({ set }) => set)).to.deep.equal(COMPILED_SETS);
    await watch.allEnded();
  });
});

/** The reckoning of more cores, on numbers that can be followed by hand. */
import { expect } from "chai";
import { predict, type Measured } from "../../../benchmarks/model/model.js";
import { KERNEL_SETS } from "../../../lib/engine/kernel-sets.js";
import { caffenet } from "../../../lib/network/variants.js";
import { makePlan } from "../../../lib/plan/plan.js";

const planFor = (threads: number) =>
  makePlan({ network: caffenet(), tile: KERNEL_SETS.wide, threads, maxBatch: 64 });

/** Every operation takes 10 ms. */
const measured: Measured = {
  one: {
    spans: [],
    operations: planFor(1).graph.operations.map(({ index }) => [index, 10] as const),
    waiting: 0,
  },
  serial: 4,
  meeting: 0.5,
  bandwidth: 30,
};

describe("benchmarks: model", () => {
  it("one thread computes everything and meets nobody", () => {
    const { computing, meetings, total } = predict(planFor(1), 64, measured);
    const operations = planFor(1).graph.operations.length;
    expect([computing, meetings]).to.deep.equal([10 * operations, 0]);
    expect(total).to.equal(10 * operations + 4);
  });

  it("cuts of even size divide the computing by the threads", () => {
    for (const threads of [2, 4, 8, 16])
      expect(predict(planFor(threads), 64, measured).computing).to.be.closeTo(
        predict(planFor(1), 64, measured).computing / threads,
        // the last layer's 32 panels of a tower are what cannot be cut evenly
        0.5,
      );
  });

  it("reads the fully connected weights once, the others with every wave", () => {
    const plan = planFor(2);
    const bytes = (layers: RegExp) =>
      plan.memory.regions
        .filter(({ kind, name }) => kind === "weights" && layers.test(name))
        .reduce((sum, region) => sum + region.bytes, 0);
    const { reading } = predict(plan, 64, measured);
    expect(reading).to.be.closeTo((bytes(/^fc/) + 8 * bytes(/^conv/)) / 30e6, 1e-9);
  });

  it("names what takes longest, and adds the serial part to the longer of computing and reading", () => {
    const plan = planFor(2);
    const slow = predict(plan, 64, { ...measured, bandwidth: 0.1 });
    expect(slow.binds).to.equal("reading weights");
    expect(slow.total).to.equal(slow.reading + 4);
    const late = predict(plan, 64, { ...measured, meeting: 100 });
    expect([late.binds, late.meeting]).to.deep.equal(["meetings", 100 * late.meetings]);
  });
});

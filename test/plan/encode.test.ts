import { expect } from "chai";
import { encode } from "../../lib/plan/encode.js";
import { KERNEL_SETS } from "../../lib/engine/kernel-sets.js";
import { makePlan, programsOf } from "../../lib/plan/plan.js";
import { BARRIER, COMMAND_WORDS } from "../../workers/protocol.js";
import { KERNEL_NAMES, readStep, STEP_BYTES } from "../../workers/steps.js";
import { readGolden } from "../golden.js";

const { network } = readGolden("twins/caffenet");

describe("encoding", () => {
  const plan = makePlan({ network, tile: KERNEL_SETS.baseline, threads: 3, maxBatch: 9 });
  const programs = programsOf(plan, 9);
  const memory = new SharedArrayBuffer(plan.memory.bytes);
  const encoded = encode(plan, programs, memory);
  const view = new DataView(memory);

  it("gives each worker its commands in order, with the steps readable at their addresses", () => {
    expect(encoded.length).to.equal(3);
    programs.forEach((commands, worker) => {
      const words = encoded[worker];
      expect(words.length).to.equal(COMMAND_WORDS * commands.length);
      commands.forEach((command, index) => {
        const [kernel, address, ...rest] = words.subarray(COMMAND_WORDS * index, COMMAND_WORDS * (index + 1));
        if (command === "barrier") {
          expect(kernel).to.equal(BARRIER);
          return;
        }
        expect(KERNEL_NAMES[kernel]).to.equal(command.step.kernel);
        expect(readStep(view, address, command.step.kernel)).to.deep.equal(
          Object.fromEntries(
            Object.entries(command.step.fields).map(([name, value]) => [name, Math.fround(value)]),
          ),
        );
        expect(rest).to.deep.equal([command.inputImage, command.outputImage, command.operation]);
      });
    });
  });

  it("writes a step once, however often it runs, and only where the plan has room for steps", () => {
    const addresses = new Set<number>();
    for (const words of encoded)
      for (let at = 0; at < words.length; at += COMMAND_WORDS)
        if (words[at] !== BARRIER) addresses.add(words[at + 1]);
    const steps = programs.flat().flatMap((command) => (command === "barrier" ? [] : [command.step]));
    expect(addresses.size).to.equal(new Set(steps).size).and.to.be.below(steps.length);
    const { steps: first, stepCapacity } = plan.memory;
    expect([...addresses].every((address) => (address - first) % STEP_BYTES === 0)).to.equal(true);
    const end = first + stepCapacity * STEP_BYTES;
    const bytes = new Uint8Array(memory);
    expect(bytes.subarray(0, first).every((byte) => byte === 0)).to.equal(true);
    expect(bytes.subarray(end).every((byte) => byte === 0)).to.equal(true);
  });

  it("refuses more steps than the plan has room for", () => {
    const small = { ...plan, memory: { ...plan.memory, stepCapacity: 3 } };
    expect(() => encode(small, programs, memory)).to.throw(RangeError, "more steps than room for them");
  });
});

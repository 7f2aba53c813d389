/** Random networks that lib/network accepts and lib/plan can cut, small enough to look at every element. */
import { AlexNetError } from "../../lib/errors/base.js";
import { KERNEL_SETS, type KernelSetName } from "../../lib/engine/kernel-sets.js";
import { defineNetwork } from "../../lib/network/define.js";
import type { Network } from "../../lib/network/layers.js";
import { PLANNED_CONVOLUTIONS } from "../../lib/plan/algorithm.js";
import { makePlan, type Plan } from "../../lib/plan/plan.js";
import { WEIGHTS_TYPES } from "../../lib/plan/weights-type.js";
import type { Random } from "../random.js";

type Description = Record<string, unknown>;

export function randomNetwork(random: Random): Network {
  return untilValid(() => defineNetwork(describeNetwork(random)));
}

/** A plan for a random network, with `threads` workers where given. */
export function randomPlan(random: Random, threads?: number): Plan {
  return untilValid(() =>
    makePlan({
      network: defineNetwork(describeNetwork(random)),
      tile: KERNEL_SETS[random.pick(Object.keys(KERNEL_SETS) as KernelSetName[])],
      threads: threads ?? random.integer(1, 9),
      maxBatch: random.integer(1, 20),
      convolutions: random.pick(PLANNED_CONVOLUTIONS),
      fcWeights: random.pick(WEIGHTS_TYPES),
    }),
  );
}

/** What does not fit together is thrown away: most random lists of layers are networks. */
function untilValid<T>(make: () => T): T {
  for (let attempt = 0; attempt < 1000; attempt++)
    try {
      return make();
    } catch (error) {
      if (!(error instanceof AlexNetError) || error.code !== "NETWORK_INVALID") throw error;
    }
  throw new Error("a thousand random networks, and none is valid");
}

function describeNetwork(random: Random): Description {
  const towers = random.pick([1, 1, 2, 2, 2, 3]);
  const channels = () =>
    random.chance(0.8) ? towers * random.pick([1, 3, 4, 8, 16]) : random.integer(1, 19);
  let current = random.chance(0.5) ? towers * random.integer(1, 8) : random.integer(1, 4);
  const input = [current, random.integer(5, 14), random.integer(5, 14)];
  const layers: Description[] = [];
  const add = (layer: Description) => layers.push({ ...layer, name: `layer${layers.length + 1}` });
  /** One that Winograd can compute over the input in blocks. */
  const strided = () => {
    const stride = random.integer(2, 3);
    current = 8 * towers * random.integer(1, 2);
    add({
      ...{ type: "convolution", outChannels: current, stride, padding: random.integer(0, 2) },
      kernel: random.integer(2 * stride + 1, 3 * stride),
      rounding: random.pick(["floor", "ceil"]),
    });
  };
  const convolution = (groups: number) => {
    const winograd = random.chance(0.3);
    current = winograd ? 8 * towers * random.integer(1, 2) : channels();
    add({
      type: "convolution",
      outChannels: current,
      kernel: winograd ? random.pick([3, 5]) : [random.integer(1, 5), random.integer(1, 4)],
      stride: winograd ? 1 : [random.integer(1, 3), random.integer(1, 2)],
      padding: random.integer(0, 2),
      groups,
      rounding: random.pick(["floor", "ceil"]),
      bias: random.chance(0.8),
    });
  };
  const map = [
    () => {
      convolution(towers > 1 && current % towers === 0 && random.chance(0.5) ? towers : 1);
      if (random.chance(0.5)) add({ type: "relu" });
    },
    () => {
      const padding = random.integer(0, 1);
      const kernel = random.integer(padding + 1, 3);
      const windows = { kernel, stride: random.integer(1, 2), padding, rounding: "ceil" };
      if (random.chance(0.5)) add({ type: "max-pooling", ...windows });
      else add({ type: "average-pooling", ...windows, countPadding: random.chance(0.5) });
    },
    () => {
      add({
        type: "local-response-normalisation",
        ...{ size: random.integer(1, 5), alpha: 1e-4, beta: 0.75, k: 1 },
        scope: current % towers === 0 && random.chance(0.5) ? "tower" : "across",
      });
    },
    () => add({ type: "relu" }),
    () => add({ type: "dropout", rate: 0.5, scaling: random.pick(["train", "test"]) }),
  ];
  if (random.chance(0.2)) strided();
  const count = random.integer(0, 5);
  for (let index = 0; index < count; index++) random.pick(map)();
  if (towers > 1) {
    convolution(1);
    if (current % towers !== 0) return {};
    convolution(towers);
    if (random.chance(0.5)) random.pick(map)();
  }
  if (random.chance(0.8)) {
    if (random.chance(0.5)) add({ type: "flatten" });
    for (let index = random.integer(1, 3); index > 0; index--) {
      add({ type: "fully-connected", outFeatures: random.integer(1, 40) });
      if (random.chance(0.5)) add({ type: "relu" });
      if (random.chance(0.3)) add({ type: "dropout", rate: 0.5, scaling: "test" });
    }
    if (random.chance(0.3)) add({ type: "softmax" });
  }
  return { name: "random", input, layers };
}

import { weightsErrors } from "../errors/weights.js";
import type { Network } from "../network/layers.js";
import { parametersOf } from "../network/parameters.js";
import { drawsOf, type Draw } from "./init-rules.js";
import { normalQuantile } from "./normal.js";
import { keyOfSeed, philoxFill, type PhiloxKey } from "./philox.js";
import { checkedReader } from "./reader.js";
import { preprocessingOf } from "./resolve.js";
import type { Weights } from "./weights.js";

/** Last word of the counter, so that other uses of the same seed draw from elsewhere ("init" in ASCII). */
const PURPOSE = 0x696e6974;
/** Words that are drawn at a time. */
const CHUNK = 4096;

/**
 * Initial weights for training, as the network's authors drew them (see `drawsOf`) or from other distributions. Element i of the network's
 * t-th parameter depends on the seed, t and i alone: the same bytes on every machine and however they are read.
 * @throws AlexNetError OPTION_INVALID for a seed that is no whole number from 0 to 2^53 - 1.
 */
export function initWeights(network: Network, seed: number, draws = drawsOf(network)): Weights {
  if (!Number.isSafeInteger(seed) || seed < 0) throw weightsErrors.seed(seed);
  const key = keyOfSeed(seed);
  const tensors = new Map(
    parametersOf(network).map(({ name, shape }, index) => [
      name,
      { name, shape, dtype: "F32" as const, index },
    ]),
  );
  const source = `initial weights of ${network.name}, seed ${seed}`;
  const preprocessing = preprocessingOf(network);
  const read = checkedReader(source, tensors, ({ name, index }, start, out) => {
    const draw = draws.get(name);
    if (draw !== undefined) fill(draw, key, index, start, out);
    return Promise.resolve();
  });
  return {
    source,
    format: "init",
    tensors,
    network,
    ...(preprocessing && { preprocessing }),
    stream: (consume) => consume(read),
  };
}

function fill(draw: Draw, key: PhiloxKey, tensor: number, start: number, out: Float32Array): void {
  if (draw.kind === "constant") {
    out.fill(draw.value);
    return;
  }
  const first = start - (start % 4);
  const words = new Uint32Array(Math.min(CHUNK, 4 * Math.ceil((start + out.length - first) / 4)));
  for (let at = first; at < start + out.length; at += words.length) {
    philoxFill(key, [at / 4, tensor, 0, PURPOSE], words);
    const from = Math.max(at, start);
    const to = Math.min(at + words.length, start + out.length);
    if (draw.kind === "normal")
      for (let i = from; i < to; i++)
        out[i - start] = draw.sigma * normalQuantile(probability(words[i - at]));
    else for (let i = from; i < to; i++) out[i - start] = draw.bound * (2 * probability(words[i - at]) - 1);
  }
}

/** A word as a number inside (0, 1): the middle of its step of 2^-32. */
const probability = (word: number): number => (word + 0.5) / 2 ** 32;

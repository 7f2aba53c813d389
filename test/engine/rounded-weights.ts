/** What bfloat16 leaves of weights, by another way than lib/engine/bfloat16.ts. */
import type { Weights } from "../../lib/weights/weights.js";
import type { Network } from "../../lib/network/layers.js";

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);
const ofBits = (word: number): number => {
  bits[0] = word;
  return floats[0];
};

/** The bfloat16 that is nearest to a float32, as a number: of its two neighbours the nearer, or the even one. */
export function nearestBfloat16(value: number): number {
  if (Number.isNaN(value)) return NaN;
  floats[0] = value;
  const below = bits[0] & 0xffff0000;
  const [towardsZero, away] = [ofBits(below), ofBits(below + 0x10000)];
  // what would come behind the largest bfloat16 if its exponent went on
  const end = Number.isFinite(away) ? away : Math.sign(value) * 2 ** 128;
  const [down, up] = [Math.abs(value - towardsZero), Math.abs(end - value)];
  if (!Number.isFinite(value) || down < up) return towardsZero;
  if (up < down) return away;
  return (below & 0x10000) === 0 ? towardsZero : away;
}

/** The same weights with those of fully connected layers rounded, biases as they are. */
export function roundedWeights(network: Network, weights: Weights): Weights {
  const rounded = new Set(
    network.layers.flatMap(({ type, name }) => (type === "fully-connected" ? [`${name}.weight`] : [])),
  );
  return {
    ...weights,
    stream: (consume) =>
      weights.stream((read) =>
        consume(async (name, start, out) => {
          await read(name, start, out);
          if (rounded.has(name)) out.forEach((value, at) => (out[at] = nearestBfloat16(value)));
        }),
      ),
  };
}

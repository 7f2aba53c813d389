/**
 * Inputs and parameters that a formula gives: the same bits here and in fixtures/golden/maker/seeded.py, so that
 * golden values of whole networks need no weight files.
 *
 * Element i of tensor t: u = mix(i * step + start) modulo 2^32, start = mix((t + 1) * 0x9e3779b9), step = start | 1;
 * the upper 24 bits of u become a value in [-1, 1), times the tensor's scale in float64, rounded to float32 once.
 */
import type { Network } from "../lib/network/layers.js";
import { parametersOf, type Parameter } from "../lib/network/parameters.js";
import { elementsOf } from "../lib/network/shapes.js";
import type { TensorInfo, Weights } from "../lib/weights/weights.js";

const INPUT = 0;
const INPUT_SCALE = 100;
const BIAS_SCALE = 0.1;

/** The 32-bit finaliser of MurmurHash3 (Austin Appleby, public domain), as a signed number. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The hash of element `index` of tensor number `tensor`. */
export function seededHash(tensor: number, index: number): number {
  const start = mix(Math.imul(tensor + 1, 0x9e3779b9));
  return mix((Math.imul(index, start | 1) + start) | 0);
}

/** Writes the elements [first, first + out.length) of tensor number `tensor`, in [-scale, scale). */
export function fillSeeded(tensor: number, scale: number, first: number, out: Float32Array): void {
  const start = mix(Math.imul(tensor + 1, 0x9e3779b9));
  const step = start | 1;
  let at = (Math.imul(first, step) + start) | 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = (((mix(at) >>> 8) - 0x800000) / 0x800000) * scale;
    at = (at + step) | 0;
  }
}

/** An input [N, C, H, W] with values in [-scale, scale), as tensor number `tensor`. */
export function seededInput(
  shape: readonly number[],
  { tensor, scale } = { tensor: INPUT, scale: INPUT_SCALE },
): Float32Array {
  const out = new Float32Array(elementsOf(shape));
  fillSeeded(tensor, scale, 0, out);
  return out;
}

/**
 * Every parameter of a network, numbered from 1 in the order of its layers. Weights reach to sqrt(6 / fan in),
 * He's uniform bound, so that signals keep their size through the layers; biases to 0.1; those named in `scales` to
 * what stands there.
 */
export function seededWeights(network: Network, scales: Readonly<Record<string, number>> = {}): Weights {
  const parameters = parametersOf(network);
  const numbers = new Map(parameters.map((parameter, index) => [parameter.name, index + 1]));
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const read = (name: string, start: number, out: Float32Array) => {
    const parameter = byName.get(name);
    const number = numbers.get(name);
    if (parameter === undefined || number === undefined) throw new Error(`seeded weights: no tensor ${name}`);
    if (start + out.length > elementsOf(parameter.shape))
      throw new Error(`seeded weights: ${name} ends before ${start + out.length}`);
    fillSeeded(number, scales[name] ?? scaleOf(parameter), start, out);
  };
  return {
    source: `seeded ${network.name}`,
    format: "memory",
    tensors: new Map(parameters.map((parameter) => [parameter.name, infoOf(parameter)])),
    network,
    stream: (consume) =>
      consume((name, start, out) =>
        Promise.resolve().then(() => {
          read(name, start, out);
        }),
      ),
  };
}

const infoOf = ({ name, shape }: Parameter): TensorInfo => ({ name, shape, dtype: "F32" });

const scaleOf = ({ kind, shape }: Parameter): number =>
  kind === "bias" ? BIAS_SCALE : Math.sqrt(6 / elementsOf(shape.slice(1)));

/**
 * A memory in which one kernel and the reference do the same step, for comparing everything that they left there.
 * Every word that a case does not set is a guard, a NaN: who reads one by mistake gets a NaN, who writes one is seen.
 */
import { assert } from "chai";
import { instantiate, instantiateGradients } from "../../../workers/instantiate.js";
import {
  STEP_BYTES,
  writeStep,
  type Kernel,
  type ForwardKernels,
  type GradientKernels,
  type Step,
} from "../../../workers/steps.js";
import type { Random } from "../../random.js";

const PAGE = 65536;
const PAGES = 64;
/** Behind the constants of the compiled kernels. */
const FIRST = PAGE;
/** Guard words between two regions; odd, so that nothing is aligned by luck. */
const GAP = 37;
const GUARD = 0x7fc0beef;

export interface Comparison {
  /** For messages. */
  readonly what: string;
  readonly step: Step;
  readonly inputImage: number;
  readonly outputImage: number;
  readonly reference: Kernel;
  readonly kernel: Kernel;
  /** The greatest difference allowed, of an output of this size whose terms have this sum of magnitudes. */
  readonly bound: (expected: number, magnitude: number) => number;
  /** The step with which the reference gives the sum of magnitudes, where the bound wants it. */
  readonly magnitude?: Step;
  /** What does it with that step, where the reference subtracts. */
  readonly magnitudes?: Kernel;
}

export class Arena {
  readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  readonly #view = new DataView(this.memory.buffer);
  readonly words = new Int32Array(this.memory.buffer);
  readonly values = new Float32Array(this.memory.buffer);
  #end = FIRST;
  #scratch: [from: number, to: number] = [0, 0];
  #inputs: [from: number, to: number][] = [];
  #pairs: [from: number, to: number][] = [];

  instantiate(module: WebAssembly.Module): ForwardKernels {
    return instantiate(module, this.memory);
  }

  instantiateGradients(module: WebAssembly.Module): GradientKernels {
    return instantiateGradients(module, this.memory);
  }

  /** Forgets the last case. */
  reset(): void {
    this.words.fill(GUARD, FIRST / 4, this.#end / 4 + GAP);
    this.#end = FIRST + STEP_BYTES;
    this.#scratch = [0, 0];
    this.#inputs = [];
    this.#pairs = [];
  }

  /** Room for `elements` float32 behind a gap; its byte address. */
  take(elements: number): number {
    const address = this.#end + 4 * GAP;
    this.#end = address + 4 * elements;
    if (this.#end + 4 * GAP > PAGE * PAGES) throw new RangeError("the arena is too small for the case");
    this.words.fill(GUARD, address / 4 - GAP, this.#end / 4 + GAP);
    return address;
  }

  /** Room filled with random values; its byte address. */
  fill(elements: number, random: Random): number {
    const address = this.take(elements);
    for (let i = 0; i < elements; i++) this.values[address / 4 + i] = random.value();
    this.#inputs.push([address / 4, address / 4 + elements]);
    return address;
  }

  /** Room filled with random words of two bfloat16 in [-1, 1); its byte address. */
  fillPairs(words: number, random: Random): number {
    const address = this.take(words);
    const bits = new Uint32Array(1);
    const half = () => {
      new Float32Array(bits.buffer)[0] = random.value();
      return bits[0] >>> 16;
    };
    for (let i = 0; i < words; i++) this.words[address / 4 + i] = half() | (half() << 16);
    this.#pairs.push([address / 4, address / 4 + words]);
    return address;
  }

  /** Room that a kernel may use as it likes. */
  takeScratch(bytes: number): number {
    const address = this.take(bytes / 4);
    this.#scratch = [address / 4, address / 4 + bytes / 4];
    return address;
  }

  /** Runs a kernel alone, and gives the words of the whole arena after it. */
  run(
    kernel: Kernel,
    { step, inputImage, outputImage }: Pick<Comparison, "step" | "inputImage" | "outputImage">,
  ) {
    const before = this.#snapshot();
    this.#call(kernel, step, inputImage, outputImage);
    const after = this.#snapshot();
    this.#restore(before);
    return after;
  }

  /** The number of outputs that both wrote; fails where they differ, or where one wrote and the other did not. */
  compare(comparison: Comparison): number {
    const { step, inputImage, outputImage, what, bound } = comparison;
    const before = this.#snapshot();
    this.#call(comparison.reference, step, inputImage, outputImage);
    const expected = this.#snapshot();
    const magnitudes = this.#magnitudes(comparison, before);
    this.#restore(before);
    this.#call(comparison.kernel, step, inputImage, outputImage);
    const actual = this.#snapshot();
    this.#restore(before);
    let outputs = 0;
    const floats = [expected, actual, magnitudes ?? expected].map((words) => new Float32Array(words.buffer));
    for (let i = STEP_BYTES / 4; i < before.length; i++) {
      const address = FIRST + 4 * i;
      if (address / 4 >= this.#scratch[0] && address / 4 < this.#scratch[1]) continue;
      if (expected[i] === before[i]) {
        if (actual[i] !== before[i]) assert.fail(`${what}: it wrote to byte ${address}, where no output is`);
        continue;
      }
      outputs++;
      if (actual[i] === expected[i]) continue;
      const [reference, got, magnitude] = floats.map((all) => all[i]);
      const allowed = bound(reference, magnitude);
      if (!(Math.abs(got - reference) <= allowed))
        assert.fail(`${what}: byte ${address} is ${got}, the reference ${reference}; allowed ${allowed}`);
    }
    assert.isAbove(outputs, 0, `${what}: the reference wrote nothing`);
    return outputs;
  }

  #magnitudes(comparison: Comparison, before: Int32Array) {
    const { magnitude, reference, magnitudes = reference, inputImage, outputImage } = comparison;
    if (magnitude === undefined) return undefined;
    this.#restore(before);
    for (const [from, to] of this.#inputs)
      for (let i = from; i < to; i++) this.values[i] = Math.abs(this.values[i]);
    for (const [from, to] of this.#pairs) for (let i = from; i < to; i++) this.words[i] &= 0x7fff7fff;
    this.#call(magnitudes, magnitude, inputImage, outputImage);
    return this.#snapshot();
  }

  #call(kernel: Kernel, step: Step, inputImage: number, outputImage: number): void {
    writeStep(this.#view, FIRST, step);
    kernel(FIRST, inputImage, outputImage);
  }

  #snapshot(): Int32Array {
    return new Int32Array(this.words.slice(FIRST / 4, this.#end / 4 + GAP));
  }

  #restore(words: Int32Array): void {
    this.words.set(words, FIRST / 4);
  }
}

/** n roundings to float32 are at most this share of the sum of magnitudes: n u / (1 - n u), u = 2^-24 (Higham). */
export const roundings = (n: number): number => (n * 2 ** -24) / (1 - n * 2 ** -24);

/** The first prime that is at least `least`: a stride that nothing divides. */
export function primeFrom(least: number): number {
  let prime = Math.max(least, 2);
  while (hasDivisor(prime)) prime++;
  return prime;
}

function hasDivisor(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return true;
  return false;
}

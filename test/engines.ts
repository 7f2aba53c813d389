/** Engines for tests: the kernel sets that run here, and an engine without images. */
import ndarray, { type NdArray } from "ndarray";
import { Engine, type EngineOptions } from "../lib/engine/engine.js";
import {
  COMPILED_SETS,
  compileSet,
  type CompiledSetName,
  type KernelSetName,
} from "../lib/engine/kernel-sets.js";
import { elementsOf } from "../lib/network/shapes.js";
import { seededInput } from "./seeded-weights.js";

class TestEngine extends Engine {
  static async create(options: EngineOptions): Promise<Engine> {
    return new TestEngine(await this.prepare(options));
  }
}

/** An engine that the caller closes. */
export const createEngine = (options: EngineOptions): Promise<Engine> => TestEngine.create(options);

/** Creates an engine, hands it to `use`, and closes it whatever happens. */
export async function withEngine<T>(options: EngineOptions, use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await createEngine(options);
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

/** The sets that this Node compiles, and the reference. */
export async function usableSets(): Promise<KernelSetName[]> {
  const compiled = await Promise.all(
    COMPILED_SETS.map(async (set) => ((await compileSet(set)) ? [set] : [])),
  );
  return [...compiled.flat(), "reference"];
}

const RELAXED_FLAG = "--experimental-wasm-relaxed-simd";

/** The compiled sets that this Node has to compile: without this, tests over those that it does could skip one. */
export function expectedSets(): readonly CompiledSetName[] {
  const relaxed = Number.parseInt(process.versions.node, 10) >= 22 || process.execArgv.includes(RELAXED_FLAG);
  return relaxed ? COMPILED_SETS : ["baseline"];
}

/** `images` different seeded images for an engine's network, [N, C, H, W]. */
export function imagesFor(engine: Engine, images: number): NdArray<Float32Array> {
  const shape = [images, ...engine.network.input];
  return ndarray(seededInput(shape), shape);
}

/** The images with these numbers, in this order: a copy. */
export function take(images: NdArray<Float32Array>, numbers: readonly number[]): NdArray<Float32Array> {
  const [, ...image] = images.shape;
  const size = elementsOf(image);
  const data = new Float32Array(numbers.length * size);
  numbers.forEach((number, at) => {
    data.set(images.data.subarray(number * size, (number + 1) * size), at * size);
  });
  return ndarray(data, [numbers.length, ...image]);
}

/** The bits of one image's values, for comparing: NaN and -0 count. */
export function bitsOf({ data, shape }: NdArray<Float32Array>, image: number): Buffer {
  const size = elementsOf(shape) / shape[0];
  return Buffer.from(Float32Array.from(data.subarray(image * size, (image + 1) * size)).buffer);
}

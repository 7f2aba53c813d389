/**
 * Reads the golden values of fixtures/golden, which fixtures/make_golden.py makes with PyTorch: small safetensors
 * containers, parsed here without the code under test.
 */
import { readdirSync, readFileSync } from "node:fs";
import { defineNetwork } from "../lib/network/define.js";
import type { Network } from "../lib/network/layers.js";
import { elementsOf } from "../lib/network/shapes.js";
import type { Weights } from "../lib/weights/weights.js";
import { seededInput, seededWeights } from "./seeded-weights.js";

export { expectClose, maxRelativeToLargest } from "./compare.js";

const FOLDER = new URL("../../fixtures/golden/", import.meta.url);

export interface GoldenTensor<Data = Float32Array | Float64Array | Int32Array> {
  readonly shape: readonly number[];
  readonly data: Data;
}

/** Some elements of a layer's values [N, ...]; those after the ReLU where one follows the layer directly. */
export interface GoldenSample {
  readonly layer: string;
  /** Flat, over [N, C, H, W] or [N, F]. */
  readonly indices: Int32Array;
  readonly values: Float64Array;
  /** The largest absolute value of the whole activation, not of the sample. */
  readonly largest: number;
}

export interface GoldenCase {
  /** "layers/relu-map": its folder and file. */
  readonly name: string;
  readonly note: string;
  readonly network: Network;
  readonly batch: number;
  /** [N, C, H, W]. */
  readonly input: GoldenTensor<Float32Array>;
  readonly weights: Weights;
  /** [N, ...] in float64: what the last layer gives, or what a softmax at the end would see. */
  readonly output: GoldenTensor<Float64Array>;
  readonly samples: readonly GoldenSample[];
  /** Nothing is added or multiplied: the output must be equal, not only close. */
  readonly exact: boolean;
  /** What the file itself holds. */
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
}

/** The names of the cases of one kind; layers: small networks; twins: the variants at an eighth; variants: in full. */
export function goldenNames(folder: "layers" | "twins" | "variants"): string[] {
  const names = readdirSync(new URL(`${folder}/`, FOLDER))
    .filter((file) => file.endsWith(".safetensors"))
    .map((file) => `${folder}/${file.slice(0, -".safetensors".length)}`)
    .sort();
  if (names.length === 0) throw new Error(`fixtures/golden/${folder} is empty; run fixtures/make_golden.py`);
  return names;
}

/** A case by its name: "layers/relu-map". Seeded weights are not held in memory, but made as they are read. */
export function readGolden(name: string): GoldenCase {
  const { metadata, tensors } = readContainer(name);
  const network = defineNetwork(JSON.parse(metadata.network));
  const batch = Number(metadata.batch);
  const seeded = metadata.numbers === "seeded";
  const shape = [batch, ...network.input];
  return {
    name,
    note: metadata.note,
    network,
    batch,
    input: seeded ? { shape, data: seededInput(shape) } : float32(tensors, "input"),
    weights: seeded ? seededWeights(network) : storedWeights(name, network, tensors),
    output: float64(tensors, "output"),
    samples: samplesOf(tensors),
    exact: network.layers.every((layer) => ["relu", "max-pooling", "flatten"].includes(layer.type)),
    tensors,
  };
}

/** Metadata and tensors of a file, "tables/pooling-windows" say. */
export function readContainer(name: string): {
  metadata: Record<string, string>;
  tensors: Map<string, GoldenTensor>;
} {
  return parseContainer(readFileSync(new URL(`${name}.safetensors`, FOLDER)));
}

/** The container's format: u64 length of the header, JSON, the tensors' bytes; little-endian. */
export function parseContainer(bytes: Uint8Array): ReturnType<typeof readContainer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start))) as {
    __metadata__: Record<string, string>;
  } & Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
  const { __metadata__: metadata, ...entries } = header;
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(entries)) {
    const [from, to] = data_offsets;
    if (start + to > bytes.byteLength)
      throw new Error(`${name}: the file ends before its byte ${start + to}`);
    // a copy begins where a typed array may begin; Buffer's slice would not be one
    const data = arrayOf(name, dtype, new Uint8Array(bytes.subarray(start + from, start + to)).buffer);
    if (data.length !== elementsOf(shape))
      throw new Error(`${name}: [${shape.join(", ")}] does not have ${data.length} elements`);
    tensors.set(name, { shape, data });
  }
  return { metadata, tensors };
}

function arrayOf(name: string, dtype: string, buffer: ArrayBuffer): Float32Array | Float64Array | Int32Array {
  if (dtype === "F64") return new Float64Array(buffer);
  if (dtype === "F32") return new Float32Array(buffer);
  if (dtype === "I32") return new Int32Array(buffer);
  throw new Error(`${name}: dtype ${dtype} is none of F64, F32, I32`);
}

function tensorOf(tensors: ReadonlyMap<string, GoldenTensor>, name: string): GoldenTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined)
    throw new Error(`no tensor ${name}; the file has ${[...tensors.keys()].join(", ")}`);
  return tensor;
}

export function float32(
  tensors: ReadonlyMap<string, GoldenTensor>,
  name: string,
): GoldenTensor<Float32Array> {
  const { shape, data } = tensorOf(tensors, name);
  if (!(data instanceof Float32Array)) throw new Error(`${name} is not F32`);
  return { shape, data };
}

export function float64(
  tensors: ReadonlyMap<string, GoldenTensor>,
  name: string,
): GoldenTensor<Float64Array> {
  const { shape, data } = tensorOf(tensors, name);
  if (!(data instanceof Float64Array)) throw new Error(`${name} is not F64`);
  return { shape, data };
}

export function int32(tensors: ReadonlyMap<string, GoldenTensor>, name: string): GoldenTensor<Int32Array> {
  const { shape, data } = tensorOf(tensors, name);
  if (!(data instanceof Int32Array)) throw new Error(`${name} is not I32`);
  return { shape, data };
}

/** `sample.LAYER.index`, `.value` and `.largest`, in the order of their names. */
function samplesOf(tensors: ReadonlyMap<string, GoldenTensor>): GoldenSample[] {
  const layers = [...tensors.keys()].flatMap((name) => /^sample\.(.+)\.index$/.exec(name)?.[1] ?? []);
  return layers.map((layer) => {
    const indices = int32(tensors, `sample.${layer}.index`).data;
    const values = float64(tensors, `sample.${layer}.value`).data;
    return { layer, indices, values, largest: float64(tensors, `sample.${layer}.largest`).data[0] };
  });
}

function storedWeights(name: string, network: Network, tensors: ReadonlyMap<string, GoldenTensor>): Weights {
  const names = [...tensors.keys()].filter((key) => /\.(weight|bias)$/.test(key));
  return {
    source: name,
    format: "memory",
    tensors: new Map(
      names.map((key) => [key, { name: key, shape: tensorOf(tensors, key).shape, dtype: "F32" as const }]),
    ),
    network,
    stream: (consume) =>
      consume((key, start, out) =>
        Promise.resolve().then(() => {
          const { data } = float32(tensors, key);
          if (start + out.length > data.length) throw new Error(`${key} ends before ${start + out.length}`);
          out.set(data.subarray(start, start + out.length));
        }),
      ),
  };
}

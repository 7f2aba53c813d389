/** The tensors of a PyTorch state dict, out of its pickle, whatever kind of file holds their storages. */
import { weightsErrors } from "../../errors/weights.js";
import type { Shape } from "../../network/layers.js";
import { elementsOf } from "../../network/shapes.js";
import { BYTES_PER_ELEMENT, DTYPES } from "../numbers.js";
import {
  kindOf,
  PickleCall,
  PickleGlobal,
  PicklePersistent,
  PickleTuple,
  type PickleDict,
  type PickleValue,
} from "../pickle/pickle-values.js";
import { totalElements, type StoredTensor } from "../stored.js";
import { isRowMajor, spanOf } from "../strided.js";
import type { DType } from "../weights.js";

/** Bytes of one storage in the file. */
export interface StorageBytes {
  readonly offset: number;
  readonly size: number;
}
/** Finds a storage by its key. */
export type FindStorage = (key: string) => StorageBytes | undefined;

const STORAGES = new Map<string, DType | "I64">([
  ["torch FloatStorage", "F32"],
  ["torch HalfStorage", "F16"],
  ["torch BFloat16Storage", "BF16"],
  ["torch DoubleStorage", "F64"],
  ["torch LongStorage", "I64"], // counters in checkpoints: known, but no weights
]);
const REBUILD = new Set(["torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2"]);
const PARAMETERS = new Set(["torch._utils _rebuild_parameter", "torch.nn.parameter Parameter"]);

/** Every import that a state dict may hold. */
export const TORCH_GLOBALS: ReadonlySet<string> = new Set([
  "collections OrderedDict",
  ...REBUILD,
  ...PARAMETERS,
  ...STORAGES.keys(),
]);

const LARGEST_RANK = 8;
/** Elements that one tensor out of row-major order may span, since it is read whole: 256 MB as float32. */
const LARGEST_SPAN = 1 << 26;
/** Times that the tensors may cover the storages: tied weights do so twice, a bomb as often as it can. */
const MOST_SHARING = 4;
const SHARING_FLOOR = 1 << 20;
/** Where checkpoints keep the state dict. */
const WRAPPERS = ["state_dict", "model"];

/**
 * The tensors of a saved state dict, or of a checkpoint that holds one as "state_dict" or "model", whose other
 * entries are left alone.
 * @throws AlexNetError WEIGHTS_INVALID naming the tensor and what is wrong with it.
 */
export function stateTensors(
  source: string,
  pickled: PickleValue,
  find: FindStorage,
): ReadonlyMap<string, StoredTensor> {
  const storages = new Map<string, number>();
  const tensors = new Map<string, StoredTensor>();
  for (const [key, value] of stateDict(source, pickled)) {
    if (typeof key !== "string")
      throw weightsErrors.refused(
        source,
        "the state dict",
        `has ${kindOf(key)} as a key`,
        "name tensors by strings",
      );
    const reader = new TensorReader(source, key, find);
    const { tensor, storage } = reader.read(value);
    storages.set(storage.key, storage.elements);
    tensors.set(key, tensor);
  }
  const stored = [...storages.values()].reduce((sum, elements) => sum + elements, 0);
  const named = totalElements(tensors.values());
  if (named > Math.max(MOST_SHARING * stored, SHARING_FLOOR))
    throw weightsErrors.refused(
      source,
      "the state dict",
      `names ${named} elements of storages that hold ${stored}`,
      "save each tensor with a storage of its own (tensor.clone())",
    );
  return tensors;
}

function stateDict(source: string, pickled: PickleValue): PickleDict {
  if (!(pickled instanceof Map))
    throw weightsErrors.refused(
      source,
      "the file",
      `holds ${kindOf(pickled)}, not a state dict`,
      "save it with torch.save(model.state_dict(), path)",
    );
  for (const wrapper of WRAPPERS) {
    const inner = pickled.get(wrapper);
    if (inner instanceof Map) return inner;
  }
  return pickled;
}

interface Storage extends StorageBytes {
  readonly key: string;
  readonly dtype: DType;
  readonly elements: number;
}

class TensorReader {
  constructor(
    private readonly source: string,
    private readonly name: string,
    private readonly find: FindStorage,
  ) {}

  read(value: PickleValue): { tensor: StoredTensor; storage: Storage } {
    const call = withoutParameter(value);
    if (!(call instanceof PickleCall) || !REBUILD.has(call.callee))
      throw this.refused(
        `is ${kindOf(call)}, not a tensor`,
        "save it with torch.save(model.state_dict(), path)",
      );
    const [persistent, offset, size, stride] = call.args;
    const storage = this.storage(persistent);
    const shape = this.sizes("size", size);
    const strides = this.sizes("stride", stride);
    if (shape.length !== strides.length || shape.length > LARGEST_RANK)
      throw this.field(
        "stride",
        strides,
        `as long as size, which has ${shape.length}, up to ${LARGEST_RANK} axes`,
      );
    if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 0)
      throw this.field("storage offset", this.shown(offset), "a whole number from 0");
    if (!shape.every((count) => count >= 1)) throw this.field("size", shape, "whole numbers from 1");
    if (!isInjective(shape, strides))
      throw this.refused(
        `has stride [${strides.join(", ")}], by which elements of size [${shape.join(", ")}] share places`,
        "save tensor.contiguous()",
      );
    const span = spanOf(shape, strides);
    if (!Number.isSafeInteger(offset + span) || offset + span > storage.elements)
      throw this.field(
        "storage offset + span",
        offset + span,
        `at most ${storage.elements}, the elements of its storage`,
      );
    const { dtype } = storage;
    const tensor = {
      name: this.name,
      shape,
      dtype,
      offset: storage.offset + offset * BYTES_PER_ELEMENT[dtype],
    };
    if (isRowMajor(shape, strides)) return { tensor, storage };
    if (span > LARGEST_SPAN)
      throw this.refused(
        `spans ${span} elements with gaps, more than ${LARGEST_SPAN}`,
        "save tensor.contiguous()",
      );
    return { tensor: { ...tensor, strides }, storage };
  }

  /** The persistent id ("storage", type, key, location, elements). */
  private storage(persistent: PickleValue | undefined): Storage {
    const id = persistent instanceof PicklePersistent ? persistent.id : undefined;
    const [kind, type, key, , elements] = id instanceof PickleTuple ? id.items : [];
    const dtype = type instanceof PickleGlobal ? STORAGES.get(type.name) : undefined;
    if (kind !== "storage" || dtype === undefined || typeof key !== "string")
      throw weightsErrors.broken(
        this.source,
        this.at("storage"),
        `is ${kindOf(persistent)} without a type and a key`,
      );
    if (dtype === "I64") throw weightsErrors.dtype(this.source, this.name, dtype, DTYPES);
    const bytes = this.find(key);
    if (bytes === undefined)
      throw weightsErrors.broken(
        this.source,
        this.at("storage"),
        `${JSON.stringify(key)} is not in the file`,
      );
    if (typeof elements !== "number" || elements * BYTES_PER_ELEMENT[dtype] !== bytes.size)
      throw this.field(
        "storage elements",
        this.shown(elements),
        `${bytes.size / BYTES_PER_ELEMENT[dtype]}, as its ${bytes.size} bytes of ${dtype} are`,
      );
    return { ...bytes, key, dtype, elements };
  }

  private sizes(field: string, value: PickleValue | undefined): Shape {
    const items = value instanceof PickleTuple ? value.items : undefined;
    if (!items?.every((item) => typeof item === "number" && Number.isSafeInteger(item) && item >= 0))
      throw this.field(field, this.shown(value), "a tuple of whole numbers from 0");
    return items as readonly number[];
  }

  private shown(value: PickleValue | undefined): unknown {
    return typeof value === "number" || typeof value === "bigint" ? value : kindOf(value);
  }

  private at(field: string): string {
    return `tensor ${JSON.stringify(this.name)}: ${field}`;
  }

  private field(field: string, got: unknown, rule: string) {
    return weightsErrors.field(this.source, this.at(field), got, rule);
  }

  private refused(problem: string, next: string) {
    return weightsErrors.refused(this.source, `tensor ${JSON.stringify(this.name)}`, problem, next);
  }
}

/** The tensor in an nn.Parameter: its first argument or, where PyTorch of before 0.4 wrote it, first in its state. */
function withoutParameter(value: PickleValue): PickleValue | undefined {
  if (!(value instanceof PickleCall) || !PARAMETERS.has(value.callee)) return value;
  const items = value.state instanceof PickleTuple ? value.state.items : value.args;
  return items[0];
}

/**
 * Whether all elements lie at places of their own: sorted by stride, each axis must step over what those before it
 * span. It holds for every tensor that was transposed or sliced; a stride of 0 (one float as a huge tensor) fails.
 */
function isInjective(shape: Shape, strides: Shape): boolean {
  if (!Number.isSafeInteger(elementsOf(shape))) return false;
  const axes = shape.map((size, axis) => ({ size, stride: strides[axis] })).filter(({ size }) => size > 1);
  axes.sort((a, b) => a.stride - b.stride);
  let spanned = 0;
  return axes.every(({ size, stride }) => {
    const steps = stride > spanned;
    spanned += (size - 1) * stride;
    return steps;
  });
}

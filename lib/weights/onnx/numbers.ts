/** The numbers of tensors that are few, or that do not lie in the file as one array. */
import { weightsErrors } from "../../errors/weights.js";
import { elementsOf } from "../../network/shapes.js";
import { toFloat32 } from "../numbers.js";
import type { WireField, WireReader } from "../protobuf/wire.js";
import type { LyingData, OnnxTensor } from "./model.js";
import { areVarints, dtypeOf, rulesOf, TYPE, type TypeRules } from "./types.js";

/** A tensor whose numbers are in the file. */
export type LyingTensor = OnnxTensor & { readonly data: LyingData };

/** Bytes of a tensor that has to be held: more than any tensor of AlexNet has. */
const LARGEST_HELD = 1 << 28;

/** Byte of the file where the numbers start, if they lie there as one array. */
export function arrayStart({ type, data }: LyingTensor): number | undefined {
  if (data.kind === "raw") return data.field.start;
  const rules = rulesOf(type);
  if (rules === undefined || areVarints(rules)) return undefined;
  return data.fields.length === 1 && data.fields[0].wire === 2 ? data.fields[0].start : undefined;
}

/**
 * The values of a tensor of few elements, of a type that has rules.
 * @param at the tensor, for errors
 */
export async function numbersOf(file: WireReader, tensor: LyingTensor, at: string): Promise<number[]> {
  const { type, dims, data } = tensor;
  const elements = elementsOf(dims);
  const dtype = dtypeOf(type);
  if (dtype !== undefined) {
    const bytes = await arrayBytes(file, tensor, at);
    const values = new Float32Array(elements);
    toFloat32(dtype, bytes, values);
    return [...values];
  }
  if (data.kind === "typed") {
    const found: number[] = [];
    for (const field of data.fields) found.push(...(await file.integers(field, elements, at)).map(Number));
    checkCount(file, at, found.length, elements);
    return found;
  }
  const bytes = await arrayBytes(file, tensor, at);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: elements }, (_, index) => {
    if (type === TYPE.INT64) return Number(view.getBigInt64(8 * index, true));
    return type === TYPE.INT32 ? view.getInt32(4 * index, true) : view.getUint8(index);
  });
}

/** The numbers as they would lie in raw_data. */
export async function arrayBytes(file: WireReader, tensor: LyingTensor, at: string): Promise<Uint8Array> {
  const rules = rulesOf(tensor.type);
  const { data } = tensor;
  const elements = elementsOf(tensor.dims);
  const size = elements * (rules?.bytes ?? Infinity);
  if (!(size <= LARGEST_HELD))
    throw weightsErrors.refused(
      file.source,
      at,
      `has ${elements} numbers that do not lie in the file as one array, more than ${LARGEST_HELD} bytes`,
      "save the model with raw_data",
    );
  const bytes = new Uint8Array(size);
  const start = arrayStart(tensor);
  if (start !== undefined) await file.read(start, bytes);
  else if (data.kind === "typed" && rules && areVarints(rules))
    await readHalves(file, data.fields, new Uint16Array(bytes.buffer), at);
  else if (data.kind === "typed" && rules) await readFixed(file, data.fields, rules, bytes);
  return bytes;
}

/** Pieces of a packed field, and runs of single numbers; their count was checked. */
async function readFixed(
  file: WireReader,
  fields: readonly WireField[],
  { bytes: size }: TypeRules,
  out: Uint8Array,
): Promise<void> {
  let done = 0;
  for (const { wire, start, end, count, step } of fields) {
    if (wire === 2) {
      await file.read(start, out.subarray(done, done + end - start));
      done += end - start;
      continue;
    }
    const span = new Uint8Array((count - 1) * step + size);
    await file.read(start, span);
    for (let at = 0; at < span.length; at += Math.max(step, size), done += size)
      out.set(span.subarray(at, at + size), done);
  }
}

async function readHalves(
  file: WireReader,
  fields: readonly WireField[],
  out: Uint16Array,
  at: string,
): Promise<void> {
  const wrong = (value: number | bigint) =>
    weightsErrors.field(file.source, `${at}: a number of int32_data`, value, "the 16 bits of a half");
  let done = 0;
  for (const field of fields) {
    if (field.wire === 0) {
      if (field.value > 0xffff) throw wrong(field.value);
      if (done < out.length) out[done] = Number(field.value);
      done++;
      continue;
    }
    // by plain numbers: bigints for 37 million halves take minutes
    const bytes = await file.bytes(field, LARGEST_HELD, at);
    for (let next = 0; next < bytes.length;) {
      let value = 0;
      let shift = 0;
      let byte: number;
      do {
        if (next === bytes.length)
          throw weightsErrors.broken(file.source, at, "ends in the middle of a number");
        byte = bytes[next++];
        if (shift > 63 || (byte & 127) * 2 ** shift + value > 0xffff)
          throw wrong((byte & 127) * 2 ** shift + value);
        value += (byte & 127) * 2 ** shift;
        shift += 7;
      } while (byte >= 128);
      if (done < out.length) out[done] = value;
      done++;
    }
  }
  checkCount(file, at, done, out.length);
}

function checkCount(file: WireReader, at: string, found: number, elements: number): void {
  if (found !== elements)
    throw weightsErrors.field(
      file.source,
      `${at}: the number of its elements`,
      found,
      `${elements}, as its dims are`,
    );
}

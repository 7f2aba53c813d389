import { weightsErrors } from "../errors/weights.js";
import { elementsOf } from "../network/shapes.js";
import { metadataFromPurpose } from "./metadata.js";
import { BYTES_PER_ELEMENT, bytesOf, toBF16 } from "./numbers.js";
import { LARGEST_HEADER } from "./safetensors.js";
import type { ReadTensor, TensorInfo, Weights } from "./weights.js";
import { readInPieces, writeWhole, type Write } from "./whole-file.js";

export interface SaveOptions {
  /** How numbers are written; "F32" where missing. BF16 keeps 8 of 24 bits, rounded to nearest, ties to even. */
  readonly dtype?: WrittenType;
}

const WRITTEN_TYPES = ["F32", "BF16"] as const;
type WrittenType = (typeof WRITTEN_TYPES)[number];

/** Bytes; a reader may then map the file and view the numbers in place. */
const ALIGNMENT = 64;

/**
 * Writes a safetensors file: the tensors in their order, and in `__metadata__` the network, the preprocessing and
 * the labels where the weights have them. The file appears under `path` only when it is whole: it is written beside,
 * flushed to the disk and renamed. F32 reads back to the same bits.
 * @throws AlexNetError OPTION_INVALID for another dtype, WEIGHTS_UNWRITABLE, also where a mean image of more than about
 * 500 x 500 pixels, or names and labels, make the header larger than is read back, or what reading `weights` throws; then
 * nothing stays behind.
 */
export async function saveWeights(path: string, weights: Weights, options: SaveOptions = {}): Promise<void> {
  const { dtype = "F32" } = options;
  if (!WRITTEN_TYPES.includes(dtype)) throw weightsErrors.writtenType(dtype, WRITTEN_TYPES);
  const tensors = [...weights.tensors.values()];
  const header = encodeHeader(path, tensors, dtype, metadataFromPurpose(path, weights));
  await writeWhole(path, async (write) => {
    await write(header);
    await weights.stream(async (read) => {
      for (const tensor of tensors) await writeTensor(path, write, read, tensor, dtype);
    });
  });
}

/**
 * The header of a file whose tensors follow each other in this order.
 * @throws AlexNetError INPUT_INVALID for a name that the format keeps for itself, WEIGHTS_UNWRITABLE for more metadata than
 * is read.
 */
export function encodeHeader(
  path: string,
  tensors: readonly Pick<TensorInfo, "name" | "shape">[],
  dtype: WrittenType,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  let end = 0;
  const entries = tensors.map(({ name, shape }): [string, unknown] => {
    if (name === "__metadata__")
      throw weightsErrors.tensorInput(
        name,
        "name",
        name,
        "another, since safetensors keeps this one for itself",
      );
    const begin = end;
    end += elementsOf(shape) * BYTES_PER_ELEMENT[dtype];
    return [name, { dtype, shape, data_offsets: [begin, end] }];
  });
  // written by hand, since an object would give the key "__proto__" a meaning
  const json = [["__metadata__", metadata] as const, ...entries]
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    .join(",");
  const text = Buffer.from(`{${json}}`);
  const padded = Math.ceil((8 + text.length) / ALIGNMENT) * ALIGNMENT;
  if (padded - 8 > LARGEST_HEADER)
    throw weightsErrors.metadataTooLarge(path, "the header", padded - 8, LARGEST_HEADER);
  const header = Buffer.alloc(padded, " ");
  header.writeBigUInt64LE(BigInt(padded - 8));
  text.copy(header, 8);
  return header;
}

async function writeTensor(
  path: string,
  write: Write,
  read: ReadTensor,
  tensor: TensorInfo,
  dtype: WrittenType,
): Promise<void> {
  await readInPieces(read, tensor, async (values, start) => {
    if (dtype === "F32") {
      await write(bytesOf(values));
      return;
    }
    const rounded = new Uint16Array(values.length);
    const infinite = toBF16(values, rounded);
    if (infinite >= 0)
      throw weightsErrors.tooLargeForBF16(path, tensor.name, start + infinite, values[infinite]);
    await write(new Uint8Array(rounded.buffer));
  });
}

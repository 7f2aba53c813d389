/**
 * safetensors (huggingface/safetensors): a u64 little-endian header length N, N bytes of JSON, then the data.
 * The header maps each tensor's name to its dtype, shape and data_offsets [begin, end), bytes from the data's start.
 */
import { show } from "../errors/base.js";
import { weightsErrors } from "../errors/weights.js";
import type { Shape } from "../network/layers.js";
import { elementsOf } from "../network/shapes.js";
import type { OpenFile, WeightFile } from "./file.js";
import type { WeightFormat } from "./format.js";
import { parseJson, type Json } from "./json.js";
import { purposeFromMetadata } from "./metadata.js";
import { BYTES_PER_ELEMENT, DTYPES, isDType } from "./numbers.js";
import { parametersIn } from "./own-tensors.js";
import type { StoredTensor } from "./stored.js";

/**
 * Bytes. The reference reader stops at 100 MB; 16 tensors and 1000 class names need less than 100 KB, and a mean image of
 * 256 x 256 pixels a megabyte.
 */
export const LARGEST_HEADER = 4 << 20;
const LARGEST_RANK = 8;
const ENTRY_FIELDS = ["dtype", "shape", "data_offsets"];

interface Entry extends StoredTensor {
  readonly end: number;
}

export const safetensors: WeightFormat = {
  name: "safetensors",
  matches: (head) => head.length > 8 && head[8] === 0x7b, // "{"
  read: async (file) => {
    const { tensors, metadata } = await file.use((opened) => readSafetensors(file, opened));
    return { tensors: parametersIn(tensors, metadata), ...purposeFromMetadata(file.source, metadata) };
  },
};

/** All that the header says. */
interface Header {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** @throws AlexNetError WEIGHTS_INVALID or WEIGHTS_UNREADABLE. */
export async function readSafetensors(file: WeightFile, opened: OpenFile): Promise<Header> {
  const { source, size } = file;
  const length = Buffer.alloc(8);
  await opened.read(0, length);
  const headerBytes = length.readBigUInt64LE();
  if (headerBytes > LARGEST_HEADER || 8n + headerBytes > size)
    throw weightsErrors.field(
      source,
      "the header length (bytes 0 to 8)",
      headerBytes,
      `at most ${Math.min(LARGEST_HEADER, size - 8)}, to fit the file and the reader's limit`,
    );
  const header = new Uint8Array(Number(headerBytes));
  await opened.read(8, header);
  const json = parseHeader(source, header);
  const dataStart = 8 + header.length;
  const entries: Entry[] = [];
  for (const [name, value] of json)
    if (name !== "__metadata__") entries.push(readEntry(source, name, value, dataStart));
  checkCover(source, entries, dataStart, size);
  const tensors = new Map(
    entries.map(({ name, shape, dtype, offset }) => [name, { name, shape, dtype, offset }]),
  );
  return { tensors, metadata: readMetadata(source, json.get("__metadata__")) };
}

function parseHeader(source: string, bytes: Uint8Array): ReadonlyMap<string, Json> {
  let json: Json;
  try {
    json = parseJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown";
    throw weightsErrors.broken(source, "the header", `is not JSON: ${reason}`);
  }
  if (!(json instanceof Map)) throw weightsErrors.broken(source, "the header", "is not a JSON object");
  return json as ReadonlyMap<string, Json>;
}

function readMetadata(source: string, json: Json | undefined): ReadonlyMap<string, string> {
  if (json === undefined) return new Map();
  if (!(json instanceof Map) || ![...json.values()].every((value) => typeof value === "string"))
    throw weightsErrors.broken(source, "__metadata__", "is not a map of strings");
  return json as ReadonlyMap<string, string>;
}

function readEntry(source: string, name: string, json: Json, dataStart: number): Entry {
  const at = (field: string) => `tensor ${show(name)}: ${field}`;
  if (!(json instanceof Map) || json.size !== 3 || !ENTRY_FIELDS.every((field) => json.has(field)))
    throw weightsErrors.broken(source, at("entry"), `does not hold just ${ENTRY_FIELDS.join(", ")}`);
  const fields = json as ReadonlyMap<string, Json>;
  const dtype = fields.get("dtype");
  if (typeof dtype !== "string") throw weightsErrors.field(source, at("dtype"), dtype, "a string");
  if (!isDType(dtype)) throw weightsErrors.dtype(source, name, dtype, DTYPES);
  const shape = fields.get("shape");
  if (!isSizes(shape) || shape.length > LARGEST_RANK)
    throw weightsErrors.field(source, at("shape"), shape, `up to ${LARGEST_RANK} whole numbers from 0`);
  const offsets = fields.get("data_offsets");
  if (!isSizes(offsets) || offsets.length !== 2)
    throw weightsErrors.field(source, at("data_offsets"), offsets, "[begin, end), whole numbers from 0");
  const [begin, end] = offsets;
  const bytes = elementsOf(shape) * BYTES_PER_ELEMENT[dtype];
  // a size of 0 makes nothing of the others, which must be some that there can be
  if (!Number.isSafeInteger(elementsOf(shape.filter((size) => size > 0))))
    throw weightsErrors.field(source, at("shape"), shape, "of fewer than 2^53 elements");
  if (end - begin !== bytes)
    throw weightsErrors.field(
      source,
      at("data_offsets"),
      offsets,
      `${bytes} bytes apart, as shape [${shape.join(", ")}] of ${dtype} needs`,
    );
  return { name, dtype, shape, offset: dataStart + begin, end: dataStart + end };
}

const isSizes = (json: Json | undefined): json is Shape =>
  Array.isArray(json) && json.every((item) => Number.isSafeInteger(item) && item >= 0);

/** The tensors' bytes must follow each other without hole or overlap from the header to the file's end. */
function checkCover(source: string, entries: readonly Entry[], dataStart: number, fileEnd: number): void {
  let next = dataStart;
  for (const { name, offset, end } of [...entries].sort((a, b) => a.offset - b.offset || a.end - b.end)) {
    if (offset !== next)
      throw weightsErrors.field(
        source,
        `tensor ${show(name)}: data_offsets begin`,
        offset - dataStart,
        `${next - dataStart}, where the tensor before it ends`,
      );
    next = end;
  }
  if (next !== fileEnd)
    throw weightsErrors.field(
      source,
      "the end of the last tensor (bytes)",
      next,
      `the file's size, ${fileEnd}`,
    );
}

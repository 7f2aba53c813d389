import { weightsErrors } from "../errors/weights.js";
import { elementsOf } from "../network/shapes.js";
import type { ModelName } from "../network/variants.js";
import { WeightFile } from "./file.js";
import type { ReadOptions, WeightFormat } from "./format.js";
import { FORMATS, HEAD_BYTES, UNREAD_KINDS } from "./formats.js";
import { layerNames } from "./names.js";
import { BYTES_PER_ELEMENT } from "./numbers.js";
import { recognise, resolveNetwork } from "./resolve.js";
import { fileWeights, type FileContents } from "./stored.js";
import type { Weights } from "./weights.js";

/** Tensors of one file: more than other networks' files have, so that those are told by name. */
const MOST_TENSORS = 2048;
/** Times that tensors may cover a file's bytes: tied weights do so twice, a bomb as often as it can. */
const MOST_TIMES = 4;
/** Bytes that tensors may have in any file, however small. */
const ALWAYS = 1 << 22;

export interface LoadOptions extends ReadOptions {
  /** Which published form the weights are for; needed where the file does not tell and several have its shapes. */
  readonly model?: ModelName;
}

/**
 * Reads what a weight file holds, by its bytes and not by its name; the numbers are read when they stream.
 *
 * `network` and `preprocessing` of the result are those of `options.model`, else what the file's metadata says or
 * its graph computes, else those of the one published form that has its names and shapes, else missing: the three two-tower forms have
 * the same names and shapes, and nothing here guesses between them.
 *
 * @throws AlexNetError WEIGHTS_UNREADABLE, WEIGHTS_INVALID naming the file and the place in it, or, where a model
 * is given, WEIGHTS_MISMATCH naming every tensor that does not fit it.
 */
export async function loadWeights(path: string, options: LoadOptions = {}): Promise<Weights> {
  const file = await WeightFile.at(path);
  const head = new Uint8Array(Math.min(HEAD_BYTES, file.size));
  await file.use((opened) => opened.read(0, head));
  const format = formatOf(path, head);
  const contents = await format.read(file, options);
  checkAmount(file, contents);
  const named: FileContents = { ...contents, tensors: layerNames(path, contents.tensors) };
  const weights = fileWeights(file, format.name, named);
  return { ...weights, ...(options.model ? resolveNetwork(weights, options.model) : recognise(weights)) };
}

/** Checks that reading all tensors takes no more than a file of this size can be meant to hold. */
function checkAmount(file: WeightFile, { tensors, unpackedBytes = 0 }: FileContents): void {
  if (tensors.size > MOST_TENSORS)
    throw weightsErrors.refused(
      file.source,
      "the number of its tensors",
      `is ${tensors.size}, more than ${MOST_TENSORS}`,
      "give a file of one network alone",
    );
  const all = [...tensors.values()];
  const files = new Set([file, ...all.flatMap((tensor) => tensor.file ?? [])]);
  const stored = [...files].reduce((sum, { size }) => sum + size, unpackedBytes);
  const named = all.reduce((sum, { shape, dtype }) => sum + elementsOf(shape) * BYTES_PER_ELEMENT[dtype], 0);
  if (named > Math.max(MOST_TIMES * stored, ALWAYS))
    throw weightsErrors.refused(
      file.source,
      "the size of its tensors together",
      `is ${named} bytes, more than ${MOST_TIMES} times the ${stored} in which they lie`,
      "save each tensor's numbers for itself (PyTorch's tensor.clone())",
    );
}

function formatOf(source: string, head: Uint8Array): WeightFormat {
  // first, since safetensors begins with a length: its bytes may be what other kinds begin with
  const format = FORMATS.find((candidate) => candidate.matches(head));
  if (format) return format;
  const unread = UNREAD_KINDS.find((kind) => kind.matches(head));
  if (unread) throw weightsErrors.unsupported(source, unread.kind, unread.next);
  throw weightsErrors.unrecognised(
    source,
    head,
    FORMATS.map(({ name }) => name),
  );
}

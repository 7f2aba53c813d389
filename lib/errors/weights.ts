import { AlexNetError, reasonOf, show } from "./base.js";

const invalid = (message: string) => new AlexNetError("WEIGHTS_INVALID", message);
const unreadable = (message: string, cause?: unknown) =>
  new AlexNetError("WEIGHTS_UNREADABLE", message, { cause });
const mismatch = (message: string) => new AlexNetError("WEIGHTS_MISMATCH", message);

const shapeText = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

/** A tensor that a network wants otherwise than the weights have it; `got` or `want` is missing with the tensor. */
export interface Misfit {
  readonly name: string;
  readonly got?: readonly number[];
  readonly want?: readonly number[];
}

/** Names are listed up to here; a file of another network would fill the screen. */
const LISTED = 20;

/** Names of this package stand as they are; those of a file may hold anything. */
const nameText = (name: string): string => (/^[\w.-]{1,64}$/.test(name) ? name : show(name));

function misfitText(misfits: readonly Misfit[]): string {
  const lines = misfits.slice(0, LISTED).map(({ name: full, got, want }) => {
    const name = nameText(full);
    if (got === undefined) return `${name} is missing${want === undefined ? "" : ` (${shapeText(want)})`}`;
    if (want === undefined) return `${name} ${shapeText(got)} is unknown`;
    return `${name} is ${shapeText(got)}, must be ${shapeText(want)}`;
  });
  const more = misfits.length > LISTED ? [`and ${misfits.length - LISTED} more`] : [];
  return [...lines, ...more].join("; ");
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;
/** A CRC-32 of 0 is what PyTorch writes for each member where it was told to compute none. */
const UNSUMMED =
  "save it with torch.utils.serialization.config.save.compute_crc32 = True, or get it again if it is damaged";

/**
 * Errors of weight files. `source` is the file, or what stands for it; `at` is a field, a tensor or a member in it,
 * with its place in bytes where that helps.
 */
export const weightsErrors = {
  unreadable: (source: string, cause: unknown) =>
    unreadable(`${source}: cannot be read (${reasonOf(cause)}); check the path and its permissions`, cause),
  notAFile: (source: string) =>
    unreadable(`${source}: is not a regular file; give the path of a weight file`),
  changed: (source: string) =>
    unreadable(`${source}: its size or time changed since it was loaded; load it again`),
  endsEarly: (source: string, offset: number, wanted: number, got: number) =>
    unreadable(
      `${source}: ended while being read: ${got} of ${wanted} bytes at offset ${offset}; load it again when nobody writes it`,
    ),

  unrecognised: (source: string, head: Uint8Array, known: readonly string[]) =>
    invalid(
      `${source}: starts with bytes ${Buffer.from(head.subarray(0, 8)).toString("hex") || "(none)"}, no format` +
        ` that is read; known are ${known.join(", ")}; convert it to safetensors`,
    ),
  unsupported: (source: string, kind: string, next: string) =>
    invalid(`${source}: is ${kind}, which is not read; ${next}`),
  /** A part of the file that breaks a rule of its format. */
  field: (source: string, at: string, got: unknown, rule: string) =>
    invalid(`${source}: ${at} is ${show(got)}; it must be ${rule}; the file is damaged, get it again`),
  /** A part of the file that breaks a rule, where the value itself says nothing. */
  broken: (source: string, at: string, problem: string) =>
    invalid(`${source}: ${at} ${problem}; the file is damaged, get it again`),
  /** A member of an archive whose bytes are not those that were put in. */
  checksum: (source: string, member: string, got: number, told: number) =>
    invalid(
      `${source}: member ${show(member)}: CRC-32 of its bytes is ${hex(got)}; it must be ${hex(told)}, as the directory` +
        ` says; ${told === 0 ? UNSUMMED : "the file is damaged, get it again"}`,
    ),
  /** Well formed, but more than this reader takes. */
  refused: (source: string, at: string, problem: string, next: string) =>
    invalid(`${source}: ${at} ${problem}; ${next}`),
  dtype: (source: string, tensor: string, dtype: string, known: readonly string[]) =>
    invalid(
      `${source}: tensor ${show(tensor)}: dtype is ${show(dtype)}; it must be one of ${known.join(", ")};` +
        ` convert it to F32`,
    ),
  layers: (source: string, cause: unknown) =>
    new AlexNetError(
      "WEIGHTS_INVALID",
      `${source}: its layers make no network: ${reasonOf(cause)}; use weights of a network that can be computed`,
      { cause },
    ),
  duplicate: (source: string, name: string) =>
    invalid(`${source}: tensor ${show(name)} is there twice; names must differ; remove or rename one`),
  notFinite: (source: string, name: string, index: number, value: number) =>
    invalid(
      `${source}: tensor ${show(name)}: element ${index} is ${value}; every value must be finite as float32;` +
        ` training diverged or the file is damaged`,
    ),
  metadata: (source: string, at: string, cause: unknown) =>
    new AlexNetError("WEIGHTS_INVALID", `${source}: ${at}: ${reasonOf(cause)}; save the weights again`, {
      cause,
    }),
  metadataField: (field: string, got: unknown, rule: string) =>
    invalid(`${field} is ${show(got)}; it must be ${rule}`),

  outOfRange: (source: string, name: string, start: number, length: number, elements: number) =>
    mismatch(
      `${source}: tensor ${show(name)}: elements ${start} to ${start + length} were asked for;` +
        ` it has ${elements}; ask for a range inside`,
    ),
  noColumns: (source: string, name: string) =>
    mismatch(
      `${source}: tensor ${show(name)}: columns were asked for; it does not lie column by column; read its rows`,
    ),
  unknownTensor: (source: string, name: string) =>
    mismatch(`${source}: tensor ${show(name)} was asked for; it is not there; ask for a name in tensors`),
  mismatch: (source: string, model: string, misfits: readonly Misfit[]) =>
    mismatch(
      `${source}: does not fit ${model}: ${misfitText(misfits)}; choose another --model (\`network\`) or file`,
    ),
  fitsNone: (source: string, known: readonly string[], closest: string, misfits: readonly Misfit[]) =>
    mismatch(
      `${source}: fits none of ${known.join(", ")}; closest is ${closest}: ${misfitText(misfits)};` +
        ` give the \`network\` that it was made for`,
    ),
  ambiguous: (source: string, candidates: readonly string[]) =>
    new AlexNetError(
      "WEIGHTS_AMBIGUOUS",
      `${source}: its tensors fit ${candidates.join(", ")} alike, and their results differ;` +
        ` say which with --model (\`network\`)`,
    ),
  tensorInput: (name: string, at: string, got: unknown, rule: string) =>
    new AlexNetError("INPUT_INVALID", `tensor ${show(name)}: ${at} is ${show(got)}; it must be ${rule}`),
  seed: (got: unknown) =>
    new AlexNetError(
      "OPTION_INVALID",
      `seed: got ${show(got)}; it must be a whole number from 0 to 2^53 - 1`,
    ),
  writtenType: (got: unknown, known: readonly string[]) =>
    new AlexNetError("OPTION_INVALID", `dtype: got ${show(got)}; it must be one of ${known.join(", ")}`),

  meanUnrecognised: (source: string, head: Uint8Array) =>
    invalid(
      `${source}: starts with bytes ${Buffer.from(head.subarray(0, 8)).toString("hex") || "(none)"}; a mean must be a` +
        " .binaryproto of Caffe or a .npy; give such a file",
    ),
  meanField: (source: string, at: string, got: unknown, rule: string) =>
    invalid(`${source}: ${at} of the mean is ${show(got)}; it must be ${rule}; save the mean so`),
  meanSize: (source: string, shape: readonly number[], size: number) =>
    new AlexNetError(
      "INPUT_INVALID",
      `${source}: the mean image is ${shapeText(shape)}; it must be [3, ${size}, ${size}], the size to which images are` +
        " resized; give the mean that these weights were trained with, or its colour",
    ),
  meanOfGrey: (source: string) =>
    new AlexNetError(
      "INPUT_INVALID",
      `${source}: the mean is of three channels; the preprocessing's channels are grey, which need one number; leave the` +
        " mean of these weights as it is",
    ),
  /** `what` is the place in the file that would not be read back. */
  metadataTooLarge: (
    path: string,
    what: string,
    got: number,
    most: number,
    unit: "bytes" | "characters" = "bytes",
  ) =>
    new AlexNetError(
      "WEIGHTS_UNWRITABLE",
      `${path}: ${what} would have ${got} ${unit}; readers take at most ${most}; take the mean image` +
        " (preprocessing.meanImage) out, so that its mean colour stands for it, or write fewer labels",
    ),
  unwritable: (path: string, cause: unknown) =>
    new AlexNetError(
      "WEIGHTS_UNWRITABLE",
      `${path}: cannot be written (${reasonOf(cause)}); check the folder, its permissions and its free space`,
      { cause },
    ),
  tooLargeForBF16: (path: string, name: string, index: number, value: number) =>
    new AlexNetError(
      "WEIGHTS_UNWRITABLE",
      `${path}: tensor ${show(name)}: element ${index} is ${value}, past the largest BF16; write it as F32`,
    ),
};

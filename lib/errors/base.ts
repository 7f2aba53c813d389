/**
 * The one error class of the package. Every text names what was wrong (a layer, a file, an image), the
 * parameter, what was got, the rule, and what to do next; the texts are in the other files of this folder.
 */
export type ErrorCode =
  | "NETWORK_INVALID"
  | "WEIGHTS_UNREADABLE"
  | "WEIGHTS_INVALID"
  | "WEIGHTS_MISMATCH"
  | "WEIGHTS_AMBIGUOUS"
  | "WEIGHTS_UNWRITABLE"
  | "IMAGE_MISSING"
  | "IMAGE_NOT_A_FILE"
  | "IMAGE_TOO_LARGE"
  | "IMAGE_UNREADABLE"
  | "INPUT_INVALID"
  | "OPTION_INVALID"
  | "KERNELS_UNAVAILABLE"
  | "TRAINING_IMPOSSIBLE"
  | "TRAINING_DIVERGED"
  | "DATA_UNREADABLE"
  | "DATA_INVALID"
  | "DATA_NO_SPLIT"
  | "MEMORY_TOO_LARGE"
  | "WORKER_FAILED"
  | "ENGINE_CLOSED"
  | "FETCH_FAILED"
  | "FETCH_MISMATCH"
  | "OUTPUT_INVALID"
  | "RECIPE_INVALID"
  | "CHECKPOINT_INVALID"
  | "CHECKPOINT_MISMATCH"
  | "CHECKPOINT_UNWRITABLE"
  | "RUN_INVALID"
  | "USAGE";

/** What this package throws where a user can do something about it: `code` is for programs, the text for people. */
export class AlexNetError extends Error {
  override readonly name = "AlexNetError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Characters of a value in a message. */
const LONGEST = 80;
/** Items of a list, which fill a message whatever they are. */
const MOST_ITEMS = LONGEST / 2;

/** How a value that someone gave is shown in a message: short, on one line, its type visible. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return value.toString();
  if (ArrayBuffer.isView(value)) return bytesText(value);
  let text: string | undefined;
  try {
    text = JSON.stringify(value, (_, item: unknown) => shortened(item));
  } catch {
    text = undefined; // a cycle or a bigint inside: its class name says enough
  }
  text ??= classText(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
}

/** What is longer than a message is not written out first: it may be a whole batch of images. */
function shortened(item: unknown): unknown {
  if (ArrayBuffer.isView(item)) return bytesText(item);
  if (typeof item === "string") return item.slice(0, LONGEST);
  return Array.isArray(item) && item.length > MOST_ITEMS ? (item.slice(0, MOST_ITEMS) as unknown[]) : item;
}

const bytesText = (view: ArrayBufferView): string => `a ${view.constructor.name} of ${view.byteLength} bytes`;

function classText(value: unknown): string {
  const { constructor } = value as { constructor?: { name?: unknown } };
  return typeof constructor?.name === "string"
    ? `a value of class ${constructor.name}`
    : "an object of no class";
}

/** What an error says, or whatever was thrown instead of one. */
export const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : show(cause));

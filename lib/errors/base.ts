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
  | "MEMORY_TOO_LARGE"
  | "WORKER_FAILED"
  | "ENGINE_CLOSED"
  | "OUTPUT_INVALID"
  | "USAGE";

export class AlexNetError extends Error {
  override readonly name = "AlexNetError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** How a value that someone gave is shown in a message: short, on one line, its type visible. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return value.toString();
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined; // a cycle or a bigint inside: its class name says enough
  }
  text ??= `a value of class ${(value as object).constructor.name}`;
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/**
 * Tensors whose numbers lie in another file beside the model. A name in a model must not open just any file: it may
 * only be that of a file in the model's own folder, and no link out of it.
 */
import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { onnxErrors } from "../../errors/onnx.js";
import { weightsErrors } from "../../errors/weights.js";
import { WeightFile } from "../file.js";

/** A run of bytes in a file beside the model. */
export interface ExternalBytes {
  readonly file: WeightFile;
  readonly offset: number;
}

const DECIMAL = /^[0-9]{1,15}$/;

export class ExternalFiles {
  readonly #files = new Map<string, WeightFile>();

  constructor(
    private readonly source: string,
    private readonly allowed: boolean,
  ) {}

  /**
   * Where the bytes of a tensor are, which are so many.
   * @throws AlexNetError WEIGHTS_INVALID where it is not allowed, or for another place than inside a plain file beside
   * the model; WEIGHTS_UNREADABLE where there is no such file.
   */
  async find(tensor: string, entries: ReadonlyMap<string, string>, bytes: number): Promise<ExternalBytes> {
    if (!this.allowed) throw onnxErrors.external(this.source, tensor);
    const wrong = (field: string, got: unknown, rule: string) =>
      onnxErrors.externalPlace(this.source, tensor, field, got, rule);
    const location = entries.get("location");
    if (location === undefined || !isPlain(location))
      throw wrong("location", location, "the plain name of a file beside the model");
    const file = this.#files.get(location) ?? (await this.#open(location, wrong));
    const [offset, length] = ["offset", "length"].map((field) => {
      const text = entries.get(field);
      if (text === undefined) return undefined;
      if (!DECIMAL.test(text)) throw wrong(field, text, "a decimal number of bytes from 0");
      return Number(text);
    });
    if (length !== undefined && length !== bytes)
      throw wrong("length", length, `${bytes}, as the tensor's dims and type are`);
    const start = offset ?? 0;
    if (start + bytes > file.size)
      throw wrong("offset + length", start + bytes, `at most ${file.size}, the size of ${location}`);
    return { file, offset: start };
  }

  async #open(
    location: string,
    wrong: (field: string, got: unknown, rule: string) => Error,
  ): Promise<WeightFile> {
    const path = join(dirname(this.source), location);
    const found = await lstat(path).catch((cause: unknown) => {
      throw weightsErrors.unreadable(path, cause);
    });
    if (found.isSymbolicLink()) throw wrong("location", location, "a file of its own, not a link");
    const file = await WeightFile.at(path);
    this.#files.set(location, file);
    return file;
  }
}

/** Neither a path nor a drive, on any system. */
const isPlain = (name: string): boolean =>
  name !== "" && name !== "." && name !== ".." && !/[/\\:\0]/.test(name);

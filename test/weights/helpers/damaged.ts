import { expect } from "chai";
import { AlexNetError } from "../../../lib/errors/base.js";
import { loadWeights } from "../../../lib/weights/load.js";
import type { TensorInfo } from "../../../lib/weights/weights.js";
import { countOf, expectError, readAll, withFile } from "./files.js";

/** More than any tensor of the fixtures; a damaged file that claims more would have to hold it. */
const MOST_ELEMENTS = 1 << 16;

/**
 * Whether a file that may be damaged is read, and then to as many finite numbers as it claims. If not, that it fails
 * with an error which names the file.
 * @param check of every tensor of a file that is read
 */
export const readsWhole = (
  bytes: Uint8Array,
  check: (tensor: TensorInfo) => void = () => undefined,
): Promise<boolean> =>
  withFile(bytes, async (path) => {
    try {
      const weights = await loadWeights(path);
      const count = [...weights.tensors.values()].reduce((sum, { shape }) => sum + countOf(shape), 0);
      expect(count).to.be.at.most(MOST_ELEMENTS);
      for (const [name, values] of await readAll(weights)) {
        const tensor = weights.tensors.get(name);
        expect(values.length).to.equal(countOf(tensor?.shape ?? []));
        expect(values.every(Number.isFinite)).to.be.true;
        if (tensor) check(tensor);
      }
      return true;
    } catch (error) {
      if (!(error instanceof AlexNetError)) throw error;
      expect(error.code).to.be.oneOf(["WEIGHTS_INVALID", "WEIGHTS_UNREADABLE"]);
      expect(error.message.startsWith(`${path}: `), error.message).to.be.true;
      return false;
    }
  });

/** A test that a file is refused with just this text behind its path. In a pattern, FILE stands for the path. */
export function itRefuses(title: string, bytes: Uint8Array, text: string | RegExp): void {
  it(`refuses ${title}`, () =>
    withFile(bytes, (path) =>
      expectError(
        loadWeights(path),
        "WEIGHTS_INVALID",
        typeof text === "string" ? `FILE: ${text}` : text,
        path,
      ),
    ));
}

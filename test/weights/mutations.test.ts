import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { readsWhole } from "./helpers/damaged.js";
import { fixture } from "./helpers/files.js";
import { mutate, mutations } from "./helpers/mutations.js";
import { onnxFixture } from "./helpers/onnx.js";

describe("damaged weight files", () => {
  for (const [path, runs] of [
    [fixture("plain-0.safetensors"), 2000],
    [fixture("torch-strided.pth"), 700],
    [fixture("torch-parameter.pth"), 700],
    [fixture("torch-checkpoint.pth"), 700],
    [fixture("numpy-layers2.npy"), 1000],
    [fixture("numpy-layers3.npy"), 500],
    [fixture("numpy-python2.npy"), 1000],
    [fixture("numpy-stored.npz"), 1000],
    [fixture("numpy-packed.npz"), 1000],
    ...["zoo-3", "torch-17", "constants", "lrn-towers", "dtype-f32-pieces", "dtype-f16-typed"].map(
      (name) => [onnxFixture(name), 400] as const,
    ),
  ] as const)
    it(`either read to as many finite numbers as they claim, or fail with a named error: ${basename(path)}, ${runs} runs`, async () => {
      const original = await readFile(path);
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(mutations, async (mutation) => {
          if (!(await readsWhole(mutate(original, mutation)))) refused++;
        }),
        { numRuns: runs },
      );
      expect(refused, "mutations that were noticed").to.be.above(runs / 10);
    });
});

/**
 * What onnxruntime makes of our ONNX exports, against PyTorch in float64. It stands here, and not in test, because it
 * needs the peers.
 */
import { join } from "node:path";
import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import type { Network } from "../../lib/network/layers.js";
import { exportOnnx } from "../../lib/weights/index.js";
import { expectClose, readGolden } from "../../test/golden.js";
import { inFolder } from "../../test/weights/helpers/files.js";
import { WRITTEN_GOLDENS } from "../../test/weights/helpers/onnx.js";
import { onnxModel } from "./onnx-model.js";
import { onnxruntime } from "./onnxruntime.js";

/** What the package promises of its exports, as a share of the largest output. */
const TOLERANCE = 1e-5;

/** Golden outputs are what a softmax would see. */
const beforeSoftmax = (network: Network): Network =>
  defineNetwork({ ...network, layers: network.layers.filter(({ type }) => type !== "softmax") });

/** What a model gives for the golden input must be the golden output. */
async function expectGolden(name: string, model: string | Uint8Array): Promise<void> {
  const { network, batch, input, output } = readGolden(name);
  const peer = onnxruntime("onnxruntime-node", network.input, 1);
  await peer.load(model);
  const { shape, data } = output;
  expectClose(await peer.run(input.data, batch), data, { shape, tolerance: TOLERANCE, what: name });
}

/** ONNX's LRN has windows of even size, onnxruntime's has not. */
const EVEN: readonly string[] = ["layers/lrn-size4", "layers/lrn-size4-undivided"];

const normalises = (name: string): boolean =>
  readGolden(name).network.layers.some(({ type }) => type === "local-response-normalisation");

/** Writes a golden network's model and uses its path. */
const exported = (name: string, use: (path: string) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    const path = join(folder, "m.onnx");
    const { weights, network } = readGolden(name);
    await exportOnnx(path, weights, { network: beforeSoftmax(network) });
    await use(path);
  });

describe("exports in onnxruntime-node", () => {
  for (const name of WRITTEN_GOLDENS.filter((item) => !EVEN.includes(item)))
    it(`${name} computes what PyTorch does`, () =>
      exported(name, async (path) => {
        await expectGolden(name, path);
      }));

  for (const name of EVEN)
    it(`${name} is refused, as every LRN of even size`, () =>
      exported(name, async (path) => {
        const { network } = readGolden(name);
        let refusal: unknown;
        await onnxruntime("onnxruntime-node", network.input, 1)
          .load(path)
          .catch((error: unknown) => (refusal = error));
        expect(String(refusal)).to.include("size_ % 2 == 1 was false");
      }));

  for (const name of WRITTEN_GOLDENS.filter(normalises))
    it(`${name} by elementary operators computes what PyTorch does`, async () => {
      const { weights, network } = readGolden(name);
      await expectGolden(name, await onnxModel(network, weights, "elementary", "logits"));
    });
});

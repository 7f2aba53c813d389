import { expect } from "chai";
import ndarray from "ndarray";
import { defineNetwork } from "../../lib/network/define.js";
import { PREPROCESSING } from "../../lib/network/preprocessing.js";
import { elementsOf } from "../../lib/network/shapes.js";
import { networks } from "../../lib/network/variants.js";
import { loadWeights } from "../../lib/weights/load.js";
import { expectClose, toleranceOf } from "../compare.js";
import { withEngine } from "../engines.js";
import { floats, safetensorsBytes } from "./helpers/build.js";
import { readAll, withFile } from "./helpers/files.js";
import {
  bytes,
  int64s,
  node,
  onnxBytes,
  onnxExpected,
  onnxFixture,
  tensor,
  text,
  value,
} from "./helpers/onnx.js";

describe("ONNX models", () => {
  for (const [name, expected] of Object.entries(onnxExpected()))
    it(`read ${name}.onnx: its network, its bits, and what it computes`, async () => {
      const weights = await loadWeights(onnxFixture(name));
      expect(weights.format).to.equal("onnx");
      const network = defineNetwork(expected.network);
      expect(weights.network).to.deep.equal(network);
      expect([...weights.tensors.keys()]).to.have.members(Object.keys(expected.tensors));
      for (const step of [3, Infinity]) {
        const values = await readAll(weights, step);
        for (const [key, { shape, dtype, values: wanted }] of Object.entries(expected.tensors)) {
          expect(weights.tensors.get(key)).to.deep.equal({ name: key, shape, dtype });
          expect([...(values.get(key) ?? [])], key).to.deep.equal(wanted);
        }
      }
      await withEngine({ weights, threads: 1, maxBatch: 2, kernels: "reference" }, async (engine) => {
        const input = Float32Array.from(expected.input, (item) => item / 32);
        const output = await engine.forward(ndarray(input, [2, ...network.input]));
        // a map of one pixel where the graph has a vector
        const shape = [...output.shape];
        expect(elementsOf(shape)).to.equal(elementsOf(expected.output.shape));
        expectClose(output.data, expected.output.values, {
          shape,
          tolerance: toleranceOf(network),
          what: name,
        });
      });
    });

  it("of the model zoo want their images as Caffe does, others tell nothing", async () => {
    for (const opset of [3, 6, 7, 9, 12])
      expect((await loadWeights(onnxFixture(`zoo-${opset}`))).preprocessing).to.equal(PREPROCESSING.caffenet);
    expect((await loadWeights(onnxFixture("torch-13"))).preprocessing).to.equal(undefined);
  });

  it("that begin as safetensors does are told apart, and the other way round", async () => {
    // an empty producer_name, the graph's tag and length, and a first node of 123 bytes: byte 8 is "{"
    const name = "n".repeat(0x7b - node("Relu", ["x"], ["y"], { name: "" }).length + 2);
    const relu = node("Relu", ["x"], ["y"], { name });
    const model = onnxBytes({ nodes: [relu], tensors: [], outputs: [value("y", ["N", 3])] });
    const shifted = Buffer.concat([model.subarray(0, 2), text(2, ""), model.subarray(2)]);
    expect(shifted[8]).to.equal(0x7b);
    await withFile(shifted, async (path) => {
      expect((await loadWeights(path)).format).to.equal("onnx");
    });
    const header = JSON.stringify({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }).padEnd(0x120808);
    const file = safetensorsBytes(header, floats(1, 2));
    expect([...file.subarray(0, 3)]).to.deep.equal([0x08, 0x08, 0x12]);
    await withFile(file, async (path) => {
      expect((await loadWeights(path)).format).to.equal("safetensors");
    });
  });

  it("have legal names, all different, whatever the file says", async () => {
    const full = (input: string, weight: string, output: string, name?: string) =>
      node("Gemm", [input, weight], [output], {
        attributes: { transB: 1 },
        ...(name !== undefined && { name }),
      });
    const square = (name: string) => tensor({ name, dims: [3, 3] });
    const model = onnxBytes({
      nodes: [
        full("x", "__proto__", "a"),
        full("a", "fc6.weight", "b", "other"),
        full("b", "fc6_w_0", "c"),
        full("c", "classifier.4.weight", "d"),
        full("d", "weird name!", "e", "fc6"),
        node("Relu", ["e"], ["y"], { name: "fc7" }),
      ],
      tensors: ["__proto__", "fc6.weight", "fc6_w_0", "classifier.4.weight", "weird name!"].map(square),
      outputs: [value("y", ["N", 3])],
    });
    await withFile(model, async (path) => {
      const { network } = await loadWeights(path);
      expect(network?.layers.map(({ name }) => name)).to.deep.equal([
        "fc1",
        "fc6",
        "fc6_2",
        "fc7",
        "fc6_3",
        "fc7_2",
      ]);
    });
  });

  for (const [what, from, to, layers] of [
    ["all of it", ["N", 2, 4, 4], [-1, 32], ["flatten"]],
    ["what is left over", ["N", 2, 4, 4], [0, -1], ["flatten"]],
    ["what is left over of images of a known number", [2, 2, 4, 4], [2, -1], ["flatten"]],
    ["a map of one pixel", ["N", 3, 1, 1], [0, 0], ["flatten"]],
    ["a vector as it is", ["N", 3], [0, 0], []],
    ["a map as it is", ["N", 2, 4, 4], [0, 0, 0, 0], []],
    ["a map as it is, its channels left over", ["N", 2, 4, 4], [0, -1, 4, 4], []],
    ["a map of images of a known number as it is", [2, 2, 4, 4], [2, 2, 4, -1], []],
  ] as const)
    it(`with a Reshape of ${what}`, () => {
      const model = onnxBytes({
        nodes: [node("Reshape", ["x", "s"], ["r"]), node("Relu", ["r"], ["y"])],
        tensors: [tensor({ name: "s", dims: [to.length], type: 7, data: int64s(...to) })],
        inputs: [value("x", from)],
        outputs: [],
        graph: bytes(12, text(1, "y")),
      });
      return withFile(model, async (path) => {
        const types = (await loadWeights(path)).network?.layers.map(({ type }) => type);
        // a network begins with a map, which a graph of vectors does not have
        expect(types).to.deep.equal([...(from.length === 2 ? ["flatten"] : layers), "relu"]);
      });
    });

  it("with a published form's name and another network do not take its preprocessing", async () => {
    const zoo = await loadWeights(onnxFixture("zoo-9"));
    expect(zoo.network?.name).to.equal("caffenet-onnx");
    expect(zoo.network).to.not.deep.equal(networks.caffenet());
  });
});

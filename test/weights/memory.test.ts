import { expect } from "chai";
import ndarray from "ndarray";
import { networkByName } from "../../lib/network/variants.js";
import { weightsFromTensors } from "../../lib/weights/memory.js";
import { expectError, readAll } from "./helpers/files.js";

const six = Float32Array.of(0, 1, 2, 3, 4, 5);

describe("weightsFromTensors", () => {
  it("reads ndarrays of any strides and plain data, whole and in odd pieces", async () => {
    const matrix = ndarray(six, [2, 3]);
    const weights = weightsFromTensors({
      plain: { data: six, shape: [3, 2] },
      rows: matrix,
      transposed: matrix.transpose(1, 0),
      flipped: matrix.step(1, -1),
      column: matrix.pick(null, 1),
      doubles: ndarray(Float64Array.of(0.1, 0.2), [2]),
    });
    expect(weights).to.include({ source: "memory", format: "memory" });
    expect(weights.tensors.get("doubles")).to.deep.equal({ name: "doubles", shape: [2], dtype: "F64" });
    for (const step of [1, 2, 5, Infinity]) {
      const values = await readAll(weights, step);
      expect([...(values.get("plain") ?? [])]).to.deep.equal([0, 1, 2, 3, 4, 5]);
      expect([...(values.get("rows") ?? [])]).to.deep.equal([0, 1, 2, 3, 4, 5]);
      expect([...(values.get("transposed") ?? [])]).to.deep.equal([0, 3, 1, 4, 2, 5]);
      expect([...(values.get("flipped") ?? [])]).to.deep.equal([2, 1, 0, 5, 4, 3]);
      expect([...(values.get("column") ?? [])]).to.deep.equal([1, 4]);
      expect([...(values.get("doubles") ?? [])]).to.deep.equal([Math.fround(0.1), Math.fround(0.2)]);
    }
  });

  it("carries what it is told, and maps PyTorch's names", () => {
    const network = networkByName("torchvision");
    const weights = weightsFromTensors(
      { "module.features.3.bias": { data: six, shape: [6] } },
      { network, labels: ["a"], source: "a test" },
    );
    expect([...weights.tensors.keys()]).to.deep.equal(["conv2.bias"]);
    expect(weights).to.include({ network, source: "a test" });
    expect(weights.labels).to.deep.equal(["a"]);
  });

  it("refuses a value that is not finite, also one that only float32 cannot hold", async () => {
    const weights = weightsFromTensors(
      { w: { data: Float64Array.of(1, 1e39), shape: [2] } },
      { source: "m" },
    );
    await expectError(
      readAll(weights),
      "WEIGHTS_INVALID",
      'm: tensor "w": element 1 is Infinity; every value must be finite as float32;' +
        " training diverged or the file is damaged",
    );
  });

  it("refuses names and ranges that are not there", async () => {
    const weights = weightsFromTensors({ w: { data: six, shape: [6] } });
    const read = (name: string, start: number, length: number) =>
      weights.stream((tensor) => tensor(name, start, new Float32Array(length)));
    await expectError(
      read("v", 0, 1),
      "WEIGHTS_MISMATCH",
      'memory: tensor "v" was asked for; it is not there; ask for a name in tensors',
    );
    for (const start of [-1, 0.5, 5])
      await expectError(
        read("w", start, 2),
        "WEIGHTS_MISMATCH",
        `memory: tensor "w": elements ${start} to ${start + 2} were asked for; it has 6; ask for a range inside`,
      );
  });

  const bad: readonly [tensor: object, text: string][] = [
    [{ data: [1], shape: [1] }, "data is [1]; it must be a Float32Array or a Float64Array"],
    [{ data: six, shape: [0] }, "shape is [0]; it must be whole numbers from 1"],
    [
      { data: six, shape: [2], stride: [1, 1] },
      "stride is [1,1]; it must be 1 whole numbers, one for each axis",
    ],
    [
      { data: six, shape: [7] },
      "place in data is [0,6]; it must be inside its 6 elements, as shape [7] from offset 0 needs",
    ],
    [
      { data: six, shape: [2], stride: [-3], offset: 2 },
      "place in data is [-1,2]; it must be inside its 6 elements, as shape [2] from offset 2 needs",
    ],
    [
      { data: six, shape: [2 ** 30, 2 ** 30], stride: [0, 0] },
      "shape is [1073741824,1073741824]; it must be of fewer than 2^53 elements",
    ],
  ];
  for (const [tensor, text] of bad)
    it(`refuses a tensor whose ${text}`, async () => {
      await expectError(
        () => weightsFromTensors({ w: tensor as never }),
        "INPUT_INVALID",
        `tensor "w": ${text}`,
      );
    });

  it("refuses two names of one tensor", async () => {
    const tensor = { data: six, shape: [6] };
    await expectError(
      () => weightsFromTensors({ "features.0.bias": tensor, "conv1.bias": tensor }),
      "WEIGHTS_INVALID",
      'memory: tensor "conv1.bias" is there twice; names must differ; remove or rename one',
    );
  });
});

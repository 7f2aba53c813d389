/** Shapes in ONNX models that the operators do not have, or that do not keep the images apart. */
import { loadWeights } from "../../lib/weights/load.js";
import { expectError, withFile } from "./helpers/files.js";
import { int64s, node, onnxBytes, tensor, value, type ModelParts } from "./helpers/onnx.js";

type Case = readonly [what: string, parts: ModelParts, message: string];

const BIASES: readonly Case[] = [
  ...([[1], [1, 2], [2, 1], []] as const).map((dims): Case => [
    `a convolution's bias of [${dims.join(", ")}]`,
    {
      nodes: [node("Conv", ["x", "w", "b"], ["y"])],
      tensors: [tensor({ dims: [2, 2, 3, 3] }), tensor({ name: "b", dims })],
      inputs: [value("x", ["N", 2, 4, 4])],
    },
    `node 1 (Conv): the shape of its bias is [${dims.join(",")}]; it must be [2]; export the model again`,
  ]),
  ...(
    [
      [2, 1],
      [3, 2],
      [1, 1, 2],
    ] as const
  ).map((dims): Case => [
    `a Gemm's bias of [${dims.join(", ")}]`,
    {
      nodes: [node("Gemm", ["x", "w", "b"], ["y"], { attributes: { transB: 1 } })],
      tensors: [tensor(), tensor({ name: "b", dims })],
    },
    `node 1 (Gemm): the shape of its bias is [${dims.join(",")}]; it must be [2]; export the model again`,
  ]),
  [
    "a bias that is not repeated for every image",
    {
      nodes: [node("Gemm", ["x", "w", "b"], ["y"], { attributes: { transB: 1 } })],
      tensors: [tensor(), tensor({ name: "b", dims: [2] })],
      opset: 6,
    },
    "node 1 (Gemm): broadcast is 0; it must be 1; export the model with opset 17",
  ],
];

const RESHAPES: readonly Case[] = [
  ...(
    [
      ["images that become features", ["N", 2, 4, 4], [16, -1], 32],
      ["images of another number", [2, 2, 4, 4], [1, 64], 32],
      ["images of another number, the rest left over", [2, 2, 4, 4], [1, -1], 32],
      ["one image of a batch of any size", ["N", 2, 4, 4], [1, 32], 32],
      ["maps of another order", ["N", 2, 4, 4], [0, 4, 4, 2], 32],
      ["part of an image flattened", ["N", 2, 4, 4], [0, 2, 16], 32],
      ["more axes than an image", ["N", 2, 4, 4], [0, -1, 1], 32],
      ["an axis that is not there", ["N", 2, 4, 4], [0, 0, 0, 0, 0], 32],
      ["two sizes left over", ["N", 2, 4, 4], [-1, -1], 32],
      ["features made maps", ["N", 4], [0, 1, 2, 2], 4],
    ] as const
  ).map(([what, from, to, elements]): Case => [
    `Reshape of ${what}`,
    {
      nodes: [node("Reshape", ["x", "s"], ["y"])],
      tensors: [tensor({ name: "s", dims: [to.length], type: 7, data: int64s(...to) })],
      inputs: [value("x", from)],
    },
    `node 1 (Reshape): shape is [${to.join(",")}]; it must be [N, ${elements}], N being -1, 0 or the size of the batch;` +
      " export the model with torch.flatten(x, 1), with a batch of any size",
  ]),
  [
    "a size of 0 that is no copy",
    {
      nodes: [node("Reshape", ["x", "s"], ["y"], { attributes: { allowzero: 1 } })],
      tensors: [tensor({ name: "s", dims: [2], type: 7, data: int64s(0, 3) })],
    },
    "node 1 (Reshape): shape is [0,3]; it must be [N, 3], N being -1, 0 or the size of the batch;" +
      " export the model with torch.flatten(x, 1), with a batch of any size",
  ],
];

describe("ONNX shapes that are refused", () => {
  for (const [what, parts, message] of [...BIASES, ...RESHAPES])
    it(what, () =>
      withFile(onnxBytes(parts), (path) =>
        expectError(loadWeights(path), "WEIGHTS_INVALID", `FILE: ${message}`, path),
      ),
    );
});

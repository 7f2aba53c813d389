/**
 * One run of an ONNX model in onnxruntime-node, for scripts in other languages (fixtures/make_onnx.py). Run as
 * `node run-model.js ARGUMENTS`, with RunArguments as JSON; prints the runtime's name and version.
 */
import { readFile, writeFile } from "node:fs/promises";
import type { Shape } from "../../lib/network/layers.js";
import { elementsOf } from "../../lib/network/shapes.js";
import { onnxruntime } from "./onnxruntime.js";

interface RunArguments {
  /** An ONNX file whose input is "input" [N, C, H, W], and of which the first output is taken. */
  readonly model: string;
  /** [C, H, W]. */
  readonly shape: Shape;
  /** A file of so many images as float32, little-endian, in the order N, C, H, W. */
  readonly input: string;
  /** The file for the output, in the same form. */
  readonly output: string;
}

const { model, shape, input, output } = JSON.parse(process.argv[2]) as RunArguments;
const bytes = await readFile(input);
const values = new Float32Array(
  bytes.buffer,
  bytes.byteOffset,
  bytes.length / Float32Array.BYTES_PER_ELEMENT,
);
const peer = onnxruntime("onnxruntime-node", shape, 1);
await peer.load(model);
await writeFile(output, await peer.run(values, values.length / elementsOf(shape)));
process.stdout.write(`${peer.name}\n`);

/** The one input and the one output of a graph, as their declarations say. */
import { onnxErrors } from "../../errors/onnx.js";
import { weightsErrors } from "../../errors/weights.js";
import { LARGEST_SIZE } from "../../network/define.js";
import type { OnnxValue } from "./model.js";
import type { Data } from "./node-view.js";
import { dtypeOf } from "./types.js";

export function onlyOne(source: string, values: readonly OnnxValue[], kind: "input" | "output"): OnnxValue {
  if (values.length !== 1)
    throw onnxErrors.notAChain(
      source,
      "the graph",
      `has ${values.length} ${kind}s (${values
        .slice(0, 8)
        .map(({ name }) => JSON.stringify(name.slice(0, 80)))
        .join(", ")})`,
    );
  return values[0];
}

/** A declared size that is another one tells that this reader understood the graph otherwise than its writer. */
export function checkOutput(source: string, { name, dims }: OnnxValue, { shape, batch }: Data): void {
  if (dims === undefined) return;
  const [images, ...sizes] = dims;
  const isOther = (size: number | undefined, wanted: number | undefined) =>
    size !== undefined && wanted !== undefined && size !== wanted;
  if (
    sizes.length !== shape.length ||
    isOther(fixedBatch(images), batch) ||
    sizes.some((size, axis) => isOther(size, shape[axis]))
  )
    throw weightsErrors.field(
      source,
      `output ${JSON.stringify(name)}: its shape`,
      dims.map((size) => size ?? null),
      `[${batch ?? "N"}, ${shape.join(", ")}], as its nodes compute`,
    );
}

/** 0 and -1 are how some writers say that it may be any. */
const fixedBatch = (images: number | undefined): number | undefined =>
  images !== undefined && images >= 1 ? images : undefined;

/** @throws AlexNetError WEIGHTS_INVALID for an input that is neither maps nor vectors of a known size. */
export function inputData(source: string, { name, type, dims }: OnnxValue): Data {
  const at = `input ${JSON.stringify(name)}`;
  if (type === undefined || dtypeOf(type) === undefined)
    throw onnxErrors.unread(source, `${at}: its type`, type, "float32 (1)", "export the model in float32");
  const [batch, ...shape] = dims ?? [];
  const sizes = shape.map((size) => size ?? 0);
  if ((shape.length !== 3 && shape.length !== 1) || !sizes.every((size) => size >= 1 && size <= LARGEST_SIZE))
    throw onnxErrors.unread(
      source,
      `${at}: its shape`,
      dims?.map((size) => size ?? null),
      `[N, channels, height, width] or [N, features], all but N whole numbers from 1 to ${LARGEST_SIZE}`,
      "export the model with a fixed image size",
    );
  return { shape: sizes, batch: fixedBatch(batch) };
}

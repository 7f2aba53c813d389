/** Tensors of the model as those that stream: the place of their numbers, or the numbers themselves. */
import { weightsErrors } from "../../errors/weights.js";
import { elementsOf } from "../../network/shapes.js";
import { BYTES_PER_ELEMENT, bytesOf, DTYPES } from "../numbers.js";
import type { StoredTensor } from "../stored.js";
import type { WireReader } from "../protobuf/wire.js";
import { LARGEST_SPAN, spanOf } from "../strided.js";
import type { DType } from "../weights.js";
import type { ExternalFiles } from "./external.js";
import type { OnnxTensor } from "./model.js";
import { arrayBytes, arrayStart } from "./numbers.js";
import type { PlacedTensor } from "./parameters.js";
import { dtypeOf, typeName } from "./types.js";

export class Places {
  /** Of tensors that several layers have. */
  readonly #held = new Map<OnnxTensor, Uint8Array>();

  constructor(
    private readonly wire: WireReader,
    private readonly external: ExternalFiles,
  ) {}

  /** @throws AlexNetError WEIGHTS_INVALID naming the tensor. */
  async stored(name: string, { tensor, shape, strides, factor }: PlacedTensor): Promise<StoredTensor> {
    const dtype = dtypeOf(tensor.type);
    if (dtype === undefined)
      throw weightsErrors.dtype(this.wire.source, tensor.name, typeName(tensor.type), DTYPES);
    const at = `tensor ${JSON.stringify(tensor.name)}`;
    if (strides && spanOf(shape, strides) > LARGEST_SPAN)
      throw weightsErrors.refused(
        this.wire.source,
        at,
        `spans ${spanOf(shape, strides)} elements out of their order, more than ${LARGEST_SPAN}`,
        "export the model with Gemm and transB=1",
      );
    const place = await this.#place(tensor, dtype, at);
    const steps = tensor.data.kind === "filled" ? shape.map(() => 0) : strides;
    return {
      name,
      shape,
      ...place,
      ...(steps && { strides: steps }),
      ...(factor !== undefined && { factor }),
    };
  }

  async #place(
    tensor: OnnxTensor,
    dtype: DType,
    at: string,
  ): Promise<Pick<StoredTensor, "offset" | "held" | "file" | "dtype">> {
    const { data } = tensor;
    switch (data.kind) {
      case "external": {
        const bytes = elementsOf(tensor.dims) * BYTES_PER_ELEMENT[dtype];
        const place = await this.external.find(tensor.name, data.entries, bytes);
        return { ...place, dtype };
      }
      case "filled":
        return { offset: 0, held: bytesOf(Float32Array.of(data.value)), dtype: "F32" };
      case "listed":
        return { offset: 0, held: bytesOf(Float32Array.from(data.values)), dtype: "F32" };
      case "raw":
      case "typed": {
        const lying = { ...tensor, data };
        const offset = arrayStart(lying);
        if (offset !== undefined) return { offset, dtype };
        const held = this.#held.get(tensor) ?? (await arrayBytes(this.wire, lying, at));
        this.#held.set(tensor, held);
        return { offset: 0, held, dtype };
      }
    }
  }
}

/** The weights of a trainer as weights like those of a file: read where they are, as they are when they are read. */
import { checkedReader } from "../weights/reader.js";
import type { Purpose, TensorInfo, Weights } from "../weights/weights.js";
import type { ArenaTensor } from "./arena.js";

export function trainedWeights(source: string, tensors: readonly ArenaTensor[], purpose: Purpose): Weights {
  const infos = new Map(
    tensors.map(({ name, shape, read }) => [name, { name, shape, dtype: "F32" as const, read }]),
  );
  const read = checkedReader<TensorInfo & Pick<ArenaTensor, "read">>(source, infos, (tensor, start, out) => {
    tensor.read(start, out);
    return Promise.resolve();
  });
  return { ...purpose, source, format: "training", tensors: infos, stream: (consume) => consume(read) };
}

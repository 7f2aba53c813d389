export { describeWeights, type WeightsDescription } from "./describe.js";
export { initWeights } from "./init.js";
export { loadWeights, type LoadOptions } from "./load.js";
export { loadMean, withMean, type Mean } from "./mean.js";
export { exportOnnx, type ExportOptions } from "./onnx/export.js";
export { weightsFromTensors, type MemoryOptions, type TensorLike } from "./memory.js";
export { resolveNetwork, type ResolvedNetwork } from "./resolve.js";
export { saveWeights, type SaveOptions } from "./safetensors-writer.js";
export type { ColumnReader, DType, Purpose, ReadTensor, TensorInfo, Weights } from "./weights.js";

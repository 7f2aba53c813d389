/** From a slice of an operation to the steps of its kernel: addresses, strides and ranges. */
import type { Step } from "../../workers/steps.js";
import type { MemoryLayout } from "./memory.js";
import type { Tile } from "./tile.js";
import { reachOf, type Operation, type OperationGraph, type Tensor } from "./operations.js";
import type { Extent, Slice } from "./partition.js";

export interface StepContext {
  readonly graph: OperationGraph;
  readonly memory: MemoryLayout;
  readonly tile: Tile;
  /** Images of a wave. */
  readonly wave: number;
  /** Where dropout draws: the byte address of the generator's key and of the step's number. Without it, it is inference. */
  readonly generator?: number;
}

/** The outputs of an operation for `images` images, in the units that a plan cuts. */
export function extentOf({ graph, memory }: StepContext, operation: Operation, images: number): Extent {
  const { towers, shape } = graph.tensors[operation.output];
  const panels = memory.packed.get(operation.index)?.panels ?? 1;
  // at batch scope a kernel takes all images at once: there are only panels to cut
  if (operation.kind === "fully-connected") return { towers, images: 1, panels, rows: 1 };
  if (operation.kind === "dropout") return { towers, images, panels: 1, rows: 1 };
  if (operation.scope === "batch") return { towers, images: 1, panels: 1, rows: images };
  // tiles of outputs are not cut
  if (operation.kind === "convolution" && operation.winograd) return { towers, images, panels, rows: 1 };
  return { towers, images, panels, rows: shape[1] };
}

/** The step that computes a slice; the images of the slice are told to the kernel with each call. */
export function stepFor(context: StepContext, operation: Operation, slice: Slice, worker: number): Step {
  switch (operation.kind) {
    case "space-to-depth":
      return spaceToDepth(context, operation, slice);
    case "convolution":
      return convolution(context, operation, slice, worker);
    case "fully-connected":
      throw new RangeError(`${operation.layer.name}: it may have several steps, see batchSteps`);
    case "max-pooling":
      return { kernel: "max_pooling", fields: poolingFields(context, operation, slice) };
    case "average-pooling":
      return averagePooling(context, operation, slice);
    case "normalisation":
      return normalisation(context, operation, slice, worker);
    case "activation":
      return activation(context, operation, slice);
    case "dropout":
      return dropout(context, operation, slice);
  }
}

type Of<Kind extends Operation["kind"]> = Extract<Operation, { kind: Kind }>;

function spaceToDepth(context: StepContext, operation: Of<"space-to-depth">, slice: Slice): Step {
  const { input, output, source } = ends(context, operation);
  const { blockSize, padding, towers } = context.graph.tensors[operation.output];
  const channels = source.shape[0] / towers;
  return {
    kernel: "space_to_depth",
    fields: {
      ...mapFields(input, output, slice),
      // planes are towers of the input
      input: input.offset + slice.tower * channels * input.tower,
      inputChannel: input.tower,
      outputColumn: output.column,
      channels,
      columns: source.shape[2],
      blockSize,
      // a map of pixels begins behind its padding, one of blocks with it
      paddingTop: blockSize === 1 ? 0 : padding[0],
      paddingLeft: blockSize === 1 ? 0 : padding[1],
      notFinite: context.memory.notFinite,
    },
  };
}

function convolution(context: StepContext, operation: Of<"convolution">, slice: Slice, worker: number): Step {
  const { layer } = operation;
  const { input, output, source } = ends(context, operation);
  const [top, left] = layer.padding;
  const grouped = layer.groups > 1;
  const columns = operation.shaped.output[2];
  return {
    kernel: "conv_tile",
    fields: {
      input: input.offset - top * input.row - left * input.column + (grouped ? slice.tower * input.tower : 0),
      inputImage: input.image,
      inputRow: layer.stride[0] * input.row,
      inputColumn: layer.stride[1] * input.column,
      output: output.offset + slice.tower * output.tower,
      outputImage: output.image,
      outputRow: output.row,
      outputColumn: output.column,
      ...packedFields(context, operation, slice, worker),
      outerRuns: grouped ? 1 : source.towers,
      outerStride: input.tower,
      innerRuns: layer.kernel[0],
      innerStride: input.row,
      runLength: layer.kernel[1] * input.channels,
      columns,
      positionFrom: slice.rows[0] * columns,
      positionTo: slice.rows[1] * columns,
    },
  };
}

/** Of the weights that a slice takes, what the kernels are told. */
export function packedFields(
  { memory, graph }: StepContext,
  operation: Of<"convolution"> | Of<"fully-connected">,
  slice: Slice,
  worker: number,
) {
  const packed = memory.packed.get(operation.index);
  if (packed === undefined) throw new RangeError(`operation ${operation.index} has no packed weights`);
  const output = graph.tensors[operation.output];
  return {
    weights: packed.weights + slice.tower * packed.weightsTower,
    bias: packed.bias + slice.tower * packed.biasTower,
    panelFrom: slice.panels[0],
    panelTo: slice.panels[1],
    channels: output.shape[0] / output.towers,
    scratch: memory.scratch + worker * memory.scratchWorker,
    floor: operation.rectified ? 0 : -Infinity,
  };
}

/** The windows of a pooling. */
function poolingFields(
  context: StepContext,
  operation: Of<"max-pooling"> | Of<"average-pooling">,
  slice: Slice,
) {
  const { layer } = operation;
  const { input, output, source } = ends(context, operation);
  return {
    ...mapFields(input, output, slice),
    channels: input.channels,
    inputRows: source.shape[1],
    inputColumns: source.shape[2],
    outputColumns: operation.shaped.output[2],
    kernelRows: layer.kernel[0],
    kernelColumns: layer.kernel[1],
    strideRows: layer.stride[0],
    strideColumns: layer.stride[1],
    paddingTop: layer.padding[0],
    paddingLeft: layer.padding[1],
  };
}

function averagePooling(context: StepContext, operation: Of<"average-pooling">, slice: Slice): Step {
  const { padding, countPadding } = operation.layer;
  const [countedTop, countedLeft, countedBottom, countedRight] = countPadding ? padding : [0, 0, 0, 0];
  return {
    kernel: "average_pooling",
    fields: {
      ...poolingFields(context, operation, slice),
      countedTop,
      countedLeft,
      countedBottom,
      countedRight,
    },
  };
}

function normalisation(
  context: StepContext,
  operation: Of<"normalisation">,
  slice: Slice,
  worker: number,
): Step {
  const { layer } = operation;
  const { input, output, source } = ends(context, operation);
  const { before, after } = reachOf(layer);
  const crosses = layer.scope === "across";
  return {
    kernel: "normalisation",
    fields: {
      ...mapFields(input, output, slice),
      channels: input.channels,
      columns: source.shape[2],
      before,
      after,
      below: crosses && slice.tower > 0 ? (input.channels - before) * 4 - input.tower : 0,
      above: crosses && slice.tower < source.towers - 1 ? input.tower : 0,
      scratch: context.memory.scratch + worker * context.memory.scratchWorker,
      alpha: layer.alphaDividedBySize ? layer.alpha / layer.size : layer.alpha,
      beta: layer.beta,
      k: layer.k,
    },
  };
}

function activation(context: StepContext, operation: Of<"activation">, slice: Slice): Step {
  const { layer } = operation;
  const { input, output, source } = ends(context, operation);
  const batch = operation.scope === "batch";
  const fields = mapFields(input, output, slice);
  return {
    kernel: "activation",
    fields: {
      ...fields,
      // over a batch, a row is an image
      inputRow: batch ? input.image : fields.inputRow,
      outputRow: batch ? output.image : fields.outputRow,
      rowLength: input.channels * source.shape[2] * (batch ? source.shape[1] : 1),
      floor: layer.type === "relu" ? 0 : -Infinity,
      scale: layer.type === "dropout" ? 1 - layer.rate : 1,
    },
  };
}

/** Image by image, since each draws numbers of its own. */
function dropout(context: StepContext, operation: Of<"dropout">, slice: Slice): Step {
  const { layer } = operation;
  const { input, output, source } = ends(context, operation);
  const fields = {
    ...mapFields(input, output, slice),
    rowFrom: 0,
    rowTo: source.shape[1],
    rowLength: input.channels * source.shape[2],
  };
  if (context.generator === undefined)
    return {
      kernel: "activation",
      fields: { ...fields, floor: -Infinity, scale: layer.scaling === "test" ? 1 - layer.rate : 1 },
    };
  return {
    kernel: "dropout",
    fields: { ...fields, ...drawsOf(operation, source, slice.tower, context.generator) },
  };
}

/** What a dropout draws: its units are numbered channels last, tower by tower. */
export const drawsOf = (
  { layer, layerIndex }: Of<"dropout">,
  { shape: [channels, height, width], towers }: Tensor,
  tower: number,
  generator: number,
) => ({
  unit: (tower * channels * height * width) / towers,
  layer: layerIndex,
  threshold: Math.min(Math.round(layer.rate * 2 ** 32), 2 ** 32 - 1),
  generator,
  scale: layer.scaling === "train" ? 1 / (1 - layer.rate) : 1,
});

/** Strides and rows of a kernel that goes from map to map within a tower. */
function mapFields(input: Ends["input"], output: Ends["output"], slice: Slice) {
  return {
    input: input.offset + slice.tower * input.tower,
    inputImage: input.image,
    inputRow: input.row,
    output: output.offset + slice.tower * output.tower,
    outputImage: output.image,
    outputRow: output.row,
    rowFrom: slice.rows[0],
    rowTo: slice.rows[1],
  };
}

type Ends = ReturnType<typeof ends>;

/** Where an operation's tensors are. */
export function ends({ graph, memory }: StepContext, operation: Operation) {
  return {
    input: memory.placements[operation.input],
    output: memory.placements[operation.output],
    source: graph.tensors[operation.input],
  };
}

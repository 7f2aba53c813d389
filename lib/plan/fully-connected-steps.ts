/**
 * The steps of a fully connected layer: a convolution whose positions are images and whose window is everything.
 * bfloat16 weights are read as they are for one image; for more, each worker expands one panel at a time into room of
 * its own, and all images go over it before the next: it is written and read in the worker's own cache.
 */
import type { ConvolutionStep, Step } from "../../workers/steps.js";
import { elementsOf } from "../network/shapes.js";
import type { FullyConnectedOperation, Operation, OperationGraph } from "./operations.js";
import type { Slice } from "./partition.js";
import { ends, packedFields, stepFor, type StepContext } from "./steps.js";
import { WEIGHT_BYTES } from "./weights-type.js";

/** A step, and the panel or the image that it is called with. */
export interface CalledStep {
  readonly step: Step;
  readonly index: number;
}

/** The steps of a slice of an operation that takes the whole batch at once; others than these have only one. */
export const batchSteps = (
  context: StepContext,
  operation: Operation,
  slice: Slice,
  worker: number,
  images: number,
): CalledStep[] => {
  if (operation.kind === "fully-connected")
    return fullyConnectedSteps(context, operation, slice, worker, images);
  const step = stepFor(context, operation, slice, worker);
  if (operation.kind !== "dropout") return [{ step, index: 0 }];
  const [from, to] = slice.images;
  return Array.from({ length: to - from }, (_, image) => ({ step, index: from + image }));
};

function fullyConnectedSteps(
  context: StepContext,
  operation: FullyConnectedOperation,
  slice: Slice,
  worker: number,
  images: number,
): CalledStep[] {
  const fields = fieldsOf(context, operation, slice, worker, images);
  if (images === 1) return [{ step: { kernel: ROW_KERNELS[operation.weights], fields }, index: 0 }];
  if (operation.weights === "float32") return [{ step: { kernel: "conv_tile", fields }, index: 0 }];
  return panelByPanel(context, operation, fields, worker);
}

const ROW_KERNELS = { float32: "conv_row", bfloat16: "conv_row_bf16" } as const;

function panelByPanel(
  { memory }: StepContext,
  operation: FullyConnectedOperation,
  fields: ConvolutionStep,
  worker: number,
): CalledStep[] {
  const depth = depthOf(operation);
  const weights = memory.expanded + worker * memory.expandedWorker;
  const panelBytes = depth * memory.panel * WEIGHT_BYTES.bfloat16;
  const expand: Step = {
    kernel: "expand",
    fields: { input: fields.weights, inputPanel: panelBytes, output: weights, outputPanel: 0, depth },
  };
  return Array.from({ length: fields.panelTo - fields.panelFrom }, (_, index) => {
    const panel = fields.panelFrom + index;
    const channel = panel * memory.panel;
    const multiply: Step = {
      kernel: "conv_tile",
      fields: {
        ...fields,
        weights,
        bias: fields.bias + 4 * channel,
        output: fields.output + 4 * channel,
        panelFrom: 0,
        panelTo: 1,
        channels: fields.channels - channel,
      },
    };
    return [
      { step: expand, index: panel },
      { step: multiply, index: 0 },
    ];
  }).flat();
}

function fieldsOf(
  context: StepContext,
  operation: FullyConnectedOperation,
  slice: Slice,
  worker: number,
  images: number,
): ConvolutionStep {
  const { input, output, source } = ends(context, operation);
  return {
    input: input.offset,
    inputImage: 0,
    inputRow: 0,
    inputColumn: input.image,
    output: output.offset + slice.tower * output.tower,
    outputImage: 0,
    outputRow: 0,
    outputColumn: output.image,
    ...packedFields(context, operation, slice, worker),
    outerRuns: source.towers,
    outerStride: input.tower,
    innerRuns: 1,
    innerStride: 0,
    runLength: (source.shape[0] / source.towers) * source.shape[1] * source.shape[2],
    columns: images,
    positionFrom: 0,
    positionTo: images,
  };
}

const depthOf = ({ shaped }: FullyConnectedOperation): number => elementsOf(shaped.input);

/** The layers whose panels are expanded in batches of up to `maxBatch` images. */
const expandedLayers = ({ operations }: OperationGraph, maxBatch: number): FullyConnectedOperation[] =>
  operations.flatMap((operation) =>
    maxBatch > 1 && operation.kind === "fully-connected" && operation.weights === "bfloat16"
      ? [operation]
      : [],
  );

/** Room for the largest panel of `panel` channels in float32, one worker, in bytes. */
export const expandedBytes = (graph: OperationGraph, panel: number, maxBatch: number): number =>
  Math.max(0, ...expandedLayers(graph, maxBatch).map((operation) => depthOf(operation) * panel * 4));

/** Steps of a batch that there are for each panel, of all workers. */
export const stepsByPanel = (graph: OperationGraph, panel: number, maxBatch: number): number =>
  expandedLayers(graph, maxBatch).reduce((sum, { output }) => {
    const { shape, towers } = graph.tensors[output];
    return sum + towers * Math.ceil(shape[0] / towers / panel);
  }, 0);

/**
 * The gradients of a convolution's weights and biases, cut by panels of output channels so that no sum is shared, added up
 * image by image in their order; by Winograd where the layer is.
 */
import type { Step } from "../../../workers/steps.js";
import type { ConvolutionOperation } from "../operations.js";
import type { Slice } from "../partition.js";
import type { BlockFilters, GradientRoom } from "./filters.js";
import { stageOf } from "./graph.js";
import type { Parameter } from "./memory.js";
import { winogradGradients } from "./winograd-gradients.js";
import {
  gradientFields,
  parameterOf,
  type Images,
  type ProgramWriter,
  type TrainingContext,
} from "./writer.js";

export function weightsGradients(
  context: TrainingContext,
  writer: ProgramWriter,
  operation: ConvolutionOperation,
  images: Images,
): void {
  const parameter = parameterOf(context, operation);
  const stage = stageOf(context.graph.forward, operation.index, "weights gradient");
  const { winograd } = operation;
  writer.cut({ towers: parameter.towers, images: 1, panels: parameter.panels, rows: 1 }, (slice, worker) => {
    if (winograd) {
      winogradGradients({ context, operation, winograd, slice, worker }, images, (step, from, to) => {
        writer.add(worker, step, from, to, stage);
      });
      if (!operation.layer.bias) return;
    }
    const steps = (accumulate: number): Step[] => [
      ...(winograd ? [] : [weightsStep(context, operation, images, slice, worker, accumulate)]),
      ...(operation.layer.bias ? [biasStep(context, operation, images, slice, accumulate)] : []),
    ];
    // the batch's first image overwrites what the last batch left
    const later = steps(1);
    const initial = images.first === 0 ? steps(0) : later;
    for (let slot = 0; slot < images.count; slot++)
      for (const step of slot === 0 ? initial : later)
        writer.add(worker, step, images.first + slot, slot, stage);
  });
}

function weightsStep(
  context: TrainingContext,
  operation: ConvolutionOperation,
  images: Images,
  slice: Slice,
  worker: number,
  accumulate: number,
): Step {
  const { graph, layout } = context;
  const { layer, shaped } = operation;
  const x = layout.forward.placements[operation.input];
  const { towers } = graph.forward.tensors[operation.input];
  const grouped = layer.groups > 1;
  const [top, left] = layer.padding;
  const { weights, weightsTower, towers: outputTowers } = parameterOf(context, operation);
  return {
    kernel: "weights_gradient",
    fields: {
      input: x.offset - top * x.row - left * x.column + (grouped ? slice.tower * x.tower : 0),
      inputImage: x.image,
      inputRow: layer.stride[0] * x.row,
      inputColumn: layer.stride[1] * x.column,
      ...gradientFields(context, operation, images, slice.tower),
      output: weights + slice.tower * weightsTower + layout.toGradient,
      outerRuns: grouped ? 1 : towers,
      outerStride: x.tower,
      innerRuns: layer.kernel[0],
      innerStride: x.row,
      runLength: layer.kernel[1] * x.channels,
      rows: shaped.output[1],
      columns: shaped.output[2],
      panelFrom: slice.panels[0],
      panelTo: slice.panels[1],
      channels: shaped.output[0] / outputTowers,
      accumulate,
      scratch: layout.forward.scratch + worker * layout.forward.scratchWorker,
    },
  };
}

function biasStep(
  context: TrainingContext,
  operation: ConvolutionOperation,
  images: Images,
  slice: Slice,
  accumulate: number,
): Step {
  const { bias, biasTower, towers } = parameterOf(context, operation);
  const { shaped } = operation;
  const { panel } = context.layout.forward;
  return {
    kernel: "bias_gradient",
    fields: {
      ...gradientFields(context, operation, images, slice.tower),
      output: bias + slice.tower * biasTower + context.layout.toGradient,
      rows: shaped.output[1],
      columns: shaped.output[2],
      channelFrom: slice.panels[0] * panel,
      channelTo: Math.min(slice.panels[1] * panel, shaped.output[0] / towers),
      accumulate,
    },
  };
}

/**
 * Behind the last wave: what was added up by Winograd is transformed to filters, and what is in the order of blocks goes to
 * the order of the weights.
 */
export function finishWeightsGradients(context: TrainingContext, writer: ProgramWriter): void {
  const { graph, layout } = context;
  const { panel } = layout.forward;
  for (const [index, room] of layout.filters.gradients) {
    const operation = graph.forward.operations[index];
    if (operation.kind !== "convolution") throw new RangeError(`operation ${index} is no convolution`);
    const parameter = parameterOf(context, operation);
    const blocks = layout.filters.blocks.get(index);
    const stage = stageOf(graph.forward, index, "weights gradient");
    const extent = { towers: parameter.towers, images: 1, panels: parameter.panels, rows: 1 };
    writer.cut(extent, (slice, worker) => {
      const weights = parameter.weights + slice.tower * parameter.weightsTower + layout.toGradient;
      const inBlocks = blocks && blocks.gradient.address + slice.tower * blocks.gradient.tower;
      const steps = [
        filterGradientStep(context, operation, room, inBlocks ?? weights, slice, worker),
        ...(blocks && inBlocks !== undefined
          ? [gatherStep(blocks, inBlocks, weights, parameter, panel)]
          : []),
      ];
      for (let at = slice.panels[0]; at < slice.panels[1]; at++)
        for (const step of steps) writer.add(worker, step, at, at, stage);
    });
  }
}

/** @param target where the gradient of the slice's tower goes, [panels][outer][taps][taps][channels][NR] */
function filterGradientStep(
  { graph, layout }: TrainingContext,
  { layer, winograd, input }: ConvolutionOperation,
  room: GradientRoom,
  target: number,
  { tower }: Slice,
  worker: number,
): Step {
  if (winograd === undefined) throw new RangeError(`${layer.name}: it is not computed by Winograd`);
  const { panel, scratch, scratchWorker } = layout.forward;
  const outer = layer.groups > 1 ? 1 : graph.forward.tensors[input].towers;
  const { taps } = winograd;
  return {
    kernel: "winograd_filter_gradient",
    fields: {
      input: room.address + tower * room.tower,
      inputPanel: room.depth * panel * 4,
      inputPlane: room.plane,
      output: target,
      outputPanel: room.depth * taps * taps * panel * 4,
      outer,
      channels: room.depth / outer,
      taps,
      scratch: scratch + worker * scratchWorker,
    },
  };
}

/** From the order of blocks to that of the weights. */
const gatherStep = (
  { gradient, toWeights }: BlockFilters,
  input: number,
  output: number,
  { depth }: Parameter,
  panel: number,
): Step => ({
  kernel: "gather_rows",
  fields: {
    input,
    inputPanel: gradient.rows * panel * 4,
    output,
    outputPanel: depth * panel * 4,
    table: toWeights,
    rows: depth,
  },
});

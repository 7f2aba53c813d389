/**
 * The gradients of a convolution for the images of a wave: of its weights, cut by panels of output channels so that no sum
 * is shared, added up image by image in their order; and of its input, as the convolution of dy with turned filters.
 */
import type { Step } from "../../../workers/steps.js";
import { prepareChain, runChain } from "../chains.js";
import type { ConvolutionOperation } from "../operations.js";
import type { Slice } from "../partition.js";
import { crossesTowers } from "../schedule.js";
import { stageOf } from "./graph.js";
import {
  cutsWhole,
  gradientAt,
  gradientOf,
  ownsTowers,
  parameterOf,
  type Images,
  type ProgramWriter,
  type TrainingContext,
} from "./writer.js";

export function convolutionGradients(
  context: TrainingContext,
  writer: ProgramWriter,
  operation: ConvolutionOperation,
  images: Images,
): void {
  const { towers } = gradientOf(context, operation.output, images);
  if (!ownsTowers(towers, writer.threads)) writer.meet();
  weightsGradients(context, writer, operation, images);
  const back = context.graph.turned.get(operation.index);
  if (back === undefined) return;
  const input = context.graph.backward.tensors[back.output].towers;
  const crosses = crossesTowers(context.backward, back);
  if (operation.layer.stride.some((stride) => stride > 1)) spread(context, writer, operation, back, images);
  if (crosses || input !== towers || !cutsWhole(towers, images.count, writer.threads)) writer.meet();
  const programs = Array.from({ length: writer.threads }, () => []);
  runChain(
    context.backward,
    programs,
    prepareChain(context.backward, [back], images.count),
    images.first,
    false,
  );
  writer.append(programs);
}

/** dy of a convolution with a stride to a map with zeros between its pixels, where they stay from the beginning on. */
function spread(
  context: TrainingContext,
  writer: ProgramWriter,
  { index, layer, shaped, output }: ConvolutionOperation,
  { input }: ConvolutionOperation,
  images: Images,
): void {
  const dy = gradientOf(context, output, images);
  const { place: target, offset } = gradientAt(context, input, images);
  const [, height, width] = shaped.output;
  const stage = stageOf(context.graph.forward, index, "input gradient");
  writer.cut(
    { towers: dy.towers, images: images.count, panels: 1, rows: 1 },
    ({ tower, images: [from, to] }, worker) => {
      const steps = Array.from({ length: height }, (_, row): Step => ({
        kernel: "activation",
        fields: {
          input: dy.offset + tower * dy.place.tower + row * dy.place.row,
          inputImage: dy.place.image,
          inputRow: dy.place.column,
          output: offset + tower * target.tower + row * layer.stride[0] * target.row,
          outputImage: target.image,
          outputRow: layer.stride[1] * target.column,
          rowLength: dy.place.channels,
          rowFrom: 0,
          rowTo: width,
          floor: -Infinity,
          scale: 1,
        },
      }));
      for (let slot = from; slot < to; slot++)
        for (const step of steps) writer.add(worker, step, slot, slot, stage);
    },
  );
}

function weightsGradients(
  context: TrainingContext,
  writer: ProgramWriter,
  operation: ConvolutionOperation,
  images: Images,
): void {
  const parameter = parameterOf(context, operation);
  const stage = stageOf(context.graph.forward, operation.index, "weights gradient");
  writer.cut({ towers: parameter.towers, images: 1, panels: parameter.panels, rows: 1 }, (slice, worker) => {
    const steps = (accumulate: number): Step[] => [
      weightsStep(context, operation, images, slice, worker, accumulate),
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
  const window = windowOf(context, operation);
  return {
    kernel: "weights_gradient",
    fields: {
      input: x.offset + window.corner + (grouped ? slice.tower * x.tower : 0),
      inputImage: x.image,
      inputRow: window.stride[0] * x.row,
      inputColumn: window.stride[1] * x.column,
      ...gradientFields(context, operation, images, slice),
      output: gradientAddress(context, operation, slice.tower),
      outerRuns: grouped ? 1 : towers,
      outerStride: x.tower,
      innerRuns: window.rows,
      innerStride: x.row,
      runLength: window.columns * x.channels,
      rows: shaped.output[1],
      columns: shaped.output[2],
      panelFrom: slice.panels[0],
      panelTo: slice.panels[1],
      channels: shaped.output[0] / parameterOf(context, operation).towers,
      accumulate,
      scratch: layout.forward.scratch + worker * layout.forward.scratchWorker,
    },
  };
}

/** A layer's window over its input: of pixels, or of blocks of them. */
function windowOf({ layout }: TrainingContext, { layer, winograd, input }: ConvolutionOperation) {
  if (winograd && winograd.blockSize > 1)
    return { corner: 0, stride: [1, 1], rows: winograd.taps, columns: winograd.taps } as const;
  const { row, column } = layout.forward.placements[input];
  const [top, left] = layer.padding;
  return {
    corner: -top * row - left * column,
    stride: layer.stride,
    rows: layer.kernel[0],
    columns: layer.kernel[1],
  } as const;
}

/** Where the gradient of a tower's weights is added up: in the arena, or in the order of blocks. */
function gradientAddress(context: TrainingContext, operation: ConvolutionOperation, tower: number): number {
  const blocks = context.layout.filters.blocks.get(operation.index)?.gradient;
  if (blocks) return blocks.address + tower * blocks.tower;
  const { weights, weightsTower } = parameterOf(context, operation);
  return weights + tower * weightsTower + context.layout.toGradient;
}

function gradientFields(
  context: TrainingContext,
  operation: ConvolutionOperation,
  images: Images,
  { tower }: Slice,
) {
  const dy = gradientOf(context, operation.output, images);
  return {
    gradient: dy.offset + tower * dy.place.tower,
    gradientImage: dy.place.image,
    gradientRow: dy.place.row,
    gradientColumn: dy.place.column,
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
      ...gradientFields(context, operation, images, slice),
      output: bias + slice.tower * biasTower + context.layout.toGradient,
      rows: shaped.output[1],
      columns: shaped.output[2],
      channelFrom: slice.panels[0] * panel,
      channelTo: Math.min(slice.panels[1] * panel, shaped.output[0] / towers),
      accumulate,
    },
  };
}

/** Behind the last wave: gradients that were added up in the order of blocks go to the order of the weights. */
export function gatherGradients(context: TrainingContext, writer: ProgramWriter): void {
  const { graph, layout } = context;
  for (const [index, { gradient, toWeights }] of layout.filters.blocks) {
    const parameter = parameterOf(context, { index });
    const stage = stageOf(graph.forward, index, "weights gradient");
    const { panel } = layout.forward;
    writer.cut(
      { towers: parameter.towers, images: 1, panels: parameter.panels, rows: 1 },
      (slice, worker) => {
        const step: Step = {
          kernel: "gather_rows",
          fields: {
            input: gradient.address + slice.tower * gradient.tower,
            inputPanel: gradient.rows * panel * 4,
            output: parameter.weights + slice.tower * parameter.weightsTower + layout.toGradient,
            outputPanel: parameter.depth * panel * 4,
            table: toWeights,
            rows: parameter.depth,
          },
        };
        for (let at = slice.panels[0]; at < slice.panels[1]; at++) writer.add(worker, step, at, at, stage);
      },
    );
  }
}

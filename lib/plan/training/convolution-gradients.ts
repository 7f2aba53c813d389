/** The gradients of a convolution for the images of a wave: of its weights, and of its input, as a convolution of dy. */
import type { Step } from "../../../workers/steps.js";
import { prepareChain, runChain } from "../chains.js";
import type { ConvolutionOperation } from "../operations.js";
import { crossesTowers } from "../schedule.js";
import { stageOf } from "./graph.js";
import { weightsGradients } from "./weights-gradients.js";
import {
  cutsWhole,
  gradientAt,
  gradientOf,
  ownsTowers,
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

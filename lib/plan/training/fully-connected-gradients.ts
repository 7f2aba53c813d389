/**
 * The gradients of a fully connected layer for a whole batch. Of its weights: a convolution's, with images as positions.
 * Of its input: see input-gradients.ts.
 */
import type { Step } from "../../../workers/steps.js";
import type { FullyConnectedOperation } from "../operations.js";
import { stageOf } from "./graph.js";
import { dyByImages, inputGradients } from "./input-gradients.js";
import { gradientOf, parameterOf, type Images, type ProgramWriter, type TrainingContext } from "./writer.js";

export function fullyConnectedGradients(
  context: TrainingContext,
  writer: ProgramWriter,
  operation: FullyConnectedOperation,
  images: Images,
): void {
  const wanted = context.graph.gradients[operation.input] !== undefined;
  // dy may come from other workers, by images
  writer.meet();
  if (wanted) dyByImages(context, writer, operation, images);
  weightsGradients(context, writer, operation, images);
  if (!wanted) return;
  writer.meet();
  inputGradients(context, writer, operation, images);
}

function weightsGradients(
  context: TrainingContext,
  writer: ProgramWriter,
  operation: FullyConnectedOperation,
  images: Images,
): void {
  const { graph, layout } = context;
  const parameter = parameterOf(context, operation);
  const x = layout.forward.placements[operation.input];
  const source = graph.forward.tensors[operation.input];
  const dy = gradientOf(context, operation.output, images);
  const stage = stageOf(graph.forward, operation.index, "weights gradient");
  const { panel } = layout.forward;
  writer.cut({ towers: parameter.towers, images: 1, panels: parameter.panels, rows: 1 }, (slice, worker) => {
    const gradient = {
      gradient: dy.offset + slice.tower * dy.place.tower,
      gradientImage: 0,
      // one row, of all images
      gradientRow: images.count * dy.place.image,
      gradientColumn: dy.place.image,
      rows: 1,
      columns: images.count,
      accumulate: 0,
    };
    const channels = dy.place.channels;
    const weights: Step = {
      kernel: "weights_gradient_packed",
      fields: {
        ...gradient,
        input: x.offset,
        inputImage: 0,
        inputRow: 0,
        inputColumn: x.image,
        output: parameter.weights + slice.tower * parameter.weightsTower + layout.toGradient,
        outerRuns: source.towers,
        outerStride: x.tower,
        innerRuns: 1,
        innerStride: 0,
        runLength: parameter.depth / source.towers,
        panelFrom: slice.panels[0],
        panelTo: slice.panels[1],
        channels,
        scratch: layout.forward.scratch + worker * layout.forward.scratchWorker,
      },
    };
    writer.add(worker, weights, 0, 0, stage);
    if (!operation.layer.bias) return;
    const bias: Step = {
      kernel: "bias_gradient",
      fields: {
        ...gradient,
        output: parameter.bias + slice.tower * parameter.biasTower + layout.toGradient,
        channelFrom: slice.panels[0] * panel,
        channelTo: Math.min(slice.panels[1] * panel, channels),
      },
    };
    writer.add(worker, bias, 0, 0, stage);
  });
}

/**
 * The gradients of a fully connected layer for a whole batch. Of its weights: a convolution's, with images as positions. Of
 * its input: dx = W^T dy without turning W, which is large, round: W's rows are positions, of which each has the outputs
 * of all panels as its window, and images are what lies side by side. So dy comes by images, and dx as [K][images].
 */
import type { Step } from "../../../workers/steps.js";
import type { FullyConnectedOperation } from "../operations.js";
import { pieces, type Range, type Slice } from "../partition.js";
import { stageOf } from "./graph.js";
import { gradientOf, parameterOf, type Images, type ProgramWriter, type TrainingContext } from "./writer.js";

/** Rows of W that stay in a core's cache while all images go over them; whole tiles of 6 and of 4. */
const BLOCK = 24;

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

/** [images][outputs] of each tower to [panels of images][towers][padded outputs][NR images]. */
function dyByImages(
  context: TrainingContext,
  writer: ProgramWriter,
  operation: FullyConnectedOperation,
  images: Images,
): void {
  const { graph, layout } = context;
  const { panel } = layout.forward;
  const { towers, panels } = parameterOf(context, operation);
  const dy = gradientOf(context, operation.output, images);
  const stage = stageOf(graph.forward, operation.index, "input gradient");
  const tower = panels * panel * panel * 4;
  const groups = pieces([0, images.count], panel);
  writer.cut({ towers, images: groups.length, panels: 1, rows: 1 }, (slice, worker) => {
    for (let group = slice.images[0]; group < slice.images[1]; group++) {
      const step: Step = {
        kernel: "transpose",
        fields: {
          input: dy.offset + slice.tower * dy.place.tower + groups[group][0] * dy.place.image,
          inputBlock: 0,
          inputRow: dy.place.image,
          output: layout.dyByImages + group * towers * tower + slice.tower * tower,
          outputBlock: 0,
          outputRow: panel * 4,
          rows: groups[group][1] - groups[group][0],
          columns: dy.place.channels,
        },
      };
      writer.add(worker, step, 0, 0, stage);
    }
  });
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

function inputGradients(
  context: TrainingContext,
  writer: ProgramWriter,
  operation: FullyConnectedOperation,
  images: Images,
): void {
  const { depth } = parameterOf(context, operation);
  const stage = stageOf(context.graph.forward, operation.index, "input gradient");
  const blocks = pieces([0, depth], BLOCK);
  writer.cut({ towers: 1, images: blocks.length, panels: 1, rows: 1 }, (slice: Slice, worker) => {
    const [first, end] = slice.images;
    const rows: Range = [blocks[first][0], blocks[end - 1][1]];
    const whole = productStep(context, operation, images, BLOCK, worker);
    for (let block = first; block < end; block++) {
      const count = blocks[block][1] - blocks[block][0];
      const step = count === BLOCK ? whole : productStep(context, operation, images, count, worker);
      writer.add(worker, step, block, block, stage);
    }
    for (const step of backSteps(context, operation, images, rows)) writer.add(worker, step, 0, 0, stage);
  });
}

/** dx of `rows` rows of W, for all images; called with the number of the block. */
function productStep(
  context: TrainingContext,
  operation: FullyConnectedOperation,
  images: Images,
  rows: number,
  worker: number,
): Step {
  const { layout } = context;
  const { panel } = layout.forward;
  const { towers, panels, depth, weights, weightsTower } = parameterOf(context, operation);
  return {
    kernel: "conv_tile",
    fields: {
      input: weights,
      inputImage: BLOCK * panel * 4,
      inputRow: 0,
      inputColumn: panel * 4,
      output: layout.dxByInputs,
      outputImage: BLOCK * layout.paddedImages * 4,
      outputRow: 0,
      outputColumn: layout.paddedImages * 4,
      weights: layout.dyByImages,
      bias: layout.zeros,
      outerRuns: towers,
      outerStride: weightsTower,
      innerRuns: panels,
      innerStride: depth * panel * 4,
      runLength: panel,
      columns: rows,
      positionFrom: 0,
      positionTo: rows,
      panelFrom: 0,
      panelTo: Math.ceil(images.count / panel),
      channels: images.count,
      scratch: layout.forward.scratch + worker * layout.forward.scratchWorker,
      floor: -Infinity,
    },
  };
}

/** Rows [K][images] of dx to its place, tower by tower. */
function backSteps(
  context: TrainingContext,
  operation: FullyConnectedOperation,
  images: Images,
  [from, to]: Range,
): Step[] {
  const { layout } = context;
  const { depth } = parameterOf(context, operation);
  const dx = gradientOf(context, operation.input, images);
  const tower = depth / dx.towers;
  const row = layout.paddedImages * 4;
  return Array.from({ length: dx.towers }, (_, index): Step[] => {
    const [first, end] = [Math.max(from, index * tower), Math.min(to, (index + 1) * tower)];
    if (first >= end) return [];
    return [
      {
        kernel: "transpose",
        fields: {
          input: layout.dxByInputs + first * row,
          inputBlock: 0,
          inputRow: row,
          output: dx.offset + index * dx.place.tower + (first - index * tower) * 4,
          outputBlock: 0,
          outputRow: dx.place.image,
          rows: end - first,
          columns: images.count,
        },
      },
    ];
  }).flat();
}

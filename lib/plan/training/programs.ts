/**
 * Who does what in which order in a step of training: the filters' forms, the forward pass, the loss, the gradients from
 * the last operation back to the first with weights, and the update. Behind the loss the fully connected part takes the
 * whole batch; the convolutional part goes wave by wave, so that a wave's gradients stay in the caches.
 */
import type { Step } from "../../../workers/steps.js";
import type { Command } from "../commands.js";
import { reachOf, type Operation } from "../operations.js";
import { schedule, waves } from "../schedule.js";
import { convolutionGradients } from "./convolution-gradients.js";
import { filterSteps } from "./filter-steps.js";
import { fullyConnectedGradients } from "./fully-connected-gradients.js";
import { lossStage, stageOf } from "./graph.js";
import { mapGradients, rectifierGradients } from "./map-gradients.js";
import { finishWeightsGradients } from "./weights-gradients.js";
import { cutsWhole, gradientOf, ProgramWriter, type Images, type TrainingContext } from "./writer.js";

/** The commands of each worker for one step of training on `images` images. */
export function trainingPrograms(context: TrainingContext, images: number): Command[][] {
  const writer = new ProgramWriter(context.forward.threads);
  forwardPass(context, writer, images, true);
  lossSteps(context, writer, images, 1 / images);
  writer.meet();
  const whole: Images = { first: 0, count: images };
  for (const operation of backwards(context, "batch")) gradients(context, writer, operation, whole);
  const wave = backwards(context, "wave");
  if (wave.length > 0)
    for (const [first, to] of waves(context.forward, images)) {
      // a wave's gradients take the place of the last one's, which others may still read
      writer.meet();
      for (const operation of wave) gradients(context, writer, operation, { first, count: to - first });
    }
  writer.meet();
  finishWeightsGradients(context, writer);
  updateSteps(context, writer);
  return writer.programs;
}

/** The commands of each worker for the loss of `images` images in inference: nothing is dropped, nothing is learned. */
export function evaluationPrograms(context: TrainingContext, images: number): Command[][] {
  const writer = new ProgramWriter(context.forward.threads);
  forwardPass(context, writer, images, false);
  lossSteps(context, writer, images, 0);
  return writer.programs;
}

function forwardPass(
  context: TrainingContext,
  writer: ProgramWriter,
  images: number,
  training: boolean,
): void {
  filterSteps(context, writer, training);
  const { generator } = context.layout;
  writer.append(schedule({ ...context.forward, ...(training && { generator }) }, images, true));
  writer.meet();
}

/** Operations that gradients go through, the last first. */
function backwards({ graph: { forward, first } }: TrainingContext, scope: Operation["scope"]): Operation[] {
  return forward.operations
    .slice(first.index)
    .filter((operation) => operation.scope === scope)
    .reverse();
}

function gradients(
  context: TrainingContext,
  writer: ProgramWriter,
  operation: Operation,
  images: Images,
): void {
  if (meetsBefore(context, writer, operation, images)) writer.meet();
  switch (operation.kind) {
    case "convolution":
      if (operation.rectified) rectifierGradients(context, writer, operation, images);
      convolutionGradients(context, writer, operation, images);
      return;
    case "fully-connected":
      if (operation.rectified) rectifierGradients(context, writer, operation, images);
      fullyConnectedGradients(context, writer, operation, images);
      return;
    case "max-pooling":
    case "average-pooling":
    case "normalisation":
    case "activation":
    case "dropout":
      mapGradients(context, writer, operation, images);
      return;
    case "space-to-depth":
      throw new RangeError("the input has no gradient");
  }
}

/**
 * Whether dy comes from other workers: behind a fully connected layer, which cuts its dx by inputs; where maps are not cut
 * alike; and where an operation reads the other towers' dy.
 */
function meetsBefore(
  context: TrainingContext,
  { threads }: ProgramWriter,
  operation: Operation,
  images: Images,
): boolean {
  const { graph } = context;
  const { towers } = gradientOf(context, operation.output, images);
  const next = graph.forward.operations.at(operation.index + 1);
  const after = next && graph.forward.tensors[next.output].towers;
  if (next === undefined || next.kind === "fully-connected" || after !== towers) return true;
  if (operation.scope !== next.scope) return true;
  if (!cutsWhole(towers, images.count, threads)) return true;
  return (
    operation.kind === "normalisation" &&
    operation.layer.scope === "across" &&
    reachOf(operation.layer).before > 0
  );
}

function lossSteps(context: TrainingContext, writer: ProgramWriter, images: number, scale: number): void {
  const { graph, layout } = context;
  const last = graph.forward.tensors.length - 1;
  const x = layout.forward.placements[last];
  const dx = gradientOf(context, last, { first: 0, count: images });
  const { towers } = graph.forward.tensors[last];
  const stage = lossStage(graph.forward);
  const step: Step = {
    kernel: "softmax_loss",
    fields: {
      input: x.offset,
      inputImage: x.image,
      inputTower: x.tower,
      output: dx.offset,
      outputImage: dx.place.image,
      outputTower: dx.place.tower,
      towers,
      channels: x.channels,
      labels: layout.labels,
      losses: layout.losses,
      ranks: layout.ranks,
      scale,
    },
  };
  writer.cut({ towers: 1, images, panels: 1, rows: 1 }, ({ images: [from, to] }, worker) => {
    for (let image = from; image < to; image++) writer.add(worker, step, image, image, stage);
  });
}

/** Elements of a cache line: what workers update does not share one. */
const LINE = 16;

function updateSteps({ graph, layout }: TrainingContext, writer: ProgramWriter): void {
  writer.meet();
  for (const { operation, towers, weights, weightsTower, bias, biasTower, weightsRule, biasRule } of [
    ...layout.parameters.values(),
  ]) {
    const stage = stageOf(graph.forward, operation.index, "update");
    const update = (address: number, bytes: number, rule: number): void => {
      writer.cut(
        { towers: 1, images: bytes / 4 / LINE, panels: 1, rows: 1 },
        ({ images: [from, to] }, worker) => {
          const at = address + from * LINE * 4;
          const fields = {
            weights: at,
            velocity: at + layout.toVelocity,
            gradient: at + layout.toGradient,
            count: (to - from) * LINE,
            rule,
          };
          writer.add(worker, { kernel: "momentum_update", fields }, 0, 0, stage);
        },
      );
    };
    update(weights, towers * weightsTower, weightsRule);
    if (operation.layer.bias) update(bias, towers * biasTower, biasRule);
  }
}

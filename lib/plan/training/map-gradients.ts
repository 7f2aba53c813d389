/** The gradients of operations without weights, image by image: a worker takes whole maps of a tower. */
import type { Step } from "../../../workers/steps.js";
import { reachOf, type Operation } from "../operations.js";
import type { Slice } from "../partition.js";
import { drawsOf } from "../steps.js";
import { stageOf } from "./graph.js";
import {
  gradientOf,
  type Gradient,
  type Images,
  type ProgramWriter,
  type TrainingContext,
} from "./writer.js";

type Of<Kind extends Operation["kind"]> = Extract<Operation, { kind: Kind }>;
export type MapOperation = Of<"max-pooling" | "average-pooling" | "normalisation" | "activation" | "dropout">;

/** Where the tensors of an operation are for some images, tower by tower. */
interface Ends {
  readonly dy: Gradient;
  readonly dx: Gradient;
}

export function mapGradients(
  context: TrainingContext,
  writer: ProgramWriter,
  operation: MapOperation,
  images: Images,
): void {
  const ends = {
    dy: gradientOf(context, operation.output, images),
    dx: gradientOf(context, operation.input, images),
  };
  const stage = stageOf(context.graph.forward, operation.index, "input gradient");
  writer.cut({ towers: ends.dx.towers, images: images.count, panels: 1, rows: 1 }, (slice, worker) => {
    const step = stepOf(context, operation, ends, slice, worker);
    eachImage(writer, step, slice, worker, images, stage);
  });
}

/** dy of a layer with a ReLU in its store, where y is 0. */
export function rectifierGradients(
  context: TrainingContext,
  writer: ProgramWriter,
  operation: Operation,
  images: Images,
): void {
  const dy = gradientOf(context, operation.output, images);
  const stage = stageOf(context.graph.forward, operation.index, "input gradient");
  writer.cut({ towers: dy.towers, images: images.count, panels: 1, rows: 1 }, (slice, worker) => {
    eachImage(writer, rectifier(context, operation, dy, slice), slice, worker, images, stage);
  });
}

function eachImage(
  writer: ProgramWriter,
  step: Step,
  { images: [from, to] }: Slice,
  worker: number,
  { first }: Images,
  stage: number,
): void {
  for (let slot = from; slot < to; slot++) writer.add(worker, step, first + slot, slot, stage);
}

function stepOf(
  context: TrainingContext,
  operation: MapOperation,
  ends: Ends,
  slice: Slice,
  worker: number,
): Step {
  switch (operation.kind) {
    case "max-pooling":
      return {
        kernel: "max_pooling_gradient",
        fields: {
          ...inputFields(context, operation, slice.tower),
          ...windowFields(operation, ends, slice.tower),
        },
      };
    case "average-pooling":
      return averagePooling(operation, ends, slice.tower);
    case "normalisation":
      return normalisation(context, operation, ends, slice.tower, worker);
    case "activation":
      return rectifier(context, operation, ends.dy, slice);
    case "dropout":
      return dropout(context, operation, ends.dy, slice);
  }
}

/** Of a tower of x: the slot of an image is its number in the batch. */
function inputFields({ layout }: TrainingContext, { input }: Operation, tower: number) {
  const place = layout.forward.placements[input];
  return { input: place.offset + tower * place.tower, inputImage: place.image, inputRow: place.row };
}

function gradientFields({ dy, dx }: Ends, tower: number) {
  return {
    gradient: dy.offset + tower * dy.place.tower,
    gradientImage: dy.place.image,
    gradientRow: dy.place.row,
    output: dx.offset + tower * dx.place.tower,
    outputImage: dx.place.image,
    outputRow: dx.place.row,
  };
}

function windowFields({ layer, shaped }: Of<"max-pooling" | "average-pooling">, ends: Ends, tower: number) {
  return {
    ...gradientFields(ends, tower),
    channels: ends.dx.place.channels,
    inputRows: shaped.input[1],
    inputColumns: shaped.input[2],
    outputRows: shaped.output[1],
    outputColumns: shaped.output[2],
    kernelRows: layer.kernel[0],
    kernelColumns: layer.kernel[1],
    strideRows: layer.stride[0],
    strideColumns: layer.stride[1],
    paddingTop: layer.padding[0],
    paddingLeft: layer.padding[1],
  };
}

function averagePooling(operation: Of<"average-pooling">, ends: Ends, tower: number): Step {
  const { padding, countPadding } = operation.layer;
  const [countedTop, countedLeft, countedBottom, countedRight] = countPadding ? padding : [0, 0, 0, 0];
  return {
    kernel: "average_pooling_gradient",
    fields: {
      ...windowFields(operation, ends, tower),
      ...{ countedTop, countedLeft, countedBottom, countedRight },
    },
  };
}

function normalisation(
  context: TrainingContext,
  operation: Of<"normalisation">,
  ends: Ends,
  tower: number,
  worker: number,
): Step {
  const { layer, shaped } = operation;
  const { layout, graph } = context;
  const x = layout.forward.placements[operation.input];
  const { towers } = graph.forward.tensors[operation.input];
  const { before, after } = reachOf(layer);
  const crosses = layer.scope === "across";
  const below = (distance: number) =>
    crosses && tower > 0 ? (x.channels - before - after) * 4 - distance : 0;
  const above = (distance: number) => (crosses && tower < towers - 1 ? distance : 0);
  const { place: dy } = ends.dy;
  return {
    kernel: "normalisation_gradient",
    fields: {
      ...inputFields(context, operation, tower),
      ...gradientFields(ends, tower),
      channels: x.channels,
      columns: shaped.input[2],
      rowFrom: 0,
      rowTo: shaped.input[1],
      before,
      after,
      below: below(x.tower),
      above: above(x.tower),
      gradientBelow: below(dy.tower),
      gradientAbove: above(dy.tower),
      scratch: layout.forward.scratch + worker * layout.forward.scratchWorker,
      alpha: layer.alphaDividedBySize ? layer.alpha / layer.size : layer.alpha,
      beta: layer.beta,
      k: layer.k,
    },
  };
}

function rectifier(
  { layout, graph }: TrainingContext,
  { output }: Operation,
  dy: Gradient,
  { tower }: Slice,
): Step {
  const y = layout.forward.placements[output];
  const [, height, width] = graph.forward.tensors[output].shape;
  return {
    kernel: "rectifier_gradient",
    fields: {
      input: y.offset + tower * y.tower,
      inputImage: y.image,
      inputRow: y.row,
      gradient: dy.offset + tower * dy.place.tower,
      gradientImage: dy.place.image,
      gradientRow: dy.place.row,
      rowLength: y.channels * width,
      rowFrom: 0,
      rowTo: height,
    },
  };
}

/** In place. */
function dropout(
  { layout, graph }: TrainingContext,
  operation: Of<"dropout">,
  dy: Gradient,
  { tower }: Slice,
): Step {
  const source = graph.forward.tensors[operation.input];
  const [, height, width] = source.shape;
  const input = dy.offset + tower * dy.place.tower;
  const { image, row } = dy.place;
  return {
    kernel: "dropout",
    fields: {
      ...{ input, inputImage: image, inputRow: row, output: input, outputImage: image, outputRow: row },
      rowLength: dy.place.channels * width,
      rowFrom: 0,
      rowTo: height,
      ...drawsOf(operation, source, tower, layout.generator),
    },
  };
}

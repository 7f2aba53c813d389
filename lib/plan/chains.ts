/**
 * Operations that follow each other without a meeting: a worker goes through them image by image, or by as many images
 * as Winograd's blocks take together, so that it finds in its cache what it has just written.
 */
import type { Step } from "../../workers/steps.js";
import { slicesOf, type Command, type ScheduleContext } from "./commands.js";
import type { Operation } from "./operations.js";
import { pieces, type Range, type Slice } from "./partition.js";
import { stepFor } from "./steps.js";
import { blockingOf } from "./winograd-blocks.js";
import { PRODUCT_PLANES, winogradBlocks, type WinogradBlocks } from "./winograd-steps.js";

/** A chain for waves of one size: what each worker runs, slice by slice. */
export interface PreparedChain {
  /** By worker. */
  readonly slices: readonly (readonly PreparedSlice[])[];
  /** Tensors that nobody reads but who has written them, in the chain itself. */
  readonly inner: ReadonlySet<number>;
}

interface PreparedSlice {
  readonly images: Range;
  /** Images that go through the operations together. */
  readonly group: number;
  readonly parts: readonly ChainPart[];
}

/** An operation that takes image after image, or blocks of them. */
type ChainPart = { readonly operation: Operation } & (
  { readonly step: Step; readonly blocks?: undefined } | { readonly blocks: WinogradBlocks }
);

export function prepareChain(
  context: ScheduleContext,
  operations: readonly Operation[],
  images: number,
): PreparedChain {
  // the cut is the same for every operation of a chain of several; one alone may be cut inside an image
  const cuts = operations.map((operation) => slicesOf(context, operation, images));
  const group = Math.max(...operations.map((operation) => blockImages(context, operation)));
  const slices = cuts[0].map((own, worker) =>
    own.map((slice, index) => ({
      images: slice.images,
      group,
      parts: operations.map((operation, at) => prepare(context, operation, cuts[at][worker][index], worker)),
    })),
  );
  return { slices, inner: new Set(operations.slice(0, -1).map(({ output }) => output)) };
}

const blockImages = ({ wave }: ScheduleContext, operation: Operation): number =>
  operation.kind === "convolution" && operation.winograd ? blockingOf(operation.winograd, wave).images : 1;

function prepare(context: ScheduleContext, operation: Operation, slice: Slice, worker: number): ChainPart {
  if (operation.kind === "convolution" && operation.winograd)
    return { operation, blocks: winogradBlocks(context, operation, operation.winograd, slice, worker) };
  return { operation, step: stepFor(context, operation, slice, worker) };
}

/** From a tensor and an image of the wave to the slot where the image's values are. */
type Slot = (tensor: number, image: number) => number;

/** @param first the wave's first image; @param keep see schedule */
export function runChain(
  { graph, wave }: ScheduleContext,
  programs: Command[][],
  { slices, inner }: PreparedChain,
  first: number,
  keep: boolean,
): void {
  slices.forEach((own, worker) => {
    for (const slice of own)
      for (const images of pieces(slice.images, slice.group)) {
        const slot: Slot = (tensor, image) => {
          if (graph.tensors[tensor].slots === "batch") return first + image;
          // a batch of one wave's size keeps every image's values, so smaller waves go to the end of a whole one's slots
          const shared = inner.has(tensor) && !keep;
          return (first % wave) + (shared ? slice.images[0] - images[0] : 0) + image;
        };
        for (const part of slice.parts)
          if (part.blocks) runBlocks(programs[worker], part.operation, part.blocks, images, slot);
          else runImages(programs[worker], part.operation, part.step, images, slot);
      }
  });
}

function runImages(
  program: Command[],
  { index: operation, input, output }: Operation,
  step: Step,
  [from, to]: Range,
  slot: Slot,
): void {
  for (let image = from; image < to; image++)
    program.push({ step, inputImage: slot(input, image), outputImage: slot(output, image), operation });
}

function runBlocks(
  program: Command[],
  { index: operation, input, output }: Operation,
  blocks: WinogradBlocks,
  all: Range,
  slot: Slot,
): void {
  for (const { images, input: transform, multiply, output: transformBack } of blocks(all)) {
    const [from, to] = images;
    for (let image = from; image < to; image++)
      program.push({
        step: transform,
        inputImage: slot(input, image),
        outputImage: image - from,
        operation,
      });
    for (const plane of PRODUCT_PLANES)
      program.push({ step: multiply, inputImage: plane, outputImage: plane, operation });
    for (let image = from; image < to; image++)
      program.push({
        step: transformBack,
        inputImage: image - from,
        outputImage: slot(output, image),
        operation,
      });
  }
}

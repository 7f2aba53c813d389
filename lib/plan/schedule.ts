/**
 * Who does what in which order, for a batch of a given size. Images go through the convolutional part in waves whose
 * tensors stay in the caches; inside a wave, operations that a worker can do on its own outputs follow each other
 * image by image, and the workers meet where one reads what another has written. Then the fully connected part
 * takes the whole batch at once.
 */
import type { Step } from "../../workers/steps.js";
import type { Operation } from "./operations.js";
import { batchSteps } from "./fully-connected-steps.js";
import { partition, type Range, type Slice } from "./partition.js";
import { extentOf, stepFor, type StepContext } from "./steps.js";
import { PRODUCT_PLANES, winogradBlocks, type WinogradBlock } from "./winograd-steps.js";

export interface StepCommand {
  readonly step: Step;
  readonly inputImage: number;
  readonly outputImage: number;
  readonly operation: number;
}

export type Command = StepCommand | "barrier";

export interface ScheduleContext extends StepContext {
  readonly threads: number;
}

/** The commands of each worker for a batch of `images` images. */
export function schedule(context: ScheduleContext, images: number): Command[][] {
  const { threads } = context;
  const programs: Command[][] = Array.from({ length: threads }, () => []);
  const meet = () => {
    if (threads > 1 && programs.some((program) => program.length > 0))
      programs.forEach((program) => program.push("barrier"));
  };
  const waveOperations = context.graph.operations.filter((operation) => operation.scope === "wave");
  const chainsBySize = new Map<number, PreparedChain[]>();
  for (const [from, to] of waveOperations.length > 0 ? waves(context, images) : []) {
    const size = to - from;
    const chains =
      chainsBySize.get(size) ??
      chainsOf(context, waveOperations, size).map((chain) => prepareChain(context, chain, size));
    chainsBySize.set(size, chains);
    for (const chain of chains) {
      // also before a wave's first chain: the others may still read the slots that it fills
      meet();
      runChain(context, programs, chain, from);
    }
  }
  for (const operation of context.graph.operations) {
    if (operation.scope === "wave") continue;
    meet();
    slicesOf(context, operation, images).forEach((slices, worker) => {
      for (const slice of slices)
        for (const { step, panel } of batchSteps(context, operation, slice, worker, images))
          programs[worker].push({ step, inputImage: panel, outputImage: 0, operation: operation.index });
    });
  }
  return programs;
}

/** What each worker computes of an operation. */
export const slicesOf = (context: ScheduleContext, operation: Operation, images: number): Slice[][] =>
  partition(extentOf(context, operation, images), context.threads);

/** The batch in waves: as many whole ones as there are, then a smaller one that the workers share evenly, then the rest. */
export function waves(
  { graph, threads, wave }: ScheduleContext,
  images: number,
): [from: number, to: number][] {
  const even = evenImages(graph.towers, threads);
  const result: [number, number][] = [];
  for (let from = 0; from < images;) {
    const left = images - from;
    const size = Math.min(wave, left < even ? left : left - (left % even));
    result.push([from, from + size]);
    from += size;
  }
  return result;
}

/** The fewest images whose towers the workers can share without cutting a map. */
export function evenImages(towers: number, threads: number): number {
  let [a, b] = [towers, threads];
  while (b > 0) [a, b] = [b, a % b];
  return threads / a;
}

/** Operations that follow each other without a meeting, in order. */
export function chainsOf(
  context: ScheduleContext,
  operations: readonly Operation[],
  images: number,
): Operation[][] {
  const chains: Operation[][] = [];
  operations.forEach((operation, index) => {
    if (index > 0 && staysWithin(context, operations[index - 1], operation, images))
      chains[chains.length - 1].push(operation);
    else chains.push([operation]);
  });
  return chains;
}

/** Whether every worker reads only what itself has written: whole maps of the same towers and images. */
function staysWithin(
  context: ScheduleContext,
  previous: Operation,
  next: Operation,
  images: number,
): boolean {
  const { towers } = context.graph.tensors[previous.output];
  const same = context.graph.tensors[next.output].towers === towers;
  const whole = (towers * images) % context.threads === 0;
  return same && whole && !crossesTowers(context, next);
}

/** Whether an operation that makes one tower reads the other's part of its input. */
export function crossesTowers({ graph }: Pick<ScheduleContext, "graph">, operation: Operation): boolean {
  if (graph.tensors[operation.input].towers === 1) return false;
  switch (operation.kind) {
    case "convolution":
      return operation.layer.groups === 1;
    case "fully-connected":
      return true;
    case "normalisation":
      return operation.layer.scope === "across";
    case "space-to-depth":
    case "max-pooling":
    case "activation":
      return false;
  }
}

/** A chain for waves of one size: what each worker runs, slice by slice. */
interface PreparedChain {
  /** By worker. */
  readonly slices: readonly (readonly PreparedSlice[])[];
}

interface PreparedSlice {
  readonly images: Range;
  readonly parts: readonly ChainPart[];
}

/** Operations that go image by image together, or one that takes images in blocks. */
type ChainPart =
  | {
      readonly kind: "images";
      readonly operations: readonly { readonly operation: Operation; readonly step: Step }[];
    }
  | { readonly kind: "blocks"; readonly operation: Operation; readonly blocks: readonly WinogradBlock[] };

function prepareChain(
  context: ScheduleContext,
  operations: readonly Operation[],
  images: number,
): PreparedChain {
  // the cut is the same for every operation of a chain of several; one alone may be cut inside an image
  const cuts = operations.map((operation) => slicesOf(context, operation, images));
  const slices = cuts[0].map((own, worker) =>
    own.map((slice, index) => {
      const parts: ChainPart[] = [];
      operations.forEach((operation, at) => {
        const part = prepare(context, operation, cuts[at][worker][index], worker);
        const end = parts.length - 1;
        const last = parts[Math.max(end, 0)];
        if (end >= 0 && part.kind === "images" && last.kind === "images")
          parts[end] = { kind: "images", operations: [...last.operations, ...part.operations] };
        else parts.push(part);
      });
      return { images: slice.images, parts };
    }),
  );
  return { slices };
}

function prepare(context: ScheduleContext, operation: Operation, slice: Slice, worker: number): ChainPart {
  if (operation.kind === "convolution" && operation.winograd)
    return {
      kind: "blocks",
      operation,
      blocks: winogradBlocks(context, operation, operation.winograd, slice, worker),
    };
  return {
    kind: "images",
    operations: [{ operation, step: stepFor(context, operation, slice, worker) }],
  };
}

function runChain(
  context: ScheduleContext,
  programs: Command[][],
  chain: PreparedChain,
  first: number,
): void {
  // the smaller waves behind the whole ones share their slots: a batch of one wave's size keeps every image's values
  const slot = (tensor: number, image: number) =>
    image + (context.graph.tensors[tensor].slots === "wave" ? first % context.wave : first);
  chain.slices.forEach((slices, worker) => {
    const program = programs[worker];
    for (const { images, parts } of slices)
      for (const part of parts)
        if (part.kind === "blocks") runBlocks(program, part.operation, part.blocks, slot);
        else
          for (let image = images[0]; image < images[1]; image++)
            for (const { operation, step } of part.operations)
              program.push({
                step,
                inputImage: slot(operation.input, image),
                outputImage: slot(operation.output, image),
                operation: operation.index,
              });
  });
}

function runBlocks(
  program: Command[],
  { index: operation, input, output }: Operation,
  blocks: readonly WinogradBlock[],
  slot: (tensor: number, image: number) => number,
): void {
  for (const block of blocks) {
    const [from, to] = block.images;
    for (let image = from; image < to; image++)
      program.push({
        step: block.input,
        inputImage: slot(input, image),
        outputImage: image - from,
        operation,
      });
    for (const plane of PRODUCT_PLANES)
      program.push({ step: block.multiply, inputImage: plane, outputImage: plane, operation });
    for (let image = from; image < to; image++)
      program.push({
        step: block.output,
        inputImage: image - from,
        outputImage: slot(output, image),
        operation,
      });
  }
}

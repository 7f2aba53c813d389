/**
 * Who does what in which order, for a batch of a given size. Images go through the convolutional part in waves whose
 * tensors stay in the caches; inside a wave, operations that a worker can do on its own outputs follow each other
 * image by image, and the workers meet where one reads what another has written. Then the fully connected part
 * takes the whole batch at once.
 */
import type { Operation } from "./operations.js";
import { batchSteps } from "./fully-connected-steps.js";
import { slicesOf, type Command, type ScheduleContext } from "./commands.js";
import { prepareChain, runChain, type PreparedChain } from "./chains.js";

/**
 * The commands of each worker for a batch of `images` images. With `keep`, what every operation gives of every image
 * is there afterwards, if the batch is one wave; without, values that only one worker needs share their place.
 */
export function schedule(context: ScheduleContext, images: number, keep: boolean): Command[][] {
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
      runChain(context, programs, chain, from, keep);
    }
  }
  for (const operation of context.graph.operations) {
    if (operation.scope === "wave") continue;
    meet();
    slicesOf(context, operation, images).forEach((slices, worker) => {
      for (const slice of slices)
        for (const { step, index } of batchSteps(context, operation, slice, worker, images))
          programs[worker].push({
            step,
            inputImage: index,
            outputImage: operation.kind === "dropout" ? index : 0,
            operation: operation.index,
          });
    });
  }
  return programs;
}

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
    case "average-pooling":
    case "activation":
    case "dropout":
      return false;
  }
}

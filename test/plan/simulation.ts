/**
 * Walks the commands of all workers as a checker: which word of the memory does each step read and write, derived
 * from the step's fields alone, and is that allowed? Between two barriers the workers run in any order, so nobody may
 * read what another writes, or write what another reads or writes. Each word of a tensor carries the image that it
 * belongs to from the input to the output.
 */
import type { Operation } from "../../lib/plan/operations.js";
import type { Plan } from "../../lib/plan/plan.js";
import type { Command, StepCommand } from "../../lib/plan/commands.js";
import { elementsOf } from "../../lib/network/shapes.js";
import { touch, type Touch } from "./touch.js";

/** What a word holds; 0 and above: a value of this image. */
const UNWRITTEN = -1;
const PADDING = -2;
const PARAMETER = -3;
const FOREIGN = -4;
/** The value of a window that lies in the padding whole: the same for every image. */
const CONSTANT = -5;
const NAMES = new Map([
  [UNWRITTEN, "unwritten"],
  [PADDING, "padding"],
  [PARAMETER, "a parameter"],
  [FOREIGN, "no tensor's"],
]);

/** Whose transforms lie in a word, instead of a tensor's number. */
const TRANSFORMS = -1;
/** A worker's room for a panel of weights. */
const EXPANDED = -2;
/** Nothing that is watched; below it, each region of parameters has a number of its own. */
const NONE = -3;
/** A phase's number and a worker's in one stamp; this worker stands for several. */
const WORKERS = 128;
const SEVERAL = WORKERS - 1;

/** @throws Error for the first thing that is not allowed. */
export function simulate(plan: Plan, programs: readonly (readonly Command[])[], images: number): void {
  new Simulation(plan, images).run(programs);
}

class Simulation {
  readonly #contents: Int16Array;
  /** The tensor that a word belongs to, padding and all, or one of the numbers below 0. */
  readonly #tensors: Int16Array;
  readonly #writers: Int32Array;
  readonly #readers: Int32Array;
  /** What lies in each worker's room for a panel: from where it comes, and how many words it has become. */
  readonly #expanded = new Map<number, { readonly from: number; readonly count: number }>();
  /** Words written, by operation. */
  readonly #written: number[];
  #phase = 0;

  constructor(
    readonly plan: Plan,
    readonly images: number,
  ) {
    const words = plan.memory.bytes / 4;
    this.#contents = new Int16Array(words).fill(FOREIGN);
    this.#tensors = new Int16Array(words).fill(NONE);
    this.#writers = new Int32Array(words).fill(-1);
    this.#readers = new Int32Array(words).fill(-1);
    this.#written = plan.graph.operations.map(() => 0);
    this.#layOut();
  }

  run(programs: readonly (readonly Command[])[]): void {
    const phases = programs.map(phasesOf);
    const counts = phases.map(({ length }) => length);
    if (new Set(counts).size > 1)
      throw new Error(`the workers meet ${counts.map((count) => count - 1).join(", ")} times`);
    for (; this.#phase < counts[0]; this.#phase++)
      phases.forEach((segments, worker) => {
        for (const command of segments[this.#phase]) this.#step(command, worker);
      });
    this.#finish();
  }

  #layOut(): void {
    const { memory, graph } = this.plan;
    memory.regions.forEach(({ kind, offset, bytes }, region) => {
      if (kind === "weights" || kind === "bias") {
        this.#contents.fill(PARAMETER, offset / 4, (offset + bytes) / 4);
        this.#tensors.fill(NONE - 1 - region, offset / 4, (offset + bytes) / 4);
      } else if (kind === "expanded") this.#tensors.fill(EXPANDED, offset / 4, (offset + bytes) / 4);
      else if (kind === "transforms") {
        this.#contents.fill(UNWRITTEN, offset / 4, (offset + bytes) / 4);
        this.#tensors.fill(TRANSFORMS, offset / 4, (offset + bytes) / 4);
      }
    });
    for (const { id, padding, towers, blockSize } of graph.tensors) {
      const { offset, row, column, tower, image, slots } = memory.placements[id];
      const inside = blockSize === 1 ? padding[0] * row + padding[1] * column : 0;
      const first = (offset - inside) / 4;
      // the planes of the input lie in each other's images
      for (let index = 0; index < (id === 0 ? 1 : towers); index++) {
        const from = first + (index * tower) / 4;
        this.#contents.fill(PADDING, from, from + (image * slots) / 4);
        this.#tensors.fill(id, from, from + (image * slots) / 4);
      }
      this.#fill(id, slots, () => UNWRITTEN);
    }
    this.#fill(0, this.images, (slot) => slot);
  }

  /** Sets what the elements of a tensor's first slots hold. */
  #fill(tensor: number, slots: number, content: (slot: number) => number): void {
    this.#each(tensor, slots, (word, slot) => {
      this.#contents[word] = content(slot);
    });
  }

  #each(tensor: number, slots: number, visit: (word: number, slot: number) => void): void {
    const place = this.plan.memory.placements[tensor];
    const { shape, towers, blockSize, padding } = this.plan.graph.tensors[tensor];
    const [top, left] = blockSize === 1 ? [0, 0] : padding;
    const channels = place.channels / blockSize ** 2;
    for (let slot = 0; slot < slots; slot++)
      for (let tower = 0; tower < towers; tower++)
        for (let y = top; y < top + shape[1]; y++)
          for (let x = left; x < left + shape[2]; x++) {
            const block = Math.floor(y / blockSize) * place.row + Math.floor(x / blockSize) * place.column;
            const pixel = (y % blockSize) * blockSize + (x % blockSize);
            const from =
              (place.offset + slot * place.image + tower * place.tower + block) / 4 + pixel * channels;
            for (let word = from; word < from + channels; word++) visit(word, slot);
          }
  }

  #step(command: StepCommand, worker: number): void {
    const operation = this.plan.graph.operations[command.operation];
    const what = `phase ${this.#phase}, worker ${worker}, ${command.step.kernel} of ${operation.layer.name}`;
    const { tile, memory } = this.plan;
    const mine: Scratch = {
      from: memory.scratch + worker * memory.scratchWorker,
      bytes: memory.scratchWorker,
    };
    try {
      touch(command, tile, {
        scratch: (address, bytes) => {
          if (address !== mine.from || bytes > mine.bytes)
            throw new Error(`its scratch is ${bytes} bytes at ${address}, not ${mine.bytes} at ${mine.from}`);
        },
        parameters: (run) => {
          this.#parameters(run);
        },
        flag: (address) => {
          if (address !== memory.notFinite) throw new Error(`sets the word at ${address}, which is no flag`);
        },
        weights: (weights, bias) => {
          this.#parameters(bias);
          if (this.#tensors[weights.address / 4] !== EXPANDED) this.#parameters(weights);
          else this.#expandedWeights(weights, bias, operation, worker);
        },
        expansion: (from, to) => {
          this.#expand(from, to, worker);
        },
        product: (row, sums) => {
          this.#write(sums, this.#windows(row), operation, worker);
        },
        output: (reads, writes) => {
          const image = this.#read(reads, operation, worker);
          for (const run of writes) this.#write(run, image, operation, worker);
        },
      });
    } catch (error) {
      throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  #parameters({ address, count }: Touch): void {
    const [first, last] = [address / 4, address / 4 + count - 1];
    for (const word of [first, last])
      if (this.#contents[word] !== PARAMETER) throw new Error(`it reads byte ${4 * word} as a parameter`);
    if (this.#tensors[first] !== this.#tensors[last])
      throw new Error(`it reads the parameters from byte ${address} to ${4 * last}, of several regions`);
  }

  #expand(from: Touch, to: Touch, worker: number): void {
    this.#parameters(from);
    const { expanded, expandedWorker } = this.plan.memory;
    if (to.address !== expanded + worker * expandedWorker || 4 * to.count > expandedWorker)
      throw new Error(`it expands ${to.count} weights to byte ${to.address}, which is not its room`);
    this.#expanded.set(worker, { from: from.address, count: to.count });
  }

  #expandedWeights({ address, count }: Touch, bias: Touch, operation: Operation, worker: number): void {
    const { memory, tile } = this.plan;
    const held = this.#expanded.get(worker);
    const packed = memory.packed.get(operation.index);
    if (address !== memory.expanded + worker * memory.expandedWorker || packed === undefined)
      throw new Error(`it reads weights from byte ${address}, which is not its room`);
    if (held?.count !== count)
      throw new Error(`it reads ${count} expanded weights of ${held?.count ?? "no"}`);
    const [weights, biases] = [held.from - packed.weights, bias.address - packed.bias];
    const panelBytes = 2 * packed.depth * tile.panel;
    const same =
      Math.floor(weights / packed.weightsTower) === Math.floor(biases / packed.biasTower) &&
      (weights % packed.weightsTower) / panelBytes === (biases % packed.biasTower) / (4 * tile.panel);
    if (!same)
      throw new Error(`it takes the weights at byte ${held.from} for the bias at byte ${bias.address}`);
  }

  /** The image that all the words read belong to, or CONSTANT. */
  #read(runs: Iterable<Touch>, { input }: Operation, worker: number): number {
    let image = CONSTANT;
    const stamp = this.#phase * WORKERS + worker;
    for (const { address, count } of runs)
      for (let word = address / 4; word < address / 4 + count; word++) {
        const content = this.#contents[word];
        if (this.#tensors[word] !== input && this.#tensors[word] !== TRANSFORMS)
          throw new Error(`it reads byte ${4 * word}, which is not its input's`);
        if (content === PADDING) continue;
        if (content < 0 && content !== CONSTANT)
          throw new Error(`it reads byte ${4 * word}, which is ${NAMES.get(content)}`);
        if (image >= 0 && content >= 0 && image !== content)
          throw new Error(`it reads images ${image} and ${content}`);
        image = Math.max(image, content);
        const writer = this.#writers[word];
        if (writer >= this.#phase * WORKERS && writer !== stamp)
          throw new Error(`it reads byte ${4 * word}, which worker ${writer % WORKERS} writes in this phase`);
        const reader = this.#readers[word];
        const others = reader >= this.#phase * WORKERS && reader !== stamp;
        this.#readers[word] = others ? this.#phase * WORKERS + SEVERAL : stamp;
      }
    return image;
  }

  /** The image of a row of windows; UNWRITTEN for what lies behind the last one, old and mixed as it may be. */
  #windows({ address, count }: Touch): number {
    const words = Array.from({ length: count }, (_, index) => address / 4 + index);
    const outside = words.find((word) => this.#tensors[word] !== TRANSFORMS);
    if (outside !== undefined) throw new Error(`it reads byte ${4 * outside}, which is no window's`);
    const images = new Set(words.map((word) => this.#contents[word]).filter((image) => image !== CONSTANT));
    if (images.size === 0) return CONSTANT;
    const [image] = images;
    return images.size === 1 ? image : UNWRITTEN;
  }

  #write({ address, count }: Touch, image: number, operation: Operation, worker: number): void {
    const stamp = this.#phase * WORKERS + worker;
    for (let word = address / 4; word < address / 4 + count; word++) {
      const tensor = this.#tensors[word];
      if (tensor !== operation.output && tensor !== TRANSFORMS)
        throw new Error(`it writes byte ${4 * word}, which is not its output's`);
      if (this.#contents[word] === PADDING) throw new Error(`it writes byte ${4 * word}, which is padding`);
      const [writer, reader] = [this.#writers[word], this.#readers[word]];
      if (writer >= this.#phase * WORKERS && writer !== stamp)
        throw new Error(`it writes byte ${4 * word}, which worker ${writer % WORKERS} writes in this phase`);
      if (image >= 0 && this.#contents[word] === image && tensor !== TRANSFORMS)
        throw new Error(`it writes byte ${4 * word} of image ${image} twice`);
      if (reader >= this.#phase * WORKERS && reader !== stamp)
        throw new Error(`it writes byte ${4 * word}, which another worker reads in this phase`);
      this.#writers[word] = stamp;
      this.#contents[word] = image;
      if (tensor !== TRANSFORMS) this.#written[operation.index]++;
    }
  }

  /** No word was written twice for an image, so these counts say that every element was written once an image. */
  #finish(): void {
    const { graph } = this.plan;
    for (const { index, output, layer } of graph.operations) {
      const wanted = this.images * elementsOf(graph.tensors[output].shape);
      if (this.#written[index] !== wanted)
        throw new Error(`${layer.name}: ${this.#written[index]} elements are written, it has ${wanted}`);
    }
    this.#each(graph.tensors.length - 1, this.images, (word, slot) => {
      if (this.#contents[word] !== slot && this.#contents[word] !== CONSTANT)
        throw new Error(`the output of image ${slot} is that of image ${this.#contents[word]}`);
    });
  }
}

interface Scratch {
  readonly from: number;
  readonly bytes: number;
}

/** The steps between the barriers. */
function phasesOf(program: readonly Command[]): StepCommand[][] {
  const phases: StepCommand[][] = [[]];
  for (const command of program)
    if (command === "barrier") phases.push([]);
    else phases[phases.length - 1].push(command);
  return phases;
}

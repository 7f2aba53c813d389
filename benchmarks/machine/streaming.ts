/** How fast workers read shared memory that no cache of a core holds: about what one image's weights are. */
import { Piscina } from "piscina";
import { alternate } from "../rounds.js";
import { machineModule } from "./modules.js";
import type { StreamingAnswer, StreamingSetup, StreamingTask } from "./streaming-worker.js";

export interface Streaming {
  readonly workers: number;
  readonly bytes: number;
  /** Milliseconds of one pass over the bytes, by round. */
  readonly times: readonly number[];
}

interface Size {
  readonly bytes: number;
  /** Over the bytes in a round: it must be long beside the way of a task to its worker. */
  readonly passes: number;
  readonly rounds: number;
}

const FULL: Size = { bytes: 256e6, passes: 4, rounds: 9 };
const QUICK: Size = { bytes: 4e6, passes: 1, rounds: 2 };

/** What the module reads at a time. */
const BLOCK = 128;

/**
 * One worker and all of them, taking turns; each of several reads a part of its own.
 * @throws Error where what they read is not what was written.
 */
export async function measureStreaming(threads: number, quick: boolean): Promise<Streaming[]> {
  const module = await machineModule("streaming");
  if (module === undefined) return [];
  const { bytes, passes, rounds } = quick ? QUICK : FULL;
  const pages = Math.ceil(bytes / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  const checksum = fill(new Uint32Array(memory.buffer, 0, bytes / 4));
  const pool = new Piscina<StreamingTask, StreamingAnswer>({
    filename: new URL("streaming-worker.js", import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    workerData: { module, memory } satisfies StreamingSetup,
  });
  const read = async (workers: number): Promise<number> => {
    const answers = await Promise.all(partsOf(bytes, workers).map((part) => pool.run({ ...part, passes })));
    const found = answers.reduce((all, answer) => all ^ answer.checksum, 0);
    if (found !== checksum) throw new Error(`${workers} workers read ${found}, ${checksum} was written`);
    const start = Math.min(...answers.map((answer) => answer.start));
    const end = Math.max(...answers.map((answer) => answer.end));
    return (end - start) / passes;
  };
  try {
    const contestants = [...new Set([1, threads])].map((workers) => ({
      workers,
      name: String(workers),
      kind: String(workers),
      measure: () => read(workers),
    }));
    // V8's best code, and every page in its place
    for (const { measure } of contestants) for (let run = 0; run < (quick ? 1 : 4); run++) await measure();
    const times = await alternate(contestants, rounds);
    return contestants.map(({ workers }, index) => ({ workers, bytes, times: times[index] }));
  } finally {
    await pool.destroy();
  }
}

/** Writes all words, since memory that was never written is one page of zeros; gives their exclusive or. */
function fill(words: Uint32Array): number {
  let checksum = 0;
  for (let at = 0; at < words.length; at++) {
    const word = Math.imul(at + 1, 0x9e3779b9);
    words[at] = word;
    checksum ^= word;
  }
  return checksum;
}

/** [0, bytes) in `count` parts of whole blocks. */
function partsOf(bytes: number, count: number): { readonly from: number; readonly to: number }[] {
  const border = (part: number) => Math.floor((bytes * part) / (count * BLOCK)) * BLOCK;
  return Array.from({ length: count }, (_, part) => ({ from: border(part), to: border(part + 1) }));
}

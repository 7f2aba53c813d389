/** What a meeting of workers costs that come at the same time. */
import { WorkerPool } from "../../lib/engine/pool.js";
import { BARRIER_BYTES } from "../../workers/barrier.js";
import { BARRIER, COMMAND_WORDS } from "../../workers/protocol.js";
import { spreadOf } from "../statistics.js";

/** Milliseconds, the median of several programs that only meet. */
export async function measureMeeting(threads: number, quick: boolean): Promise<number> {
  if (threads === 1) return 0;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const barrier = 65536 - BARRIER_BYTES;
  const control = { barrier, threads, spin: true };
  const pool = new WorkerPool({ kernels: "reference", memory, control });
  const meetings = quick ? 100 : 20_000;
  const program = new Int32Array(meetings * COMMAND_WORDS);
  for (let at = 0; at < program.length; at += COMMAND_WORDS) program[at] = BARRIER;
  const programs = Array.from({ length: threads }, () => program);
  try {
    const times: number[] = [];
    for (let run = 0; run < (quick ? 2 : 7); run++) {
      const start = performance.now();
      await pool.run(programs, false);
      times.push((performance.now() - start) / meetings);
    }
    return spreadOf(times).median;
  } finally {
    await pool.close();
  }
}

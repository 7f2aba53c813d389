/** A program that ends workers while they load, and says when it is through: loading.test.ts runs it. */
import { setTimeout as pause } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { WorkerPool } from "../../lib/engine/pool.js";
import { Random } from "../random.js";

const random = new Random(Number(process.argv[2]));
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const control = { barrier: 32768, threads: 3, spin: false };
const threads: Worker[] = [];
process.on("worker", (thread) => threads.push(thread));
for (let round = 0; round < 150; round++) {
  const pool = new WorkerPool({ kernels: "reference", memory, control });
  await pause(random.integer(10, 70));
  for (const thread of threads.splice(0)) void thread.terminate();
  await pool.close();
}
process.stdout.write("through\n");

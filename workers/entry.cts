/**
 * The Piscina entry: what loads the worker proper. Piscina requires the file that it is given, and Node 20 aborts the
 * whole process where a thread is terminated while it requires an ES module; importing one survives that.
 */
import type { BatchAnswer, BatchTask } from "./protocol.js" with { "resolution-mode": "import" };

const worker = import("./worker.js");

export = async (task: BatchTask): Promise<BatchAnswer> => (await worker).default(task);

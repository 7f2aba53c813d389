/** What a worker is told to do, one command after another, and how an operation is cut for that. */
import type { Step } from "../../workers/steps.js";
import type { Operation } from "./operations.js";
import { partition, type Slice } from "./partition.js";
import { extentOf, type StepContext } from "./steps.js";

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

/** What each worker computes of an operation. */
export const slicesOf = (context: ScheduleContext, operation: Operation, images: number): Slice[][] =>
  partition(extentOf(context, operation, images), context.threads);

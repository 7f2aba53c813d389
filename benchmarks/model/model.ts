/**
 * What more cores would give, reckoned from the plan for them and from times of one worker here. It takes every core to
 * be like this one, with caches of its own, and memory to be read as fast as here by all of them together: so it shows
 * what the plan's cuts, meetings and bytes cost, not what another machine does.
 */
import type { WorkerTimes } from "../../lib/engine/times.js";
import { slicesOf } from "../../lib/plan/commands.js";
import type { Operation } from "../../lib/plan/operations.js";
import { unitsOf } from "../../lib/plan/partition.js";
import { programsOf, type Plan } from "../../lib/plan/plan.js";
import { waves } from "../../lib/plan/schedule.js";

/** What was measured here. */
export interface Measured {
  /** Of a batch on one worker. */
  readonly one: WorkerTimes;
  /** Milliseconds beside the workers' own: copying the input, the tasks' way there and back. */
  readonly serial: number;
  /** Milliseconds of a meeting that nobody is late for. */
  readonly meeting: number;
  /** GB/s that all cores read together. */
  readonly bandwidth: number;
}

export interface Prediction {
  readonly threads: number;
  /** Milliseconds of a batch that the worker with the most to do computes. */
  readonly computing: number;
  readonly meetings: number;
  /** Milliseconds of all meetings. */
  readonly meeting: number;
  /** Milliseconds for reading the weights of a batch from memory. */
  readonly reading: number;
  readonly serial: number;
  readonly total: number;
  /** The largest of them. */
  readonly binds: "computing" | "meetings" | "reading weights" | "serial part";
}

export function predict(
  plan: Plan,
  images: number,
  { one, serial, meeting, bandwidth }: Measured,
): Prediction {
  const milliseconds = new Map(one.operations);
  const computing = plan.graph.operations.reduce(
    (sum, operation) =>
      sum + (milliseconds.get(operation.index) ?? 0) * largestShare(plan, operation, images),
    0,
  );
  const meetings = programsOf(plan, images)[0].filter((command) => command === "barrier").length;
  const reading = weightBytes(plan, images) / bandwidth / 1e6;
  const meetingTime = meetings * meeting;
  const parts = { computing, meetings: meetingTime, "reading weights": reading, "serial part": serial };
  const [[binds]] = Object.entries(parts).sort(([, a], [, b]) => b - a) as [Prediction["binds"], number][];
  return {
    threads: plan.threads,
    computing,
    meetings,
    meeting: meetingTime,
    reading,
    serial,
    // reading goes on while others compute, or holds everybody up
    total: Math.max(computing + meetingTime, reading) + serial,
    binds,
  };
}

/** Of an operation's outputs in a batch, what the worker with the most of them has, wave by wave. */
function largestShare(plan: Plan, operation: Operation, images: number): number {
  const sizes = operation.scope === "wave" ? waves(plan, images).map(([from, to]) => to - from) : [images];
  let most = 0;
  let all = 0;
  for (const size of sizes) {
    const units = slicesOf(plan, operation, size).map((slices) =>
      slices.reduce((sum, slice) => sum + unitsOf(slice), 0),
    );
    most += Math.max(...units);
    all += units.reduce((sum, count) => sum + count, 0);
  }
  return most / all;
}

/** Fully connected weights are read once a batch, those of convolutions once a wave, by whoever computes with them. */
function weightBytes(plan: Plan, images: number): number {
  const count = waves(plan, images).length;
  const bytesOf = new Map<string, number>();
  for (const { kind, name, bytes } of plan.memory.regions)
    if (kind === "weights") {
      const [layer] = name.split(", tower");
      bytesOf.set(layer, (bytesOf.get(layer) ?? 0) + bytes);
    }
  return plan.graph.operations.reduce((sum, { scope, layer }) => {
    const bytes = bytesOf.get(layer.name) ?? 0;
    return sum + bytes * (scope === "wave" ? count : 1);
  }, 0);
}

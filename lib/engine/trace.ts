/** What happened when, for whoever wants to draw it. */
import { WAITING } from "../../workers/protocol.js";
import type { Plan } from "../plan/plan.js";
import type { Times } from "./times.js";

/** Where something happens, one thing after another: a worker, the main thread, one of the decodings at work. */
export interface TraceLane {
  readonly kind: "worker" | "main" | "decoder";
  readonly index: number;
}

export interface TraceSpan {
  readonly lane: TraceLane;
  /** A layer, "barrier", "input" where the main thread writes a batch's input, or the path of an image. */
  readonly name: string;
  /** Begin and end, in milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/** Gets spans when they are over, those of a batch together. What it throws is thrown by the call that runs the batch. */
export type Trace = (spans: readonly TraceSpan[]) => void;

export const MAIN: TraceLane = { kind: "main", index: 0 };

/** Milliseconds since 1970, with fractions. */
export const traceNow = (): number => performance.timeOrigin + performance.now();

export const spansOfWorkers = ({ graph }: Plan, times: Times): TraceSpan[] =>
  times.flatMap(({ spans }, index) =>
    spans.map(({ operation, from, to }) => ({
      lane: { kind: "worker", index },
      name: operation === WAITING ? "barrier" : graph.operations[operation].layer.name,
      from,
      to,
    })),
  );

/** Runs `work` on the main thread and tells it. */
export function traced<T>(trace: Trace | undefined, name: string, work: () => T): T {
  if (trace === undefined) return work();
  const from = traceNow();
  const result = work();
  trace([{ lane: MAIN, name, from, to: traceNow() }]);
  return result;
}

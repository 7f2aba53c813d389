/** What the workers of a batch did when. */
import { SPAN_WORDS, WAITING, type BatchSpans } from "../../workers/protocol.js";

/** A stretch of time that a worker spent in an operation of the plan, or at a barrier: WAITING. */
export interface Span {
  readonly operation: number;
  /** Begin and end, in milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

export interface WorkerTimes {
  readonly spans: readonly Span[];
  /** Milliseconds of each operation, all its spans together. */
  readonly operations: readonly (readonly [operation: number, milliseconds: number])[];
  /** Milliseconds at barriers. */
  readonly waiting: number;
}

/** By worker. */
export type Times = readonly WorkerTimes[];

export function timesOf(words: BatchSpans): WorkerTimes {
  const spans: Span[] = [];
  const sums = new Map<number, number>();
  for (let at = 0; at < words.length; at += SPAN_WORDS) {
    const [operation, from, to] = words.subarray(at, at + SPAN_WORDS);
    spans.push({ operation, from, to });
    sums.set(operation, (sums.get(operation) ?? 0) + to - from);
  }
  const waiting = sums.get(WAITING) ?? 0;
  sums.delete(WAITING);
  return { spans, operations: [...sums], waiting };
}

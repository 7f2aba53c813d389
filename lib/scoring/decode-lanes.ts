/** The decodings at work as lanes of a trace: each takes the first one that is free. */
import { traceNow, type Trace } from "../engine/trace.js";

export class DecodeLanes {
  readonly #trace: Trace | undefined;
  readonly #taken = new Set<number>();

  constructor(trace: Trace | undefined) {
    this.#trace = trace;
  }

  async run<T>(name: string, decode: () => Promise<T>): Promise<T> {
    if (this.#trace === undefined) return decode();
    let index = 0;
    while (this.#taken.has(index)) index++;
    this.#taken.add(index);
    const from = traceNow();
    try {
      return await decode();
    } finally {
      this.#taken.delete(index);
      this.#trace([{ lane: { kind: "decoder", index }, name, from, to: traceNow() }]);
    }
  }
}

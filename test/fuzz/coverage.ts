/** What a run executed: V8's own counts of blocks, by way of Node's inspector. */
import { Session } from "node:inspector/promises";

/** Counts that are told apart: once, twice, a few times, often. */
const bucketOf = (count: number): number => Math.min(8, Math.ceil(Math.log2(count + 1)));

export class Coverage {
  readonly #session = new Session();
  readonly #wanted: (url: string) => boolean;
  readonly #seen = new Set<string>();

  private constructor(wanted: (url: string) => boolean) {
    this.#wanted = wanted;
  }

  /** @param wanted whether the blocks of the module at `url` count */
  static async start(wanted: (url: string) => boolean): Promise<Coverage> {
    const coverage = new Coverage(wanted);
    coverage.#session.connect();
    await coverage.#session.post("Profiler.enable");
    await coverage.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    return coverage;
  }

  /** Blocks known so far, each as often as it was told apart. */
  get size(): number {
    return this.#seen.size;
  }

  /** Whether, since the last call, a block ran that never had, or clearly more often than it ever had. */
  async grew(): Promise<boolean> {
    const before = this.#seen.size;
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    for (const { url, functions } of result.filter((script) => this.#wanted(script.url)))
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges)
          if (count > 0) this.#seen.add(`${url} ${startOffset} ${endOffset} ${bucketOf(count)}`);
    return this.#seen.size > before;
  }
}

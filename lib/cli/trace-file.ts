/** A trace as Chrome's trace events, which Perfetto and chrome://tracing open: a lane for each worker and decoder. */
import type { Trace, TraceLane, TraceSpan } from "../engine/trace.js";
import { WholeFile } from "./whole-file.js";

/** The lanes from top to bottom, and the category of what happens there. */
const KINDS: readonly TraceLane["kind"][] = ["worker", "main", "decoder"];
/** More lanes of a kind than there ever are. */
const MOST = 1000;
/** Characters that are gathered before they are written. */
const CHUNK = 1 << 16;

export class TraceFile {
  readonly #file: WholeFile;
  readonly #towers: boolean;
  readonly #lanes = new Set<number>();
  #text = '{"displayTimeUnit":"ms","traceEvents":[';
  #separator = "\n";
  #written: Promise<void> = Promise.resolve();

  private constructor(file: WholeFile, towers: boolean) {
    this.#file = file;
    this.#towers = towers;
  }

  /**
   * @param towers whether each worker is a tower of the network
   * @throws AlexNetError OUTPUT_INVALID, as `close`.
   */
  static async create(path: string, towers: boolean): Promise<TraceFile> {
    return new TraceFile(await WholeFile.create(path), towers);
  }

  /** For an engine's `trace`. What cannot be written is thrown by `close`. */
  readonly trace: Trace = (spans) => {
    for (const span of spans) this.#add(span);
    if (this.#text.length >= CHUNK) this.#flush();
  };

  /** Lets the file appear. */
  async close(): Promise<void> {
    try {
      this.#text += "\n]}\n";
      this.#flush();
      await this.#written;
      await this.#file.close();
      await this.#file.publish();
    } catch (error) {
      await this.#file.discard();
      throw error;
    }
  }

  #add({ lane, name, from, to }: TraceSpan): void {
    const tid = KINDS.indexOf(lane.kind) * MOST + lane.index;
    if (!this.#lanes.has(tid)) {
      this.#lanes.add(tid);
      this.#event({ ph: "M", pid: 1, tid, name: "thread_name", args: { name: this.#labelOf(lane) } });
      this.#event({ ph: "M", pid: 1, tid, name: "thread_sort_index", args: { sort_index: tid } });
    }
    // microseconds; a trace begins where its first event does, whatever the number
    this.#event({ ph: "X", pid: 1, tid, name, cat: lane.kind, ts: 1000 * from, dur: 1000 * (to - from) });
  }

  #labelOf({ kind, index }: TraceLane): string {
    if (kind === "main") return "main thread";
    return kind === "worker" && this.#towers ? `worker ${index}, tower ${index}` : `${kind} ${index}`;
  }

  #event(event: object): void {
    this.#text += this.#separator + JSON.stringify(event);
    this.#separator = ",\n";
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    this.#written = this.#written.then(() => this.#file.write(bytes));
    // thrown by close: until then, a rejected promise would count as unhandled
    this.#written.catch(() => undefined);
  }
}

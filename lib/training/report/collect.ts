/** What a report is made of: everything in the folder of a run that says something of it. */
import { AlexNetError, reasonOf } from "../../errors/base.js";
import { kernelsPng } from "../../pictures/kernels.js";
import { matrixPicture } from "../../pictures/matrix.js";
import type { Picture } from "../../pictures/picture.js";
import { loadWeights } from "../../weights/index.js";
import { loadCheckpoint, type Checkpoint } from "../checkpoint/load.js";
import { readMetrics, type MetricsRow } from "../metrics/rows.js";
import { isThere, runFiles, type RunFiles } from "../run-folder.js";
import { readConfusion, type Confusion } from "./confusion.js";
import { curvesOf, type Curve } from "./curves.js";

export interface Report {
  readonly rows: readonly MetricsRow[];
  readonly curves: readonly Curve[];
  /** Missing where there is none that can be read, which a note says then. */
  readonly checkpoint: Checkpoint | undefined;
  /** Of the first convolution, and whose they are. */
  readonly kernels: { readonly png: Buffer; readonly of: string } | undefined;
  readonly confusion: { readonly confusion: Confusion; readonly picture: Picture } | undefined;
  /** What is not in it, and why. */
  readonly notes: readonly string[];
}

/** Pixels of a kernel's longer side, at least. */
const KERNEL_SIDE = 40;

/** @throws AlexNetError RUN_INVALID where there are no metrics, or where they or the confusion matrix are damaged. */
export async function collect(folder: string): Promise<Report> {
  const files = runFiles(folder);
  const rows = (await readMetrics(files.metrics)).map(({ row }) => row);
  const notes: string[] = [];
  /** What is good to have, but no report fails for want of it. */
  const orNote = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AlexNetError)) throw error;
      notes.push(reasonOf(error));
      return undefined;
    }
  };
  const checkpoint = await orNote(() => loadCheckpoint(folder));
  const confusion = await readConfusion(files.confusion);
  return {
    rows,
    curves: curvesOf(rows),
    checkpoint,
    kernels: await orNote(() => kernelsOf(files)),
    confusion: confusion && { confusion, picture: await confusionPicture(confusion) },
    notes,
  };
}

async function kernelsOf({ best, checkpoint }: RunFiles): Promise<Report["kernels"]> {
  const [path, of] = (await isThere(best)) ? [best, "the best weights"] : [checkpoint, "the last weights"];
  if (!(await isThere(path))) return undefined;
  return { png: await kernelsPng(await loadWeights(path), { side: KERNEL_SIDE }), of };
}

function confusionPicture({ classes, matrix, top1, top5 }: Confusion): Promise<Picture> {
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  return matrixPicture({
    title: `Confusion matrix; top-1 ${percent(top1)}${top5 === null ? "" : `, top-5 ${percent(top5)}`}`,
    names: classes,
    labels: ["true class", "taken for"],
    counts: matrix,
  });
}

/** What a run has come to, as a page and pictures. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runErrors } from "../../errors/training.js";
import { pngOf } from "../../pictures/png.js";
import { runFiles } from "../run-folder.js";
import { collect } from "./collect.js";
import { pageOf } from "./page.js";

/**
 * Writes DIR/report/index.html, which needs nothing else, and its pictures as PNG beside it, in light colours and without
 * fonts. Gives the page's path.
 * @throws AlexNetError RUN_INVALID where DIR has no metrics, where a file of it is damaged, or where nothing can be written.
 */
export async function writeReport(folder: string): Promise<string> {
  const report = await collect(folder);
  const { report: target } = runFiles(folder);
  const pictures: [name: string, png: Buffer][] = [];
  for (const { name, picture } of report.curves) pictures.push([name, await pngOf(picture)]);
  if (report.kernels) pictures.push(["filters", report.kernels.png]);
  if (report.confusion) pictures.push(["confusion", await pngOf(report.confusion.picture)]);
  const page = join(target, "index.html");
  try {
    await mkdir(target, { recursive: true });
    for (const [name, png] of pictures) await writeFile(join(target, `${name}.png`), png);
    await writeFile(page, pageOf(report));
  } catch (cause) {
    throw runErrors.reportUnwritable(target, cause);
  }
  return page;
}

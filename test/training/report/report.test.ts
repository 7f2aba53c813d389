import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import sharp from "sharp";
import { PREPROCESSING } from "../../../lib/network/preprocessing.js";
import { saveCheckpoint } from "../../../lib/training/checkpoint/save.js";
import { lineOf, type EpochRow, type StepRow } from "../../../lib/training/metrics/rows.js";
import { writeReport } from "../../../lib/training/report/report.js";
import { runFiles } from "../../../lib/training/run-folder.js";
import { saveWeights } from "../../../lib/weights/index.js";
import { alexnet } from "../../cli/command.js";
import { seededWeights } from "../../seeded-weights.js";
import { expectError, inFolder } from "../../weights/helpers/files.js";
import { constantState, labels, network } from "../checkpoint/states.js";

const STEPS = 10;
const stepRow = (step: number): StepRow => ({
  ...{ kind: "step", step, epoch: Math.floor((step - 1) / STEPS) },
  ...{ loss: 3 / step, top1: step / 100, top5: step / 50, rate: 0.1, imagesPerSecond: 10, seconds: step },
});
const epochRow = (epoch: number): EpochRow => ({
  ...{ kind: "epoch", step: (epoch + 1) * STEPS, epoch },
  training: { loss: 2 / (epoch + 1), top1: 0.2 + epoch / 10, top5: 0.5 },
  validation: { loss: 2.5 / (epoch + 1), top1: epoch === 1 ? 0.4567 : 0.3, top5: 0.6 },
  ...{ rate: 0.1, imagesPerSecond: 1234.5, seconds: 3661 * (epoch + 1) },
});

const metrics = [0, 1, 2]
  .flatMap((epoch) => [
    ...Array.from({ length: STEPS }, (_, at) => stepRow(epoch * STEPS + at + 1)),
    epochRow(epoch),
  ])
  .map(lineOf)
  .join("");

const CLASSES = ["cat", "<script>alert(1)</script>", "dog"];
const confusion = {
  classes: CLASSES,
  matrix: [
    [8, 2, 0],
    [5, 5, 0],
    [0, 0, 0],
  ],
  top1: 0.65,
  top5: null,
  images: 20,
  loss: 0.75,
};

/** A run with everything that there can be. */
async function makeRun(folder: string): Promise<void> {
  const files = runFiles(folder);
  await writeFile(files.metrics, metrics);
  await saveCheckpoint(folder, constantState(30, 1, 1));
  await saveWeights(files.best, { ...seededWeights(network), preprocessing: PREPROCESSING.torchvision });
  await writeFile(files.confusion, JSON.stringify(confusion));
}

const PICTURES = ["confusion.png", "filters.png", "loss.png", "rate.png", "top1.png", "top5.png"];

const textOf = (html: string): string =>
  html
    .replace(/<style>.*?<\/style>/gs, "")
    .replace(/<svg.*?<\/svg>/gs, "")
    .replace(/<[^>]*>/g, "\n")
    .replace(/\n+/g, "\n");

describe("alexnet report", () => {
  it("writes a page with every figure in it, and each as a PNG", () =>
    inFolder(async (folder) => {
      await makeRun(folder);
      const { code, stdout, stderr } = await alexnet(["report", folder]);
      const page = join(folder, "report", "index.html");
      expect([code, stdout, stderr]).to.deep.equal([0, `${page}\n`, ""]);
      expect(await readdir(join(folder, "report"))).to.have.members(["index.html", ...PICTURES]);
      const html = await readFile(page, "utf8");
      const titles = [...html.matchAll(/<svg [^>]*aria-label="([^"]*)"/g)].map(([, title]) => title);
      expect(titles).to.deep.equal([
        "Loss; best validation 0.833 after epoch 3",
        "Top-1 accuracy; best validation 45.67 % after epoch 2",
        "Top-5 accuracy; best validation 60.00 % after epoch 1",
        "Learning rate",
        "Confusion matrix; top-1 65.00 %",
      ]);
      for (const name of PICTURES) expect(html).to.include(`href="${name}"`);
      const filters = await readFile(join(folder, "report", "filters.png"));
      expect(html).to.include(`src="data:image/png;base64,${filters.toString("base64")}"`);
    }));

  it("writes pictures that are legible, on white, twice as fine as they are large", () =>
    inFolder(async (folder) => {
      await makeRun(folder);
      await writeReport(folder);
      for (const name of PICTURES) {
        const image = sharp(join(folder, "report", name)).removeAlpha();
        const { width, height } = await image.metadata();
        if (["loss.png", "top1.png", "top5.png", "rate.png"].includes(name))
          expect([width, height], name).to.deep.equal([1600, 800]);
        const { data } = await image.raw().toBuffer({ resolveWithObject: true });
        const dark = data.reduce((count, value) => count + (value < 128 ? 1 : 0), 0) / data.length;
        expect(dark, `${name}: share of dark`).to.be.within(0.002, 0.6);
        expect([...data.subarray(0, 3)], name).to.deep.equal([255, 255, 255]);
      }
      // 8 kernels of 3 x 3, each 14 times as large, which is 42 of at least 40 pixels
      const { width, height } = await sharp(join(folder, "report", "filters.png")).metadata();
      expect([width, height]).to.deep.equal([8 * (42 + 4) + 4, 42 + 8]);
    }));

  it("writes a page that needs nothing else, whatever the classes are called", () =>
    inFolder(async (folder) => {
      await makeRun(folder);
      const html = await readFile(await writeReport(folder), "utf8");
      expect(html).to.not.match(/<script|<link|@import|url\((?!#)/);
      const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
      for (const address of addresses) expect(address).to.match(/^(data:image\/png;base64,|[a-z0-9]+\.png$)/);
      const names = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
      expect(new Set(names).size).to.equal(names.length);
      for (const [, id] of html.matchAll(/url\(#([^)]*)\)/g)) expect(names).to.include(id);
    }));

  it("tells the run in words", () =>
    inFolder(async (folder) => {
      await makeRun(folder);
      const text = textOf(await readFile(await writeReport(folder), "utf8"));
      for (const told of [
        "\nTraining of small\n",
        "\nrecipe\noriginal, batches of 128, rate 0.01\n",
        "\nimages\n50,000 for training, 5,000 for validation, of 14 classes\n",
        "\nepochs\n3 of 90\nsteps\n30\ntime\n3:03:03, 1,235 images/s in the last epoch\n",
        "\nbest validation\ntop-1 45.67 %, top-5 60.00 %, loss 1.2500, after epoch 2\n",
        "\nlast validation\ntop-1 30.00 %, top-5 60.00 %, loss 0.8333, after epoch 3\n",
        "\nseed\n9007199254740991\n",
        "kernels baseline, Node ",
        // the mistakes, the most frequent ones first
        "\n&lt;script&gt;alert(1)&lt;/script&gt;\ncat\n5\n50.0 %\ncat\n&lt;script&gt;alert(1)&lt;/script&gt;\n2\n20.0 %\n",
        "\n20 images, loss 0.7500. A row a class.",
        "\ncat\n10\n80.0 %\n",
        "\ndog\n0\n-\n",
        "\n2\n20\n0.1\n1.0000\n30.00 %\n50.00 %\n1.2500\n45.67 %\n60.00 %\n1,235\n2:02:02\n",
      ])
        expect(text).to.include(told);
    }));

  it("is made of metrics alone, too, and says what is missing", () =>
    inFolder(async (folder) => {
      const { metrics: path, checkpoint } = runFiles(folder);
      // torn, as of a run that goes on
      await writeFile(path, `${metrics}{"kind":`);
      const html = await readFile(await writeReport(folder), "utf8");
      expect(await readdir(join(folder, "report"))).to.have.members(
        ["index.html", ...PICTURES].filter((name) => !["confusion.png", "filters.png"].includes(name)),
      );
      const text = textOf(html);
      expect(text).to.include("\nTraining of a network\n").and.include("\nepochs\n3\n");
      expect(text).to.include(
        `\n${checkpoint}: there is no checkpoint; give the folder of a run with --resume`,
      );
    }));

  it("draws the last weights where there are no best ones, and says why it draws none", () =>
    inFolder(async (folder) => {
      await makeRun(folder);
      const { best } = runFiles(folder);
      await rm(best);
      const html = await readFile(await writeReport(folder), "utf8");
      expect(textOf(html)).to.include("kernels by the last weights");
      await writeFile(best, "damaged");
      const text = textOf(await readFile(await writeReport(folder), "utf8"));
      expect(text).to.include(`\n${best}: starts with bytes 64616d61676564, no format that is read;`);
    }));

  it("says that there are no rows yet", () =>
    inFolder(async (folder) => {
      await writeFile(runFiles(folder).metrics, "");
      const html = await readFile(await writeReport(folder), "utf8");
      expect(textOf(html)).to.include("\nThere are no rows of metrics yet.\n").and.include("\nsteps\n0\n");
    }));

  it("refuses a folder without metrics, and a confusion matrix that is none", () =>
    inFolder(async (folder) => {
      const files = runFiles(folder);
      const { code, stderr } = await alexnet(["report", folder]);
      expect(code).to.equal(3);
      expect(stderr.replace(files.metrics, "FILE")).to.match(
        /^alexnet: FILE: the metrics cannot be read \(ENOENT: [^\n]*\); give the folder of a run\n$/,
      );
      await writeFile(files.metrics, metrics);
      const next = "remove it, or write it again with alexnet eval";
      const REFUSED: [content: string, text: string | RegExp][] = [
        ["{", new RegExp(`^FILE: the confusion matrix cannot be read \\(.*\\); ${next}$`)],
        ["[]", `FILE: the whole of the confusion matrix is []; it must be an object; ${next}`],
        [
          JSON.stringify({
            ...confusion,
            matrix: [
              [1, 2],
              [3, 4],
            ],
          }),
          `FILE: matrix of the confusion matrix is [[1,2],[3,4]]; it must be 3 rows of 3 numbers, as there are classes; ${next}`,
        ],
        [
          JSON.stringify({ ...confusion, top1: 2 }),
          `FILE: top1 of the confusion matrix is 2; it must be a number from 0 to 1; ${next}`,
        ],
        [
          JSON.stringify({ ...confusion, labels }),
          `FILE: labels of the confusion matrix is unknown; known are classes, matrix, top1, top5, images, loss; ${next}`,
        ],
      ];
      for (const [content, text] of REFUSED) {
        await writeFile(files.confusion, content);
        await expectError(writeReport(folder), "RUN_INVALID", text, files.confusion);
      }
      await rm(files.confusion);
      await writeFile(files.report, "");
      await expectError(
        writeReport(folder),
        "RUN_INVALID",
        /^FILE: the report cannot be written \(EEXIST: .*\); check the folder, its permissions and its free space$/,
        files.report,
      );
      await rm(files.report);
      await mkdir(join(files.report, "index.html"), { recursive: true });
      await expectError(writeReport(folder), "RUN_INVALID", /the report cannot be written \(EISDIR: /);
    }));
});

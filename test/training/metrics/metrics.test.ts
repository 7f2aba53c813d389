import { appendFile, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { MetricsFile } from "../../../lib/training/metrics/file.js";
import {
  lineOf,
  readMetrics,
  type EpochRow,
  type MetricsRow,
  type StepRow,
} from "../../../lib/training/metrics/rows.js";
import { expectError, inFolder } from "../../weights/helpers/files.js";

const WRITING = fileURLToPath(new URL("writing.js", import.meta.url));
const STEPS_PER_EPOCH = 4;
const EPOCHS = 3;

const stepRow = (step: number, seconds: number): StepRow => ({
  ...{ kind: "step", step, epoch: Math.floor((step - 1) / STEPS_PER_EPOCH) },
  ...{ loss: 1 / step, top1: 0.5, top5: null, rate: 0.01, imagesPerSecond: 7 / seconds, seconds },
});
const epochRow = (epoch: number, seconds: number): EpochRow => ({
  ...{ kind: "epoch", step: (epoch + 1) * STEPS_PER_EPOCH, epoch },
  training: { loss: 1 / (epoch + 1), top1: 0.1 + 0.2, top5: 1 },
  validation: epoch === 0 ? null : { loss: 2, top1: 1 / 3, top5: 1e-9 },
  ...{ rate: 0.01, imagesPerSecond: 7 / seconds, seconds },
});

/** Where a run may be resumed, and how much of the file is on the disk at least when its checkpoint is. */
interface Point {
  readonly step: number;
  readonly epoch: number;
  readonly bytes: number;
}

/**
 * Goes through a run from a point on: a row for every other step, one for every epoch, and a point after each. Times differ
 * from run to run.
 */
async function go(path: string, from: Point | undefined, pace: number): Promise<Point[]> {
  const file = await MetricsFile.open(path, from);
  const points: Point[] = [];
  let seconds = 0;
  let { step, epoch } = from ?? { step: 0, epoch: 0 };
  const take = async () => {
    await file.flush();
    points.push({ step, epoch, bytes: (await readFile(path)).length });
  };
  while (epoch < EPOCHS) {
    while (step < (epoch + 1) * STEPS_PER_EPOCH) {
      step++;
      seconds += pace;
      if (step % 2 === 0) await file.write(stepRow(step, seconds));
      await take();
    }
    await file.write(epochRow(epoch, seconds));
    epoch++;
    await take();
  }
  await file.close();
  return points;
}

const withoutTimes = async (path: string): Promise<object[]> =>
  (await readMetrics(path)).map(({ row }) => ({ ...row, imagesPerSecond: 0, seconds: 0 }));

describe("metrics", () => {
  it("are rows that read back as they were written", () =>
    inFolder(async (folder) => {
      const path = join(folder, "m");
      const rows: MetricsRow[] = [stepRow(1, 0.1), stepRow(2, 1e6), epochRow(0, 2), epochRow(1, 3)];
      const file = await MetricsFile.open(path);
      for (const row of rows) await file.write(row);
      await file.close();
      const read = await readMetrics(path);
      expect(read.map(({ row }) => row)).to.deep.equal(rows);
      const bytes = await readFile(path);
      expect(bytes.toString()).to.equal(rows.map(lineOf).join(""));
      expect(read.map(({ end }) => bytes.toString("utf8", 0, end).split("\n").length - 1)).to.deep.equal([
        1, 2, 3, 4,
      ]);
    }));

  it("keep that a loss is no number", () =>
    inFolder(async (folder) => {
      const path = join(folder, "m");
      await writeFile(
        path,
        lineOf({ ...stepRow(1, 1), loss: NaN }) + lineOf({ ...stepRow(2, 1), loss: Infinity }),
      );
      expect((await readMetrics(path)).map(({ row }) => row.kind === "step" && row.loss)).to.deep.equal([
        null,
        null,
      ]);
    }));

  it("of a run that was killed and resumed are those of one that was not, but for times", () =>
    inFolder(async (folder) => {
      const whole = join(folder, "whole");
      const points = await go(whole, undefined, 1);
      const bytes = await readFile(whole);
      const expected = await withoutTimes(whole);
      expect(expected.length).to.equal((EPOCHS * STEPS_PER_EPOCH) / 2 + EPOCHS);
      let resumed = 0;
      for (const point of points)
        // killed with any number of bytes written behind the checkpoint
        for (let length = point.bytes; length <= bytes.length; length += 61) {
          const path = join(folder, "resumed");
          await writeFile(path, bytes);
          await truncate(path, length);
          await go(path, point, 3);
          expect(await withoutTimes(path), `from step ${point.step}, ${length} bytes`).to.deep.equal(
            expected,
          );
          resumed++;
        }
      expect(resumed).to.be.above(80);
    }));

  it("of a run begin anew where the file is gone", () =>
    inFolder(async (folder) => {
      const path = join(folder, "m");
      await go(path, { step: 11, epoch: 2, bytes: 0 }, 1);
      expect(await withoutTimes(path)).to.deep.equal(
        [stepRow(12, 1), epochRow(2, 1)].map((row) => ({ ...row, imagesPerSecond: 0, seconds: 0 })),
      );
    }));

  it("never write over a file that is there", () =>
    inFolder(async (folder) => {
      const path = join(folder, "m");
      await writeFile(path, "mine");
      await expectError(
        MetricsFile.open(path),
        "RUN_INVALID",
        /^FILE: the metrics cannot be written \(EEXIST: .*\); check the folder, its permissions and its free space, and go on with --resume$/,
        path,
      );
      expect(await readFile(path, "utf8")).to.equal("mine");
    }));

  const REFUSED: [line: string, text: string | RegExp][] = [
    ["{", /^FILE: line 2 of the metrics is not JSON \(.*\); it must be a row; repair or remove the line$/],
    ["3", "FILE: line 2 of the metrics is 3; it must be an object; repair or remove the line"],
    [
      '{"kind":"steps"}',
      'FILE: line 2.kind of the metrics is "steps"; it must be one of "step", "epoch"; repair or remove the line',
    ],
    [
      lineOf({ ...stepRow(1, 1), top1: 1.5 }).trim(),
      "FILE: line 2.top1 of the metrics is 1.5; it must be a number from 0 to 1; repair or remove the line",
    ],
    [
      JSON.stringify({ ...epochRow(1, 1), training: null }),
      "FILE: line 2.training of the metrics is null; it must be an object; repair or remove the line",
    ],
    [
      JSON.stringify({ ...epochRow(1, 1), mood: 1 }),
      "FILE: line 2.mood of the metrics is unknown; known are kind, step, epoch, training, validation, rate," +
        " imagesPerSecond, seconds; repair or remove the line",
    ],
  ];
  for (const [line, text] of REFUSED)
    it(`refuse ${line.slice(0, 60)} as a row, and leave the file as it is`, () =>
      inFolder(async (folder) => {
        const path = join(folder, "m");
        const content = `${lineOf(stepRow(1, 1))}${line}\n${lineOf(stepRow(3, 1))}`;
        await writeFile(path, content);
        await expectError(readMetrics(path), "RUN_INVALID", text, path);
        await expectError(MetricsFile.open(path, { step: 1, epoch: 0 }), "RUN_INVALID", text, path);
        expect(await readFile(path, "utf8")).to.equal(content);
      }));

  it("say why they cannot be read or written", () =>
    inFolder(async (folder) => {
      const none = join(folder, "none");
      await expectError(
        readMetrics(none),
        "RUN_INVALID",
        /^FILE: the metrics cannot be read \(ENOENT: .*\); give the folder of a run$/,
        none,
      );
      const taken = join(folder, "taken");
      await mkdir(taken);
      await expectError(
        MetricsFile.open(taken, { step: 0, epoch: 0 }),
        "RUN_INVALID",
        /^FILE: the metrics cannot be written \(EISDIR: .*\); check/,
        taken,
      );
    }));

  // a full disk, as a process sees it: node ignores SIGXFSZ, so a write past the limit fails
  const itLimits = existsSync("/bin/bash") ? it : undefined;
  itLimits?.("say once and again that the disk is full, and keep what was written", () =>
    inFolder(async (folder) => {
      const path = join(folder, "m");
      const command = 'ulimit -f 1; exec "$0" "$@"';
      const child = spawn("/bin/bash", ["-c", command, process.execPath, WRITING, path]);
      const [told] = await Promise.all([text(child.stdout), once(child, "close")]);
      const [written, ...errors] = told.trim().split("\n");
      expect(errors.length).to.equal(2);
      for (const error of errors)
        expect(error.replace(path, "FILE")).to.match(
          /^FILE: the metrics cannot be written \(EFBIG: .*\); check the folder, its permissions and its free space, and go on/,
        );
      const rows = await readMetrics(path);
      expect(rows.length).to.equal(Number(written)).and.to.be.above(1);
    }),
  );

  it("end before a torn line", () =>
    inFolder(async (folder) => {
      const path = join(folder, "m");
      await writeFile(path, lineOf(stepRow(1, 1)));
      await appendFile(path, lineOf(stepRow(2, 1)).slice(0, 30));
      expect((await readMetrics(path)).length).to.equal(1);
    }));
});

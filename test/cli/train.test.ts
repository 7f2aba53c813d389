/** `train`, `eval` and `report` as a user runs them, on pictures in folders. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import sharp from "sharp";
import { loadCheckpoint } from "../../lib/training/checkpoint/load.js";
import { runFiles } from "../../lib/training/run-folder.js";
import { loadWeights } from "../../lib/weights/index.js";
import { Random } from "../random.js";
import { network, recipe } from "../training/small-run.js";
import { readAll } from "../weights/helpers/files.js";
import { alexnet, linesOf, MAIN, start, type Ended } from "./command.js";

const SIDE = 12;
const CLASSES = ["blue", "green", "red"];
const STEPS = 24 / 8;
/** So many that a run that is killed in its second one has not ended meanwhile. */
const EPOCHS = "60";

describe("alexnet train, eval and report", () => {
  let folder: string;
  let common: readonly string[];
  /** A run that nothing happened to. */
  let whole: string;
  let wholeEnded: Ended;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "alexnet-train-"));
    await writePictures(join(folder, "data", "train"), 8, 1);
    await writePictures(join(folder, "data", "val"), 2, 2);
    const files = { network: join(folder, "network.json"), recipe: join(folder, "recipe.json") };
    await writeFile(files.network, JSON.stringify(network));
    await writeFile(files.recipe, JSON.stringify({ ...recipe, batch: 8 }));
    common = ["train", join(folder, "data"), "--model", files.network, "--recipe", files.recipe];
    common = [
      ...common,
      "--seed",
      "5",
      "--threads",
      "2",
      "--convolutions",
      "direct",
      "--kernels",
      "baseline",
    ];
    whole = join(folder, "whole");
    wholeEnded = await alexnet([...common, "--epochs", EPOCHS, "--out", whole]);
  });
  after(() => rm(folder, { recursive: true }));

  it("trains, says what of, and leaves the best weights", async () => {
    const { code, stdout, stderr } = wholeEnded;
    expect(code, stderr).to.equal(0);
    expect(stdout).to.equal(`${join(whole, "best.safetensors")}\n`);
    const [head, ...epochs] = linesOf(stderr);
    expect(head).to.match(
      new RegExp(
        `^small, recipe small: ${EPOCHS} epochs of ${STEPS} steps; 2 threads, kernels baseline, \\d+ MB$`,
      ),
    );
    expect(epochs).to.have.lengthOf(Number(EPOCHS));
    epochs.forEach((line, index) => {
      expect(line).to.include(`epoch ${index + 1}`);
    });
    for (const file of ["checkpoint.safetensors", "best.safetensors", "metrics.ndjson"])
      expect((await stat(join(whole, file))).size, file).to.be.above(0);
  });

  it("tells how right they are, as text and as JSON, and shows it as a page", async () => {
    const weights = ["--weights", join(whole, "best.safetensors"), "--threads", "2"];
    const out = join(whole, "confusion.json");
    const json = await alexnet(["eval", join(folder, "data"), ...weights, "--json", "--out", out]);
    expect(json.code, json.stderr).to.equal(0);
    const found = JSON.parse(json.stdout) as { classes: string[]; images: number; matrix: number[][] };
    expect(found).to.deep.include({ classes: CLASSES, images: 6 });
    expect(found.matrix.map((row) => row.reduce((sum, count) => sum + count, 0))).to.deep.equal([2, 2, 2]);
    expect(await readFile(out, "utf8")).to.equal(json.stdout);
    const table = await alexnet(["eval", join(folder, "data"), ...weights]);
    expect(linesOf(table.stdout)[0]).to.match(/^.*data.*: 6 images {2}top-1 \d+\.\d\d % {2}loss \d+\.\d{4}$/);
    const report = await alexnet(["report", whole]);
    expect(report.code, report.stderr).to.equal(0);
    const page = join(whole, "report", "index.html");
    expect(report.stdout).to.equal(`${page}\n`);
    expect(await readFile(page, "utf8")).to.include("green");
  });

  it("refuses to write over a run, and two folders for one", async () => {
    const again = await alexnet([...common, "--out", whole]);
    expect([again.code, again.stdout]).to.deep.equal([3, ""]);
    expect(again.stderr).to.include(whole);
    const both = await alexnet([...common, "--out", whole, "--resume", whole]);
    expect([both.code, both.stdout]).to.deep.equal([2, ""]);
    expect(both.stderr).to.include("--resume");
  });

  // a full disk, as a process sees it: node ignores SIGXFSZ, so a write past the limit fails
  const itLimits = existsSync("/bin/bash") ? it : undefined;
  itLimits?.(
    "killed, resumed on a full disk and then on a free one, ends as a run that was neither",
    async () => {
      const out = join(folder, "full");
      const killed = start([...common, "--epochs", EPOCHS, "--out", out]);
      const { stderr } = killed.child;
      stderr?.on("data", (said: Buffer) => said.includes("epoch 2/") && killed.child.kill("SIGKILL"));
      expect((await killed.ended).code).to.equal(null);
      const { checkpoint, best } = runFiles(out);
      const kept = await readFile(checkpoint);
      const { position } = await loadCheckpoint(out);
      expect(position.step).to.be.within(STEPS, (Number(EPOCHS) - 1) * STEPS);
      const resumed = [...common, "--epochs", EPOCHS, "--resume", out];
      // a checkpoint takes about 150 kB
      const full = await limitedTo(100, resumed);
      expect(full).to.deep.include({ code: 3, stdout: "" });
      const message = linesOf(full.stderr).at(-1);
      expect(message.replace(/\(EFBIG: [^)]*\)/, "(EFBIG)")).to.match(
        new RegExp(
          `^alexnet: ${checkpoint}: the checkpoint of step \\d+ cannot be written \\(EFBIG\\); the one of step` +
            ` ${position.step} is kept; check the folder, its permissions and its free space, and go on with --resume$`,
        ),
      );
      expect((await readFile(checkpoint)).equals(kept)).to.equal(true);
      const free = await alexnet(resumed);
      expect(free.code, free.stderr).to.equal(0);
      expect(await readAll(await loadWeights(best))).to.deep.equal(
        await readAll(await loadWeights(runFiles(whole).best)),
      );
    },
  );
});

async function limitedTo(kilobytes: number, args: readonly string[]): Promise<Ended> {
  const command = `ulimit -f ${kilobytes}; exec "$0" "$@"`;
  const child = spawn("/bin/bash", ["-c", command, process.execPath, MAIN, ...args]);
  const streams = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, "close")) as [number | null];
  const [stdout, stderr] = await streams;
  return { code, stdout, stderr };
}

/** Noise whose brightest channel is the class. */
async function writePictures(folder: string, count: number, seed: number): Promise<void> {
  const random = new Random(seed);
  for (const [label, name] of CLASSES.entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let picture = 0; picture < count; picture++) {
      const pixels = Uint8Array.from(
        { length: SIDE * SIDE * 3 },
        (_, at) => random.integer(0, 99) + (at % 3 === 2 - label ? 100 : 0),
      );
      await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } }).toFile(
        join(folder, name, `${picture}.png`),
      );
    }
  }
}

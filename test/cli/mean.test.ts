import { expect } from "chai";
import { readFile, writeFile } from "node:fs/promises";
import { npyHeader } from "../../lib/cli/npy.js";
import { createEngine } from "../../lib/scoring/scoring-engine.js";
import type { Row, ScoredRow } from "../../lib/scoring/rows.js";
import { loadMean, loadWeights, saveWeights, withMean } from "../../lib/weights/index.js";
import { parseNpyHeader } from "../../lib/weights/numpy/npy-header.js";
import { Random, testSeed } from "../random.js";
import { samples, SMALL_PREPROCESSING, smallWeights, withFolder } from "../scoring/small.js";
import { caffeFixture } from "../weights/helpers/caffe.js";
import { readAll } from "../weights/helpers/files.js";
import { alexnet, linesOf } from "./command.js";

const OPTIONS = ["--weights", "small.safetensors", "--kernels", "baseline"];
const SIDE = SMALL_PREPROCESSING.size;
const seed = testSeed();

/** A folder with the small weights, and mean.npy: pixels at random. */
const withMeanFile = (use: (folder: string) => Promise<void>): Promise<void> =>
  withFolder(async (folder) => {
    await saveWeights(`${folder}/small.safetensors`, smallWeights());
    const random = new Random(seed);
    const mean = Float32Array.from({ length: 3 * SIDE * SIDE }, () => random.next() * 255);
    const header = npyHeader(3, [SIDE, SIDE], 3);
    await writeFile(`${folder}/mean.npy`, Buffer.concat([header, Buffer.from(mean.buffer)]));
    await use(folder);
  });

describe("alexnet score and features, --mean", () => {
  it(`subtract the mean image as the library does (TEST_SEED=${seed})`, async () => {
    await withMeanFile(async (cwd) => {
      const preprocessing = withMean(SMALL_PREPROCESSING, await loadMean(`${cwd}/mean.npy`));
      const engine = await createEngine({ weights: smallWeights(), kernels: "baseline" });
      const images = samples.slice(0, 2);
      const wanted = await engine.classify(images, { preprocessing, logits: true });
      const without = await engine.classify(images, { logits: true });
      await engine.close();
      expect(wanted).to.not.deep.equal(without);
      const scored = await alexnet(["score", ...images, ...OPTIONS, "--mean", "mean.npy", "--logits"], {
        cwd,
      });
      expect([scored.code, scored.stderr]).to.deep.equal([0, ""]);
      expect(linesOf(scored.stdout).map((line) => JSON.parse(line) as Row)).to.deep.equal(wanted);
      const written = await alexnet(
        ["features", ...images, ...OPTIONS, "--mean", "mean.npy", "--layer", "fc2", "--out", "fc2.npy"],
        { cwd },
      );
      expect(written.code).to.equal(0);
      const bytes = await readFile(`${cwd}/fc2.npy`);
      const start = parseNpyHeader("fc2.npy", bytes).dataOffset;
      const values = new Float32Array(new Uint8Array(bytes.subarray(start)).buffer);
      expect([...values]).to.deep.equal(wanted.flatMap((row) => (row as ScoredRow).logits ?? []));
    });
  });

  it("refuse a file that is none, and an image of another size, before an engine starts", async () => {
    await withMeanFile(async (cwd) => {
      for (const [mean, text] of [
        ["none.npy", /^alexnet: none\.npy: cannot be read \(ENOENT/],
        ["small.safetensors", /^alexnet: small\.safetensors: starts with bytes [0-9a-f]+; a mean must be /],
        [caffeFixture("mean.npy"), /^alexnet: .*: the mean image is \[3, 8, 8\]; it must be \[3, 40, 40\], /],
      ] as const) {
        const ended = await alexnet(["score", samples[0], ...OPTIONS, "--mean", mean], { cwd });
        expect([ended.code, ended.stdout]).to.deep.equal([3, ""]);
        expect(ended.stderr).to.match(text);
      }
    });
  });
});

describe("alexnet, .caffemodel", () => {
  it("convert keeps the network, the recipe and the numbers of a Caffe file", async () => {
    await withFolder(async (cwd) => {
      const from = caffeFixture("later-train.caffemodel");
      const { code, stderr } = await alexnet(["convert", from, "w.safetensors"], { cwd });
      expect([code, stderr]).to.deep.equal([
        0,
        `w.safetensors: 8 tensors, 729 parameters of ${from} (caffemodel); Tiny\n`,
      ]);
      const [was, is] = [await loadWeights(from), await loadWeights(`${cwd}/w.safetensors`)];
      expect(is.network).to.deep.equal(was.network);
      expect(is.preprocessing).to.deep.equal(was.preprocessing);
      expect(await readAll(is)).to.deep.equal(await readAll(was));
    });
  });

  it("score scores with a Caffe file and its mean colour", async () => {
    const words = ["--weights", caffeFixture("later-train.caffemodel"), "--kernels", "baseline"];
    const mean = ["--mean", caffeFixture("colour.npy")];
    const { code, stdout } = await alexnet(["score", samples[0], ...words, ...mean]);
    expect(code).to.equal(0);
    const [row] = linesOf(stdout).map((line) => JSON.parse(line) as ScoredRow);
    expect(row.top.map(({ index }) => index).sort()).to.deep.equal([0, 1, 2]);
  });
});

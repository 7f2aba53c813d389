import { expect } from "chai";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { npyHeader, NpyWriter } from "../../lib/cli/npy.js";
import type { Row, ScoredRow } from "../../lib/scoring/rows.js";
import { saveWeights } from "../../lib/weights/index.js";
import { createEngine } from "../../lib/scoring/scoring-engine.js";
import { samples, smallWeights, withFolder } from "../scoring/small.js";
import { alexnet, linesOf, start, type Started } from "./command.js";

const WEIGHTS = ["--weights", "small.safetensors", "--kernels", "baseline"];

/** A version 1.0 file of little-endian floats, as its documentation has it: numpy.lib.format. */
async function readNpy(path: string): Promise<{ shape: number[]; values: Float32Array }> {
  const bytes = await readFile(path);
  expect(bytes.toString("latin1", 0, 8)).to.equal("\x93NUMPY\x01\x00");
  const end = 10 + bytes.readUInt16LE(8);
  expect(end % 64).to.equal(0);
  const header = /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(([\d, ]+)\), \} *\n$/.exec(
    bytes.toString("latin1", 10, end),
  );
  if (header === null) throw new Error(`header ${bytes.toString("latin1", 10, end)}`);
  const shape = header[1].split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]));
  const values = new Float32Array(
    bytes.buffer.slice(bytes.byteOffset + end, bytes.byteOffset + bytes.length),
  );
  expect(values.length).to.equal(shape.reduce((product, size) => product * size, 1));
  return { shape, values };
}

describe("alexnet features", () => {
  it("and score keep fully connected weights as they are told", async () => {
    await withFolder(async (cwd) => {
      await saveWeights(`${cwd}/small.safetensors`, smallWeights());
      const options = { kernels: "baseline", fcWeights: "bfloat16" } as const;
      const engine = await createEngine({ weights: smallWeights(), ...options });
      const rows = await engine.classify(samples.slice(0, 2), { logits: true });
      await engine.close();
      const expected = rows.flatMap((row) => ("top" in row ? (row.logits ?? []) : []));
      const run = async (...more: string[]) => {
        const args = [...samples.slice(0, 2), ...WEIGHTS, ...more];
        const { stdout } = await alexnet(["score", ...args, "--logits"], { cwd });
        const out = `${more.length}.npy`;
        expect((await alexnet(["features", ...args, "--layer", "fc2", "--out", out], { cwd })).code).to.equal(
          0,
        );
        const { values } = await readNpy(`${cwd}/${out}`);
        const logits = linesOf(stdout).flatMap((line) => (JSON.parse(line) as ScoredRow).logits);
        return { values: Array.from(values), logits };
      };
      expect(await run("--fc-weights", "bfloat16")).to.deep.equal({ values: expected, logits: expected });
      expect((await run()).logits)
        .to.have.length(14)
        .and.not.deep.equal(expected);
    });
  });

  it("writes a row for each image that is whole, and says which", async () => {
    await withFolder(async (cwd) => {
      await saveWeights(`${cwd}/small.safetensors`, smallWeights());
      const paths = [samples[0], "missing.jpg", ...samples.slice(1, 4), "small.safetensors", samples[4]];
      const args = [...paths, ...WEIGHTS, "--layer", "fc2", "--batch", "2", "--out", "f.npy"];
      const { code, stdout, stderr } = await alexnet(["features", ...args], { cwd });
      expect([code, stdout]).to.deep.equal([1, ""]);
      expect(stderr).to.equal("alexnet: 2 of 7 images failed; their rows say why\n");
      const lines = linesOf(await readFile(`${cwd}/f.npy.rows.ndjson`, "utf8")).map(
        (line) =>
          JSON.parse(line) as { path: string; row?: number; error?: { code: string; message: string } },
      );
      expect(lines.map(({ path, row, error }) => [path, row ?? error?.code])).to.deep.equal([
        [samples[0], 0],
        ["missing.jpg", "IMAGE_MISSING"],
        [samples[1], 1],
        [samples[2], 2],
        [samples[3], 3],
        ["small.safetensors", "IMAGE_UNREADABLE"],
        [samples[4], 4],
      ]);
      expect(lines[1].error?.message).to.match(/^missing.jpg: no such file/);
      const { shape, values } = await readNpy(`${cwd}/f.npy`);
      expect(shape).to.deep.equal([5, 7]);
      // the layer before softmax is what score calls logits
      const scored = await alexnet(["score", ...samples.slice(0, 5), ...WEIGHTS, "--logits"], { cwd });
      const logits = linesOf(scored.stdout).map((line) => (JSON.parse(line) as Row & ScoredRow).logits);
      expect(Array.from(values)).to.deep.equal(logits.flat());
      expect(readdirSync(cwd).sort()).to.deep.equal(["f.npy", "f.npy.rows.ndjson", "small.safetensors"]);
    });
  });

  it("writes a map as [images, channels, height, width], and an array without rows when all images fail", async () => {
    await withFolder(async (cwd) => {
      await saveWeights(`${cwd}/small.safetensors`, smallWeights());
      const features = (path: string, layer: string) =>
        alexnet(["features", path, ...WEIGHTS, "--layer", layer, "--out", `${layer}.npy`], { cwd });
      expect((await features(samples[0], "pool1")).code).to.equal(0);
      expect((await readNpy(`${cwd}/pool1.npy`)).shape).to.deep.equal([1, 8, 5, 5]);
      expect((await features("missing.jpg", "flatten")).code).to.equal(1);
      expect((await readNpy(`${cwd}/flatten.npy`)).shape).to.deep.equal([0, 200]);
    });
  });
});

describe("alexnet features leaves no file", () => {
  /** As many as take longer than what is done meanwhile. */
  const PHOTOS = 100;
  /** Starts it on photographs, does something when its first file is there, and tells how it ends. */
  const started = async (cwd: string, then: (run: Started) => Promise<void>) => {
    await saveWeights(`${cwd}/small.safetensors`, smallWeights());
    for (let at = 0; at < PHOTOS; at++) await symlink(samples[at % samples.length], `${cwd}/${at}.jpg`);
    const args = ["features", cwd, ...WEIGHTS, "--layer", "fc2", "--out", "f.npy", "--batch", "1"];
    const run = start(args, { cwd });
    const isThere = () => readdirSync(cwd).some((name) => name.startsWith("f.npy"));
    while (!isThere() && run.child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2));
    await then(run);
    return run.ended;
  };
  const written = (cwd: string) => readdirSync(cwd).filter((name) => name.startsWith("f.npy"));

  it("when it is interrupted before the first image", async () => {
    await withFolder(async (cwd) => {
      const { code, stdout } = await started(cwd, ({ child }) => {
        child.kill("SIGINT");
        return Promise.resolve();
      });
      expect([code, stdout]).to.deep.equal([130, ""]);
      // the engine may have started meanwhile: then the images in hand are whole
      expect([[], ["f.npy", "f.npy.rows.ndjson"]]).to.deep.include(written(cwd));
    });
  });

  it("when the array cannot be put into its place", async () => {
    await withFolder(async (cwd) => {
      const { code, stderr } = await started(cwd, async () => {
        await mkdir(`${cwd}/f.npy`);
      });
      expect(code).to.equal(3);
      expect(stderr).to.match(/^alexnet: f.npy: cannot be written \(E[A-Z]+: /);
      expect(written(cwd)).to.deep.equal(["f.npy"]);
    });
  });
});

describe("NpyWriter", () => {
  it("keeps a header's length for any number of rows up to the most", () => {
    // of every length of text, so that some end right before a multiple of 64
    for (const row of Array.from({ length: 25 }, (_, axes) => Array<number>(axes).fill(1)))
      for (const most of [1, 9, 10, 1e6, 2 ** 40]) {
        const header = npyHeader(most, row, most);
        expect(npyHeader(0, row, most)).to.have.length(header.length);
        expect(header.length % 64).to.equal(0);
      }
    expect(npyHeader(3, [], 10).toString("latin1")).to.include("'shape': (3,), ");
  });

  it("leaves no file where it is discarded", async () => {
    await withFolder(async (folder) => {
      const writer = await NpyWriter.create(`${folder}/a.npy`, [2], 4);
      await writer.write(2, new Float32Array([1, 2, 3, 4]));
      expect(existsSync(`${folder}/a.npy`)).to.equal(false);
      await writer.discard();
      expect(readdirSync(folder)).to.deep.equal([]);
    });
  });
});

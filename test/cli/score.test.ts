import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { readFile, symlink, unlink, writeFile } from "node:fs/promises";
import { runInfo } from "../../lib/engine/run-info.js";
import { initWeights, saveWeights } from "../../lib/weights/index.js";
import { createEngine } from "../../lib/scoring/scoring-engine.js";
import type { FailedRow, Row, ScoredRow } from "../../lib/scoring/rows.js";
import {
  LABELS,
  samples,
  SMALL_PREPROCESSING,
  smallNetwork,
  smallWeights,
  withFolder,
} from "../scoring/small.js";
import { alexnet, FIXTURES, linesOf } from "./command.js";

const rowsOf = (text: string): Row[] => linesOf(text).map((line) => JSON.parse(line) as Row);
const WEIGHTS = ["--weights", "small.safetensors", "--kernels", "baseline"];

/** A folder with the small weights. */
const withWeights = (use: (folder: string) => Promise<void>): Promise<void> =>
  withFolder(async (folder) => {
    await saveWeights(`${folder}/small.safetensors`, smallWeights());
    await use(folder);
  });

describe("alexnet score", () => {
  it("gives the rows of the library, on a stdout that holds nothing else", async () => {
    await withWeights(async (cwd) => {
      const { code, stdout, stderr } = await alexnet(["score", ...samples, ...WEIGHTS, "--top", "3"], {
        cwd,
      });
      expect([code, stderr]).to.deep.equal([0, ""]);
      const engine = await createEngine({ weights: smallWeights(), kernels: "baseline" });
      try {
        expect(rowsOf(stdout)).to.deep.equal(await engine.classify(samples, { topK: 3 }));
      } finally {
        await engine.close();
      }
    });
  });

  it("keeps with the rows what computed them", async () => {
    await withWeights(async (cwd) => {
      const words = [
        "score",
        samples[0],
        ...WEIGHTS,
        "--threads",
        "1",
        "--batch",
        "3",
        "--convolutions",
        "rule",
      ];
      const { code, stderr } = await alexnet([...words, "--run-info", "run.json"], { cwd });
      expect([code, stderr]).to.deep.equal([0, ""]);
      const engine = await createEngine({
        weights: smallWeights(),
        ...{ kernels: "baseline", convolutions: "rule", threads: 1, maxBatch: 3 },
      });
      try {
        const written = JSON.parse(await readFile(`${cwd}/run.json`, "utf8")) as object;
        expect(written).to.deep.equal(runInfo(engine.plan));
        const network = smallNetwork();
        const convolutions = network.layers.filter(({ type }) => type === "convolution");
        expect(written).to.deep.include({
          ...{ model: network.name, kernels: "baseline", fcWeights: "float32", threads: 1, maxBatch: 3 },
          node: process.version,
        });
        expect(Object.keys(runInfo(engine.plan).convolutions)).to.deep.equal(
          convolutions.map(({ name }) => name),
        );
      } finally {
        await engine.close();
      }
      const refused = await alexnet([...words, "--run-info", "."], { cwd });
      expect([refused.code, refused.stdout]).to.deep.equal([3, ""]);
      expect(refused.stderr).to.match(/^alexnet: \.: /);
    });
  });

  it("scores what can be scored, says what cannot, and exits with 1", async () => {
    await withWeights(async (cwd) => {
      const broken = [`${FIXTURES}images/decode/bomb.png`, "missing.jpg", "small.safetensors"];
      await writeFile(`${cwd}/a.jpg`, "no image");
      const paths = [samples[0], broken[0], broken[1], samples[1], broken[2], ".", "-"];
      // a folder is searched where it is named, and no image in a list
      const { code, stdout, stderr } = await alexnet(["score", ...paths, ...WEIGHTS], { cwd, stdin: "..\n" });
      expect([code, stderr]).to.deep.equal([1, "alexnet: 5 of 7 images failed; their rows say why\n"]);
      const rows = rowsOf(stdout);
      expect(rows.map(({ path }) => path)).to.deep.equal([...paths.slice(0, 5), "a.jpg", ".."]);
      expect(rows.map((row) => ("error" in row ? row.error.code : "scored"))).to.deep.equal([
        "scored",
        "IMAGE_TOO_LARGE",
        "IMAGE_MISSING",
        "scored",
        "IMAGE_UNREADABLE",
        "IMAGE_UNREADABLE",
        "IMAGE_NOT_A_FILE",
      ]);
      for (const row of rows) {
        const keys = "error" in row ? ["path", "error"] : ["path", "top"];
        expect(Object.keys(row)).to.deep.equal(keys);
      }
      expect(Object.keys((rows[1] as FailedRow).error)).to.deep.equal(["code", "message"]);
      expect((rows[0] as ScoredRow).top).to.have.length(5);
      expect(Object.keys((rows[0] as ScoredRow).top[0])).to.deep.equal(["index", "label", "probability"]);
    });
  });

  it("takes labels from a file of lines, of JSON, or from the weights", async () => {
    await withFolder(async (cwd) => {
      await saveWeights(`${cwd}/small.safetensors`, { ...smallWeights(), labels: LABELS });
      const own = LABELS.map((label) => `${label}, é`);
      await writeFile(`${cwd}/labels.txt`, `\uFEFF${own.join("\r\n")}\r\n`);
      await writeFile(`${cwd}/labels.json`, JSON.stringify(own));
      const labelled = async (...more: string[]) => {
        const { stdout } = await alexnet(["score", samples[0], ...WEIGHTS, "--top", "7", ...more], { cwd });
        const [row] = rowsOf(stdout) as ScoredRow[];
        return row.top.map(({ index, label }) => [index, label]).sort(([a], [b]) => Number(a) - Number(b));
      };
      const indexed = (labels: readonly string[]) => labels.map((label, index) => [index, label]);
      expect(await labelled()).to.deep.equal(indexed(LABELS));
      expect(await labelled("--labels", "labels.txt")).to.deep.equal(indexed(own));
      expect(await labelled("--labels", "labels.json")).to.deep.equal(indexed(own));
      await writeFile(`${cwd}/labels.txt`, "one\ntwo\n");
      const { code, stderr } = await alexnet(["score", samples[0], ...WEIGHTS, "--labels", "labels.txt"], {
        cwd,
      });
      expect(code).to.equal(2);
      expect(stderr).to.match(
        /^alexnet: labels: got 2 names; there must be one for each of the network's 7 classes/,
      );
    });
  });

  it("writes CSV, logits and ten crops, with any threads and batch", async () => {
    await withWeights(async (cwd) => {
      const run = async (...more: string[]) => {
        const { code, stdout, stderr } = await alexnet(
          ["score", ...samples.slice(0, 3), ...WEIGHTS, ...more],
          { cwd },
        );
        expect([code, stderr]).to.deep.equal([0, ""]);
        return stdout;
      };
      const csv = await run("--format", "csv", "--top", "1", "--logits");
      const plain = rowsOf(
        await run("--top", "1", "--logits", "--threads", "3", "--batch", "2"),
      ) as ScoredRow[];
      const records = parse(csv, { columns: true }) as unknown as Record<string, string>[];
      expect(records.map((record) => [record.path, record.index_1, record.logits])).to.deep.equal(
        plain.map(({ path, top, logits }) => [path, String(top[0].index), JSON.stringify(logits)]),
      );
      expect(plain[0].logits).to.have.length(7);
      const views = rowsOf(await run("--crops", "10", "--top", "7")) as ScoredRow[];
      const sums = views.map(({ top }) => top.reduce((sum, { probability }) => sum + probability, 0));
      for (const sum of sums) expect(sum).to.be.closeTo(1, 7 * 2 ** -52);
      expect(views[0].top[0].probability).to.not.equal(plain[0].top[0].probability);
    });
  });

  it("writes to a file, which it does not overwrite but finish", async () => {
    await withWeights(async (cwd) => {
      const score = (paths: readonly string[], ...more: string[]) =>
        alexnet(["score", ...paths, ...WEIGHTS, "--out", "rows", ...more], { cwd });
      const first = await score(samples.slice(2, 4));
      expect([first.code, first.stdout, first.stderr]).to.deep.equal([0, "", ""]);
      expect((await score(samples)).code).to.equal(3);
      const rest = await score(samples, "--resume");
      expect([rest.code, rest.stdout, rest.stderr]).to.deep.equal([0, "", ""]);
      const paths = rowsOf(await readFile(`${cwd}/rows`, "utf8")).map(({ path }) => path);
      expect(paths).to.deep.equal([...samples.slice(2, 4), ...samples.slice(0, 2), ...samples.slice(4)]);
      // nothing is left
      expect((await score(samples, "--resume")).code).to.equal(0);
      expect(rowsOf(await readFile(`${cwd}/rows`, "utf8"))).to.have.length(samples.length);
    });
  });

  for (const format of ["ndjson", "csv"])
    it(`counts the images that failed in the run before, resuming ${format}`, async () => {
      await withWeights(async (cwd) => {
        const score = async (paths: readonly string[]) => {
          const out = ["--out", "rows", "--format", format, "--resume"];
          const { code, stderr } = await alexnet(["score", ...paths, ...WEIGHTS, ...out], { cwd });
          return [code, stderr];
        };
        const told = (failed: number, all: number) =>
          `alexnet: ${failed} of ${all} images failed; their rows say why\n`;
        const [whole, other] = samples;
        expect(await score([whole, "missing.jpg"])).to.deep.equal([1, told(1, 2)]);
        // nothing is left to score, one more, and one more that fails
        expect(await score([whole, "missing.jpg"])).to.deep.equal([1, told(1, 2)]);
        expect(await score([whole, "missing.jpg", other])).to.deep.equal([1, told(1, 3)]);
        expect(await score([other, "missing.jpg", "gone.jpg"])).to.deep.equal([1, told(2, 3)]);
        // a row that failed is none of these images'
        expect(await score([whole, other])).to.deep.equal([0, ""]);
      });
    });

  for (const format of ["ndjson", "csv"])
    it(`resumes ${format} only with the weights, the crops and the labels of its rows`, async () => {
      await withWeights(async (cwd) => {
        const other = { ...initWeights(smallNetwork(), 99), preprocessing: SMALL_PREPROCESSING };
        await saveWeights(`${cwd}/other.safetensors`, other);
        await writeFile(`${cwd}/labels.txt`, LABELS.join("\n"));
        const out = ["--format", format, "--out", "rows", "--resume"];
        const score = (count: number, ...more: string[]) =>
          alexnet(["score", ...samples.slice(0, count), ...WEIGHTS, ...out, ...more], { cwd });
        expect((await score(1)).code).to.equal(0);
        const kept = await readFile(`${cwd}/rows`, "utf8");
        for (const change of ["--weights other.safetensors", "--crops 10", "--labels labels.txt"]) {
          const { code, stdout, stderr } = await score(2, ...change.split(" "));
          expect([code, stdout], change).to.deep.equal([3, ""]);
          expect(stderr).to.match(
            change.startsWith("--labels")
              ? /^alexnet: rows: record \d has the label null for class \d; this run has "class \d"; only an output/
              : /^alexnet: rows: its row of .*balloons.jpg has class \d with 0\.\d+, where this run gives class \d/,
          );
          expect(await readFile(`${cwd}/rows`, "utf8"), change).to.equal(kept);
        }
        // what does not change the values may be changed
        expect((await score(2, "--threads", "2", "--batch", "1", "--kernels", "auto")).code).to.equal(0);
        expect((await readFile(`${cwd}/rows`, "utf8")).startsWith(kept)).to.equal(true);
      });
    });

  it("resumes although the image of the first row is gone", async () => {
    await withWeights(async (cwd) => {
      await symlink(samples[0], `${cwd}/a.jpg`);
      const score = (...paths: string[]) =>
        alexnet(["score", ...paths, ...WEIGHTS, "--out", "rows", "--resume"], { cwd });
      expect((await score("a.jpg")).code).to.equal(0);
      await unlink(`${cwd}/a.jpg`);
      expect((await score("a.jpg", samples[1])).code).to.equal(0);
      const paths = rowsOf(await readFile(`${cwd}/rows`, "utf8")).map(({ path }) => path);
      expect(paths).to.deep.equal(["a.jpg", samples[1]]);
    });
  });

  it("resumes paths that are written in another way", async () => {
    await withWeights(async (cwd) => {
      await symlink(samples[0], `${cwd}/a.jpg`);
      const score = (...paths: string[]) =>
        alexnet(["score", ...paths, ...WEIGHTS, "--out", "rows", "--resume"], { cwd });
      const told = "alexnet: 1 of 2 images failed; their rows say why\n";
      expect((await score("a.jpg", "none.jpg")).code).to.equal(1);
      const kept = await readFile(`${cwd}/rows`, "utf8");
      const again = await score(`${cwd}/a.jpg`, "./none.jpg");
      expect([again.code, again.stderr]).to.deep.equal([1, told]);
      expect(await readFile(`${cwd}/rows`, "utf8")).to.equal(kept);
    });
  });

  it("takes folders, patterns and a list on stdin, each image once", async () => {
    await withWeights(async (cwd) => {
      for (const [index, name] of ["b.jpg", "a.jpg", "c[1].jpg"].entries())
        await symlink(samples[index], `${cwd}/${name}`);
      const stdin = `a.jpg\n\n./b.jpg\r\n${samples[3]}\n`;
      const args = ["score", "c[1].jpg", "*.jpg", "-", ".", ...WEIGHTS];
      const { code, stdout } = await alexnet(args, { cwd, stdin });
      expect(code).to.equal(0);
      expect(rowsOf(stdout).map(({ path }) => path)).to.deep.equal([
        "c[1].jpg",
        "a.jpg",
        "b.jpg",
        samples[3],
      ]);
    });
  });
});

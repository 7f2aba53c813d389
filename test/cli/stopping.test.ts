import { expect } from "chai";
import { linkSync, mkdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { saveWeights } from "../../lib/weights/index.js";
import { Random, testSeed } from "../random.js";
import { samples, smallWeights, withFolder } from "../scoring/small.js";
import { alexnet, linesOf, start, startNode, type Started } from "./command.js";

const OPTIONS = "--weights small.safetensors --kernels baseline --threads 1 --batch 1 --top 1".split(" ");
/** More milliseconds than a batch takes: a kill meets any moment of it. */
const LONGEST_DELAY = 40;
const KILLS = 5;
const seed = testSeed();

/** A folder with the small weights and `images` copies of the samples in photos/. */
async function withPhotos(
  images: number,
  use: (folder: string, paths: string[]) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    await saveWeights(`${folder}/small.safetensors`, smallWeights());
    mkdirSync(`${folder}/photos`);
    const paths = Array.from(
      { length: images },
      (_, index) => `photos/${String(index).padStart(3, "0")}.jpg`,
    );
    paths.forEach((path, index) => {
      linkSync(samples[index % samples.length], `${folder}/${path}`);
    });
    await use(folder, paths);
  });
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until a file is larger than it was, or the process is gone. */
async function grown({ child }: Started, path: string, from: number): Promise<void> {
  while (sizeOf(path) <= from && child.exitCode === null) await sleep(2);
}

describe("alexnet, stopped", () => {
  for (const format of ["ndjson", "csv"]) {
    it(`scores every image once to ${format}, killed at any moment and resumed (TEST_SEED=${seed})`, async () => {
      await withPhotos(60, async (cwd, paths) => {
        const random = new Random(seed);
        const args = ["score", "photos", ...OPTIONS, "--format", format, "--out", "rows", "--resume"];
        let killed = 0;
        for (let kill = 0; kill < KILLS; kill++) {
          const from = sizeOf(`${cwd}/rows`);
          const run = start(args, { cwd });
          await grown(run, `${cwd}/rows`, from);
          await sleep(random.next() * LONGEST_DELAY);
          run.child.kill("SIGKILL");
          if ((await run.ended).code === null) killed++;
        }
        expect(killed, "runs that were killed").to.be.at.least(1);
        const last = await alexnet(args, { cwd });
        expect([last.code, last.stdout, last.stderr]).to.deep.equal([0, "", ""]);
        const text = await readFile(`${cwd}/rows`, "utf8");
        const records =
          format === "csv"
            ? (parse(text, { columns: true }) as unknown as { path: string }[])
            : linesOf(text).map((line) => JSON.parse(line) as { path: string });
        expect(records.map(({ path }) => path)).to.deep.equal(paths);
      });
    });
  }

  for (const batch of [1, 16])
    it(`on Ctrl-C finishes the batch of ${batch} and exits with 130; the rest can be resumed`, () =>
      withPhotos(200, async (cwd, paths) => {
        const args = ["score", "photos", ...OPTIONS, "--out", "rows"];
        const run = start([...args, "--batch", String(batch)], { cwd });
        await grown(run, `${cwd}/rows`, 0);
        run.child.kill("SIGINT");
        const { code, stdout, stderr } = await run.ended;
        expect([code, stdout]).to.deep.equal([130, ""]);
        expect(stderr).to.equal(
          "alexnet: interrupted, finishing the batch in hand; once more to end at once\n",
        );
        const pathsOf = async () =>
          linesOf(await readFile(`${cwd}/rows`, "utf8")).map(
            (line) => (JSON.parse(line) as { path: string }).path,
          );
        const done = await pathsOf();
        expect(done.length).to.be.within(batch, paths.length - 1);
        expect(done.length % batch).to.equal(0);
        expect(done).to.deep.equal(paths.slice(0, done.length));
        expect((await alexnet([...args, "--resume", "--batch", "16"], { cwd })).code).to.equal(0);
        expect(await pathsOf()).to.deep.equal(paths);
      }));

  it("on Ctrl-C before the first row exits with 130, and everything can be resumed", async () => {
    await withPhotos(20, async (cwd, paths) => {
      const args = ["score", "photos", ...OPTIONS, "--format", "csv", "--out", "rows", "--resume"];
      const run = start(args, { cwd });
      // the header is written before the engine starts
      await grown(run, `${cwd}/rows`, 0);
      run.child.kill("SIGINT");
      const { code, stdout, stderr } = await run.ended;
      expect([code, stdout]).to.deep.equal([130, ""]);
      expect(stderr).to.match(/^alexnet: interrupted/);
      expect((await alexnet(args, { cwd })).code).to.equal(0);
      const records = parse(await readFile(`${cwd}/rows`, "utf8"), { columns: true });
      expect((records as unknown as { path: string }[]).map(({ path }) => path)).to.deep.equal(paths);
    });
  });

  it("on Ctrl-C while initial weights are made, exits with 130 and gives no result", async () => {
    const run = start(["demo", samples[0]]);
    await new Promise((resolve) => run.child.stderr?.once("data", resolve));
    run.child.kill("SIGINT");
    const { code, stdout, stderr } = await run.ended;
    expect([code, stdout]).to.deep.equal([130, ""]);
    expect(stderr).to.equal("making the initial weights of caffenet ...\nalexnet: interrupted\n");
  });

  it("on Ctrl-C writes the features of the batches that are done", async () => {
    await withPhotos(200, async (cwd, paths) => {
      const args = ["features", "photos", ...OPTIONS.slice(0, -2), "--layer", "fc2", "--out", "f.npy"];
      const run = start(args, { cwd });
      const rows = `${cwd}/f.npy.rows.ndjson`;
      await grown(run, `${rows}.${run.child.pid ?? 0}.tmp`, 0);
      run.child.kill("SIGINT");
      expect((await run.ended).code).to.equal(130);
      const lines = linesOf(await readFile(rows, "utf8")).map((line) => JSON.parse(line) as unknown);
      expect(lines.length).to.be.within(1, paths.length - 1);
      expect(lines).to.deep.equal(paths.slice(0, lines.length).map((path, row) => ({ path, row })));
      const npy = await readFile(`${cwd}/f.npy`);
      expect(npy.toString("latin1", 0, 128)).to.include(`'shape': (${lines.length}, 7), `);
      expect(npy.length).to.equal(128 + lines.length * 7 * 4);
    });
  });

  it("ends at once on a second Ctrl-C", async () => {
    const module = new URL("../../lib/cli/interrupt.js", import.meta.url).href;
    const script = `import { interruptible } from ${JSON.stringify(module)};
      await interruptible("waiting", () => new Promise((resolve) => {
        process.stderr.write("ready\\n");
        setTimeout(resolve, 600_000);
      }));`;
    const run = startNode(["--input-type=module", "--eval", script], "");
    let told = "";
    run.child.stderr?.on("data", (chunk: Buffer) => {
      told += chunk.toString();
    });
    const saw = async (text: string) => {
      while (!told.includes(text)) await sleep(5);
    };
    try {
      await saw("ready");
      run.child.kill("SIGINT");
      await saw("interrupted, waiting");
      run.child.kill("SIGINT");
      // well before the work itself would end
      const ended = await Promise.race([run.ended, sleep(30_000).then(() => undefined)]);
      expect(ended?.code).to.equal(130);
    } finally {
      run.child.kill("SIGKILL");
    }
  });

  it("ends quietly when the reader of stdout goes away", async () => {
    await withPhotos(200, async (cwd) => {
      const run = start(["score", "photos", ...OPTIONS], { cwd });
      run.child.stdout?.once("data", () => run.child.stdout?.destroy());
      const { code, stdout, stderr } = await run.ended;
      expect([code, stderr]).to.deep.equal([141, ""]);
      expect(stdout).to.match(/^\{"path":"photos\/000.jpg",/);
    });
  });
});

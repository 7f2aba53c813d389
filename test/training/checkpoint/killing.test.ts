import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { loadCheckpoint } from "../../../lib/training/checkpoint/load.js";
import { openRunFolder, runFiles } from "../../../lib/training/run-folder.js";
import { Random, testSeed } from "../../random.js";
import { inFolder, readAll } from "../../weights/helpers/files.js";

const WRITING = fileURLToPath(new URL("writing.js", import.meta.url));
const FOREVER = 1_000_000;
const KILLS = 40;
/** Milliseconds: a checkpoint takes some, most of them for the disk. */
const LONGEST_DELAY = 60;

/** The step of a checkpoint whose every value is that of its step. */
async function stepOfWhole(folder: string): Promise<number> {
  const { position, weights, velocities } = await loadCheckpoint(folder);
  for (const [of, value] of [
    [weights, position.step],
    [velocities, -position.step],
  ] as const)
    for (const [name, values] of await readAll(of)) {
      const other = values.findIndex((one) => one !== value);
      expect(other, `step ${position.step}, ${name}: the first element of another step`).to.equal(-1);
    }
  return position.step;
}

describe("a process that writes checkpoints", () => {
  const seed = testSeed();

  it(`leaves a whole one whenever it is killed: ${KILLS} times (TEST_SEED=${seed})`, () =>
    inFolder(async (folder) => {
      const random = new Random(seed);
      let last = 0;
      let torn = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        const child = spawn(process.execPath, [WRITING, folder, String(last + 1), String(FOREVER)]);
        const [told, failed] = [text(child.stdout), text(child.stderr)];
        // the first one is there: now it writes all the time
        await once(child.stdout, "data");
        await sleep(random.next() * LONGEST_DELAY);
        const ended = once(child, "close");
        child.kill("SIGKILL");
        expect(await ended, await failed).to.deep.equal([null, "SIGKILL"]);
        const written = Math.max(last + 1, ...(await told).split("\n").map(Number));
        const step = await stepOfWhole(folder);
        // at least what it said, and at most the next one, which it could not tell any more
        expect(step).to.be.within(written, written + 1);
        last = step;
        torn += (await readdir(folder)).filter((name) => name.endsWith(".tmp")).length;
        await openRunFolder(folder, { resume: true });
        expect(await readdir(folder)).to.deep.equal(["checkpoint.safetensors"]);
      }
      expect(torn, "kills amid writing").to.be.above(0);
    }));

  // a full disk, as a process sees it: node ignores SIGXFSZ, so a write past the limit fails
  const itLimits = existsSync("/bin/bash") ? it : undefined;
  itLimits?.("that finds the disk full keeps the last one, and says which", () =>
    inFolder(async (folder) => {
      const { checkpoint: path } = runFiles(folder);
      const limited = async (kilobytes: string, first: number) => {
        const command = `ulimit -f ${kilobytes}; exec "$0" "$@"`;
        const child = spawn("/bin/bash", [
          ...["-c", command, process.execPath],
          ...[WRITING, folder, String(first), "1"],
        ]);
        const said = text(child.stderr);
        const [code] = (await once(child, "close")) as [number | null];
        return [code, (await said).replace(/\(EFBIG: [^)]*\)/, "(EFBIG)")];
      };
      const failure = (step: number, kept: string, next: string) =>
        `${path}: the checkpoint of step ${step} cannot be written (EFBIG); ${kept}; check the folder, its permissions` +
        ` and its free space${next}`;
      expect(await limited("500", 7)).to.deep.equal([1, failure(7, "there is none before it", "")]);
      expect(await readdir(folder)).to.deep.equal([]);
      expect(await limited("unlimited", 7)).to.deep.equal([0, ""]);
      const before = await readFile(path);
      // the file is a little more than 800 kB: the limits are in its header, its weights and its velocities
      for (const kilobytes of ["1", "300", "600"])
        expect(await limited(kilobytes, 8)).to.deep.equal([
          1,
          failure(8, "the one of step 7 is kept", ", and go on with --resume"),
        ]);
      expect(await readdir(folder)).to.deep.equal(["checkpoint.safetensors"]);
      expect((await readFile(path)).equals(before)).to.equal(true);
      expect(await stepOfWhole(folder)).to.equal(7);
    }),
  );
});

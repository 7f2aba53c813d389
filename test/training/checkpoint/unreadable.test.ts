import { chmod, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { packageVersion } from "../../../lib/host/host.js";
import { loadCheckpoint } from "../../../lib/training/checkpoint/load.js";
import { saveCheckpoint } from "../../../lib/training/checkpoint/save.js";
import { runFiles } from "../../../lib/training/run-folder.js";
import { saveWeights, weightsFromTensors } from "../../../lib/weights/index.js";
import { Random, testSeed } from "../../random.js";
import { expectError, inFolder, readAll } from "../../weights/helpers/files.js";
import { constantState } from "./states.js";

const seed = testSeed();
const LOST = "go on from a copy of it, or start another run; best.safetensors beside it has the best weights";

describe("checkpoint that cannot be read", () => {
  const refused = (folder: string, text: string | RegExp) =>
    expectError(loadCheckpoint(folder), "CHECKPOINT_INVALID", text, runFiles(folder).checkpoint);

  /** Writes one whose metadata was changed. */
  async function withMetadata(folder: string, change: (metadata: Record<string, unknown>) => void) {
    const { checkpoint } = runFiles(folder);
    await saveCheckpoint(folder, constantState(1, 1, 1));
    const bytes = await readFile(checkpoint);
    const end = 8 + Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString("utf8", 8, end)) as Record<string, Record<string, unknown>>;
    const described = JSON.parse(header.__metadata__.checkpoint as string) as Record<string, unknown>;
    change(described);
    header.__metadata__.checkpoint = JSON.stringify(described);
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    await writeFile(checkpoint, Buffer.concat([length, text, bytes.subarray(end)]));
  }

  it("since it is not there", () =>
    inFolder((folder) =>
      refused(
        folder,
        "FILE: there is no checkpoint; give the folder of a run with --resume, or start one without it",
      ),
    ));

  it("since it is a folder", () =>
    inFolder(async (folder) => {
      const { checkpoint } = runFiles(folder);
      await mkdir(checkpoint);
      await refused(
        folder,
        `FILE: the checkpoint cannot be read (is not a regular file; give the path of a weight file); ${LOST}`,
      );
    }));

  if (process.getuid?.() !== 0)
    it("since it may not be read", () =>
      inFolder(async (folder) => {
        await saveCheckpoint(folder, constantState(1, 1, 1));
        await chmod(runFiles(folder).checkpoint, 0);
        await refused(
          folder,
          /^FILE: the checkpoint cannot be read \(cannot be read \(EACCES: .*\); go on from/,
        );
      }));

  it(`since it was cut off, wherever (TEST_SEED=${seed})`, () =>
    inFolder(async (folder) => {
      const { checkpoint } = runFiles(folder);
      await saveCheckpoint(folder, constantState(1, 1, 1));
      const whole = await readFile(checkpoint);
      const random = new Random(seed);
      for (let cut = 0; cut < 60; cut++) {
        const length = cut < 20 ? cut : random.integer(20, whole.length - 1);
        await writeFile(checkpoint, whole);
        await truncate(checkpoint, length);
        await refused(folder, /^FILE: (it is something else than|the checkpoint cannot be read)/);
      }
      await truncate(checkpoint, 1000);
      await refused(
        folder,
        /^FILE: the checkpoint cannot be read \(the header length \(bytes 0 to 8\) is \d+; /,
      );
      await writeFile(checkpoint, whole.subarray(0, -4));
      await refused(
        folder,
        /^FILE: the checkpoint cannot be read \(the end of the last tensor \(bytes\) is \d+; it must be the file's size, \d+; .*\); go on/,
      );
    }));

  const ELSE =
    "FILE: it is something else than a checkpoint of a training; give the folder of a run with --resume";
  it("since it is something else", () =>
    inFolder(async (folder) => {
      const { checkpoint } = runFiles(folder);
      for (const content of ["", "{}", "not a checkpoint at all", "\x93NUMPY"]) {
        await writeFile(checkpoint, content);
        await refused(folder, ELSE);
      }
      const tensor = { data: new Float32Array(4), shape: [4] };
      await saveWeights(checkpoint, weightsFromTensors({ "fc2.bias": tensor }));
      await refused(folder, ELSE);
    }));

  it("since it is of a newer version", () =>
    inFolder(async (folder) => {
      const own = packageVersion();
      const next = "reads versions up to 1; go on with the one that wrote it";
      await withMetadata(folder, (metadata) => {
        Object.assign(metadata, { version: 2, writer: { version: "9.1.0" }, more: 1 });
      });
      await refused(
        folder,
        `FILE: the checkpoint is of version 2, written by alexnet-threads 9.1.0; alexnet-threads ${own} ${next}`,
      );
      await withMetadata(folder, (metadata) => {
        Object.assign(metadata, { version: 3, writer: undefined });
      });
      await refused(
        folder,
        "FILE: the checkpoint is of version 3, written by alexnet-threads of an unknown version;" +
          ` alexnet-threads ${own} ${next}`,
      );
    }));

  it("since a field is wrong or unknown", () =>
    inFolder(async (folder) => {
      await withMetadata(folder, ({ position }) => Object.assign(position as object, { step: -1 }));
      await refused(
        folder,
        `FILE: position.step of the checkpoint is -1; it must be a whole number from 0; ${LOST}`,
      );
      await withMetadata(folder, ({ run }) => Object.assign(run as object, { mood: 1 }));
      await refused(
        folder,
        `FILE: run.mood of the checkpoint is unknown; known are seed, recipe, data, kernels; ${LOST}`,
      );
      await withMetadata(folder, ({ run }) => {
        const { recipe } = run as { recipe: object };
        Object.assign(recipe, { epochs: 0 });
      });
      await expectError(
        loadCheckpoint(folder),
        "RECIPE_INVALID",
        "FILE: run.recipe: epochs is 0; it must be a whole number from 1; see Recipes in docs/formats.md",
        runFiles(folder).checkpoint,
      );
    }));

  it("since its metadata is no JSON", () =>
    inFolder(async (folder) => {
      await saveCheckpoint(folder, constantState(1, 1, 1));
      const { checkpoint } = runFiles(folder);
      const bytes = await readFile(checkpoint);
      bytes.write(":", bytes.indexOf('{\\"version\\":1'));
      await writeFile(checkpoint, bytes);
      await refused(folder, /^FILE: the checkpoint cannot be read \(.*JSON.*\); go on from/);
    }));

  it("since a velocity is missing", () =>
    inFolder(async (folder) => {
      const { checkpoint } = runFiles(folder);
      await saveCheckpoint(folder, constantState(1, 1, 1));
      const bytes = await readFile(checkpoint);
      bytes.write("velociti.", bytes.indexOf("velocity.fc2.bias"));
      await writeFile(checkpoint, bytes);
      await refused(
        folder,
        `FILE: the checkpoint cannot be read (does not fit small: velociti.fc2.bias [14] is unknown; choose another` +
          ` --model (\`network\`) or file); ${LOST}`,
      );
    }));

  it("since a value is NaN, which is told when it is read", () =>
    inFolder(async (folder) => {
      const { checkpoint } = runFiles(folder);
      await saveCheckpoint(folder, constantState(1, 1, 1));
      const bytes = await readFile(checkpoint);
      bytes.writeFloatLE(NaN, bytes.length - 4);
      await writeFile(checkpoint, bytes);
      const { velocities } = await loadCheckpoint(folder);
      await expectError(
        readAll(velocities),
        "WEIGHTS_INVALID",
        /tensor "fc2.bias": element 13 is NaN; .*diverged/,
      );
    }));
});

import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { readLabels } from "../../lib/cli/labels.js";
import { defineNetwork } from "../../lib/network/define.js";
import type { Network } from "../../lib/network/layers.js";
import { saveWeights } from "../../lib/weights/index.js";
import { cliErrors } from "../../lib/errors/cli.js";
import { MODEL_NAMES } from "../../lib/network/variants.js";
import { seededWeights } from "../seeded-weights.js";
import { isFailed, type Row } from "../../lib/scoring/rows.js";
import { errorOf, samples, smallNetwork, smallWeights, withFolder } from "../scoring/small.js";
import { alexnet, linesOf, MAIN, runAll } from "./command.js";

const fully = { type: "fully-connected", name: "fc1", outFeatures: 2 };
const networkOf = (input: number[], ...layers: unknown[]): Network =>
  defineNetwork({ name: "odd", input, layers });

/** What is typed in a folder with the weight files of `prepare`; what stderr says. */
const CANNOT_RUN: [line: string, text: string][] = [
  [
    "summary --weights missing",
    "missing: cannot be read (ENOENT: no such file or directory, stat 'missing'); check the path and its permissions",
  ],
  [
    "score a.jpg --weights bare.safetensors",
    "bare.safetensors: it does not say how images are prepared for its network; name a published one with --model," +
      ` one of ${MODEL_NAMES.join(", ")}, or save the preprocessing with the weights`,
  ],
  [
    "score a.jpg --weights small.safetensors --labels missing.txt",
    "missing.txt: the labels cannot be read (ENOENT: no such file or directory, open 'missing.txt'); check the path",
  ],
  [
    "score a.jpg --weights small.safetensors --labels labels.json",
    "labels.json: the labels are [1,2]; they must be one a line, or a JSON array of strings",
  ],
  [
    "score a.jpg --weights small.safetensors --labels torn.json",
    "torn.json: the labels are no whole JSON array; they must be one a line, or a JSON array of strings",
  ],
  [
    "score a.jpg --weights small.safetensors --out labels.json",
    "labels.json: the file exists with 5 bytes; an output must be new or empty; finish it with --resume" +
      " (`resume: true`), or remove it",
  ],
  [
    "features a.jpg --weights small.safetensors --layer fc2 --out none/a.npy",
    "none/a.npy.rows.ndjson: cannot be written (ENOENT: no such file or directory, open 'none/a.npy.rows.ndjson.PID.tmp');" +
      " check the folder, its permissions and its free space",
  ],
  [
    "features a.jpg --weights small.safetensors --layer fc2 --out folder",
    "folder: it is a folder; give the path of the file to write",
  ],
  ...[
    "features a.jpg --weights small.safetensors --layer fc2 --out ./small.safetensors",
    "filters --weights small.safetensors --out ./small.safetensors",
    "convert small.safetensors ./small.safetensors",
  ].map((line): [line: string, text: string] => [
    line,
    "./small.safetensors: it is the same file as small.safetensors, which is read; give the path of another file",
  ]),
  [
    "filters --weights small.safetensors --out none/a.png",
    "none/a.png: cannot be written (ENOENT: no such file or directory, open 'none/a.png');" +
      " check the folder, its permissions and its free space",
  ],
  [
    "filters --weights two.safetensors --out a.png",
    "network odd: its first convolution reads 2 channels; only kernels over one grey or three colour channels can be" +
      " drawn; use a network that takes images",
  ],
  [
    "filters --weights flat.safetensors --out a.png",
    "network odd: it has no convolution; there are no kernels to draw",
  ],
];

/** All that is in the folder afterwards too: who cannot run leaves nothing behind. */
const FILES = [
  "small.safetensors",
  "bare.safetensors",
  "two.safetensors",
  "flat.safetensors",
  "labels.json",
  "torn.json",
  "folder",
];

async function prepare(folder: string): Promise<void> {
  const conv = { type: "convolution", name: "conv1", outChannels: 2, kernel: 3 };
  await saveWeights(`${folder}/small.safetensors`, smallWeights());
  await saveWeights(`${folder}/bare.safetensors`, seededWeights(smallNetwork()));
  await saveWeights(`${folder}/two.safetensors`, seededWeights(networkOf([2, 5, 5], conv)));
  await saveWeights(`${folder}/flat.safetensors`, seededWeights(networkOf([3, 5, 5], fully)));
  await mkdir(`${folder}/folder`);
  await writeFile(`${folder}/labels.json`, "[1,2]");
  await writeFile(`${folder}/torn.json`, '["cat", ');
}

describe("alexnet, what cannot run", () => {
  const isRoot = process.getuid?.() === 0;

  it("is told with exit code 3, one line on stderr and nothing on stdout", async () => {
    await withFolder(async (cwd) => {
      await prepare(cwd);
      const ended = await runAll(
        CANNOT_RUN.map(([line]) => line),
        { cwd },
      );
      CANNOT_RUN.forEach(([line, problem], at) => {
        const { code, stdout, stderr } = ended[at];
        const told = stderr.replace(/\.\d+\.tmp'/, ".PID.tmp'");
        expect([code, stdout, told], line).to.deep.equal([3, "", `alexnet: ${problem}\n`]);
      });
      expect(await readdir(cwd, { recursive: true })).to.have.members(FILES);
    });
  });

  it("says which folder cannot be read", async () => {
    await withFolder(async (cwd) => {
      await saveWeights(`${cwd}/small.safetensors`, smallWeights());
      await mkdir(`${cwd}/locked`);
      await chmod(`${cwd}/locked`, 0);
      const { code, stdout, stderr } = await alexnet("score locked --weights small.safetensors".split(" "), {
        cwd,
      });
      // root may read everything, and then finds no image
      const problem = isRoot ? "locked: the folder holds no image" : "locked: the folder cannot be read";
      expect([code, stdout]).to.deep.equal([isRoot ? 2 : 3, ""]);
      expect(stderr).to.match(new RegExp(`^alexnet: ${problem}`));
    });
    const { code, message } = cliErrors.folder("photos", new Error("EACCES"));
    expect([code, message]).to.deep.equal([
      "IMAGE_UNREADABLE",
      "photos: the folder cannot be read (EACCES); check its permissions",
    ]);
  });

  const itHasFull = existsSync("/dev/full") ? it : undefined;
  itHasFull?.("says that stdout is full", async () => {
    const line = `exec "$0" "$1" summary > /dev/full`;
    const child = spawn("sh", ["-c", line, process.execPath, MAIN]);
    const ended = once(child, "close");
    expect(await text(child.stderr)).to.match(
      /^alexnet: stdout: cannot be written \(ENOSPC: [^\n]*\); check the folder, [^\n]*\n$/,
    );
    expect(await ended).to.deep.equal([3, null]);
  });

  it("keeps what the parser says of labels", async () => {
    await withFolder(async (folder) => {
      await prepare(folder);
      const error = await errorOf(readLabels(`${folder}/torn.json`));
      expect((error as Error).cause).to.be.instanceOf(SyntaxError);
    });
  });

  it("says how the rows that are there differ", () => {
    const was = { index: 5, probability: 0.25 };
    const { code, message } = cliErrors.resumedDiffers("rows", "a.jpg", was, { index: 3, probability: 0.5 });
    expect([code, message]).to.deep.equal([
      "OUTPUT_INVALID",
      "rows: its row of a.jpg has class 5 with 0.25, where this run gives class 3 with 0.5; only an output of the same" +
        " weights, images and options can be resumed; repeat them as they were, or give another file",
    ]);
  });

  it("gives a row to a folder inside that cannot be read, and scores the others", async () => {
    await withFolder(async (cwd) => {
      await saveWeights(`${cwd}/small.safetensors`, smallWeights());
      await mkdir(`${cwd}/photos/locked`, { recursive: true });
      await chmod(`${cwd}/photos/locked`, 0);
      await symlink(samples[0], `${cwd}/photos/z.jpg`);
      const { code, stdout } = await alexnet("score photos --weights small.safetensors".split(" "), { cwd });
      const rows = linesOf(stdout).map((line) => JSON.parse(line) as Row);
      const told = rows.map((row) => [row.path, isFailed(row) ? row.error.message : "scored"]);
      const locked = [
        "photos/locked",
        "photos/locked: the path is a directory that cannot be read; an image must be a regular file;" +
          " give the path of one image",
      ];
      // root may read everything, and then finds no image in it
      expect(told).to.deep.equal([...(isRoot ? [] : [locked]), ["photos/z.jpg", "scored"]]);
      expect(code).to.equal(isRoot ? 0 : 1);
    });
  });
});

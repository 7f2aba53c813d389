import { expect } from "chai";
import { MODEL_NAMES } from "../../lib/network/variants.js";
import { smallWeights, withFolder } from "../scoring/small.js";
import { saveWeights } from "../../lib/weights/index.js";
import { alexnet, runAll } from "./command.js";

const COMMANDS = [
  "score",
  "features",
  "train",
  "eval",
  "summary",
  "plan",
  "init",
  "pull",
  "convert",
  "filters",
  "report",
  "bench",
];
const MODELS = MODEL_NAMES.join(", ");

/** What is typed, in a folder with small.safetensors and an empty folder "empty"; what stderr says. */
const REFUSED: [line: string, text: string][] = [
  ["scor photos", "unknown command 'scor' (Did you mean score?); see alexnet --help"],
  ["--bogus", "unknown option '--bogus'; see alexnet --help"],
  ["score", "required option '--weights <file>' not specified; see alexnet score --help"],
  ["score --weights small.safetensors", "missing required argument 'path'; see alexnet score --help"],
  [
    "summary caffenet",
    "too many arguments for 'summary'. Expected 0 arguments but got 1; see alexnet summary --help",
  ],
  ["plan --thread 2", "unknown option '--thread' (Did you mean --threads?); see alexnet plan --help"],
  ["init --model caffenet --seed 1", "required option '--out <file>' not specified; see alexnet init --help"],
  ["convert a.pth", "missing required argument 'out'; see alexnet convert --help"],
  ["convert a.pth b --dtype f16", '--dtype: got "f16"; it must be one of f32, bf16'],
  [
    "convert small.safetensors b.onnx --dtype bf16",
    "--dtype: not together with b.onnx: ONNX models are written in float32; leave one out",
  ],
  ["summary --model alexnet", `--model: got "alexnet"; it must be one of ${MODELS}`],
  ["plan --threads 65", '--threads: got "65"; it must be a whole number from 1 to 64'],
  ["plan --threads two", '--threads: got "two"; it must be a whole number from 1 to 64'],
  ["plan --batch 0", '--batch: got "0"; it must be a whole number from 1 to 4096'],
  ["plan --batch 1.5", '--batch: got "1.5"; it must be a whole number from 1 to 4096'],
  ["plan --kernels fast", '--kernels: got "fast"; it must be one of auto, wide, relaxed, baseline'],
  ...[
    "score a.jpg --weights small.safetensors",
    "features a.jpg --weights small.safetensors",
    "plan",
    "bench",
  ].map((command): [line: string, text: string] => [
    `${command} --fc-weights bf16`,
    '--fc-weights: got "bf16"; it must be one of float32, bfloat16',
  ]),
  ["bench --kernels fast", '--kernels: got "fast"; it must be one of auto, wide, relaxed, baseline'],
  ["bench --seconds 0", '--seconds: got "0"; it must be a whole number from 1 to 3600'],
  [
    "init --model caffenet --seed -1 --out w",
    '--seed: got "-1"; it must be a whole number from 0 to 9007199254740991',
  ],
  ["score a.jpg --weights small.safetensors --crops 5", '--crops: got "5"; it must be one of 1, 10'],
  [
    "score a.jpg --weights small.safetensors --format xml",
    '--format: got "xml"; it must be one of ndjson, csv',
  ],
  [
    "score a.jpg --weights small.safetensors --top 8",
    "--top: got 8; it must be a whole number from 1 to 7, the network's classes",
  ],
  [
    "score a.jpg --weights small.safetensors --resume",
    "--resume: needs --out: the rows on stdout are gone when a run is stopped",
  ],
  [
    "score a.jpg --weights small.safetensors --logits --crops 10",
    "logits: got true with 10 crops, whose probabilities are averaged after softmax; logits must be those of one" +
      " crop; set crops to 1 or leave logits out",
  ],
  ["score - - --weights small.safetensors", "PATH: got - twice; stdin can be read once; write it once"],
  [
    "score - --weights small.safetensors",
    "PATH: the list on stdin is empty; it must hold the path of an image a line",
  ],
  [
    "score *.tiff --weights small.safetensors",
    "*.tiff: no file matches this pattern; check it, and quote it so that the shell leaves it alone",
  ],
  [
    "score . --weights small.safetensors",
    ".: the folder holds no image; one must end in .jpg, .jpeg, .png, .gif, .webp, .tif, .tiff, .avif;" +
      " name other files one by one",
  ],
  [
    "features a.jpg --weights small.safetensors --layer fc9 --out a.npy",
    'layers: "fc9" is not a layer of the network; it must be one of conv1, relu1, pool1, flatten, fc2, prob',
  ],
];

describe("alexnet, usage", () => {
  it("refuses what cannot be meant with exit code 2, one line on stderr and nothing on stdout", async () => {
    await withFolder(async (cwd) => {
      await saveWeights(`${cwd}/small.safetensors`, smallWeights());
      const ended = await runAll(
        REFUSED.map(([line]) => line),
        { cwd },
      );
      REFUSED.forEach(([line, text], at) => {
        const { code, stdout, stderr } = ended[at];
        expect([code, stdout, stderr], line).to.deep.equal([2, "", `alexnet: ${text}\n`]);
      });
    });
  });

  it("without a command shows the help on stderr, and that one is needed", async () => {
    const { code, stdout, stderr } = await alexnet([]);
    expect([code, stdout]).to.deep.equal([2, ""]);
    expect(stderr)
      .to.match(/^Usage: alexnet/)
      .and.match(/\nalexnet: no command is given; see alexnet --help\n$/);
  });

  it("shows help with examples for every command, and lists all but the demonstration", async () => {
    const { code, stdout, stderr } = await alexnet(["--help"]);
    expect([code, stderr]).to.deep.equal([0, ""]);
    const listed = [...stdout.matchAll(/^ {2}(\w+) [[<]/gm)].map(([, name]) => name);
    expect(listed).to.deep.equal(COMMANDS);
    const helps = await runAll(COMMANDS.map((command) => `${command} --help`));
    COMMANDS.forEach((command, at) => {
      const help = helps[at];
      expect([help.code, help.stderr], command).to.deep.equal([0, ""]);
      expect(help.stdout).to.match(new RegExp(`^Usage: alexnet ${command}`));
      expect(help.stdout).to.match(new RegExp(`\nExamples:\n(.*\n)*  \\$ .*alexnet ${command} ?`));
    });
  });

  it("prints its version", async () => {
    const { code, stdout } = await alexnet(["--version"]);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^\d+\.\d+\.\d+\n$/);
  });
});

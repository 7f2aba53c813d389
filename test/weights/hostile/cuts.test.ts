/** Files that are cut off, at every length. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { caffeFixture } from "../helpers/caffe.js";
import { fixture } from "../helpers/files.js";
import { onnxFixture } from "../helpers/onnx.js";
import { FILE_OF, FORMATS, counted } from "./formats.js";
import { Judge } from "./judge.js";

/** What a message names: a place in the file, or what is missing. */
const PLACE =
  /\b(bytes?|offset|header|size|archive|record|storage|member|length|layers?|field|opset|tensors?|missing|closest is)\b/;

describe("files that are cut off", () => {
  const judge = Judge.ofSuite();

  for (const format of FORMATS)
    it(`${format}: are refused at every length`, () =>
      judge.refusesCuts(FILE_OF[format]("w", counted(3)), PLACE));

  for (const path of [
    ...[
      "plain-0.safetensors",
      "torch-tied.pth",
      "legacy-tied.pth",
      "legacy-python2.pth",
      "tar-tied.pth",
      "numpy-layers2.npy",
      "numpy-python2.npy",
      "numpy-stored.npz",
      "numpy-packed.npz",
    ].map(fixture),
    ...["v1-deploy", "later-unpacked"].map((name) => caffeFixture(`${name}.caffemodel`)),
    onnxFixture("conv-group"),
  ])
    it(`as their own tools write them are refused at every length: ${basename(path)}`, async () =>
      judge.refusesCuts(await readFile(path), PLACE));
});

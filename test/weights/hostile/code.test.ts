/** Nothing that a file names is run, looked up or opened. */
import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { AlexNetError } from "../../../lib/errors/base.js";
import { loadWeights } from "../../../lib/weights/load.js";
import { NUMPY_GLOBALS } from "../../../lib/weights/numpy/ndarray.js";
import { TORCH_GLOBALS } from "../../../lib/weights/torch/torch-rebuild.js";
import { op, pickleBytes, zipBytes } from "../helpers/build.js";
import { tarBytes, tarParts } from "../helpers/build-old-torch.js";
import { inFolder, withFile } from "../helpers/files.js";
import { bytes, int, onnxBytes, tensor, text } from "../helpers/onnx.js";
import { PICKLE_AT, PICKLED, raw, TORCH, type TorchFormat } from "./formats.js";
import { itRefuses, Judge, type HostileCase } from "./judge.js";

const PICKLES: readonly (TorchFormat | "npy")[] = [...TORCH, "npy"];
const NEED: Readonly<Record<TorchFormat | "npy", string>> = {
  "torch-zip": "a state dict does not need; save it with torch.save(model.state_dict(), path)",
  "torch-legacy": "a state dict does not need; save it with torch.save(model.state_dict(), path)",
  "torch-tar": "a state dict does not need; save it with torch.save(model.state_dict(), path)",
  npy: "a dict of arrays does not need; save the arrays with np.savez, named LAYER.weight and LAYER.bias",
};

/** What is called in pickles that were made to do harm, and names that nearly are some that are known. */
const HARMFUL: readonly (readonly [module: string, name: string])[] = [
  ["posix", "system"],
  ["nt", "system"],
  ["os", "popen"],
  ["subprocess", "Popen"],
  ["builtins", "eval"],
  ["builtins", "exec"],
  ["builtins", "getattr"],
  ["__builtin__", "eval"],
  ["operator", "attrgetter"],
  ["torch.hub", "load"],
  ["torch.jit.unsupported_tensor_ops", "execWrapper"],
  ["torch.storage", "_load_from_bytes"],
  ["numpy", "load"],
  ["numpy.core.multiarray", "fromfile"],
  ["collections", "ordereddict"],
  ["collections", "OrderedDict.__init__"],
  ["torch", "FloatStorage.__reduce__"],
  ["torch._utils._rebuild_tensor_v2", "__globals__"],
  ["torch._utils", "_rebuild_tensor_v3"],
  ["", ""],
];

const imports = (format: TorchFormat | "npy"): readonly HostileCase[] =>
  HARMFUL.map(([module, name]) => [
    format,
    `a call of ${module}.${name}`,
    () => PICKLED[format](raw(op.global(module, name), op.tuple(op.text("touch ran")), "R")),
    `FILE: ${PICKLE_AT[format][0]} byte ${PICKLE_AT[format][1]} wants to import ${JSON.stringify(`${module}.${name}`)}, which ${NEED[format]}`,
  ]);

itRefuses("imports of a pickle", PICKLES.flatMap(imports));

/** Every opcode of Python's pickletools that is known here, by its byte. */
const KNOWN = Buffer.from("(.KMJGNX]}ahjqrtsuebcRQ)U\x80\x81\x85\x86\x87\x88\x89\x8a", "latin1");
const STRINGS = Buffer.from("TCB");

describe("opcodes of a pickle", () => {
  const judge = Judge.ofSuite();
  for (const format of PICKLES)
    it(`${format}: all but the known ones are refused by their number`, async () => {
      const known = new Set(format === "npy" ? [...KNOWN, ...STRINGS] : KNOWN);
      const [name, at] = PICKLE_AT[format];
      for (let opcode = 0; opcode < 256; opcode++) {
        // behind values that most of them could be done with
        const pickle = raw("NN(NN", opcode, Buffer.alloc(8));
        const number = opcode.toString(16).padStart(2, "0");
        const refusal = `FILE: ${name} byte ${at + 5} holds opcode 0x${number}, which ${NEED[format]}`;
        const escaped = refusal.replace(/[.()[\]]/g, "\\$&");
        if (known.has(opcode))
          await judge.refuses(PICKLED[format](pickle), new RegExp(`^(?!${escaped}$)FILE: `));
        else await judge.refuses(PICKLED[format](pickle), refusal);
      }
    });
});

describe("names that a pickle may import", () => {
  it("are these, and none of them makes anything but tensors and dicts", () => {
    const storages = ["Float", "Half", "BFloat16", "Double", "Long"].map((type) => `torch ${type}Storage`);
    expect([...TORCH_GLOBALS]).to.have.members([
      "collections OrderedDict",
      "torch._utils _rebuild_parameter",
      "torch._utils _rebuild_tensor",
      "torch._utils _rebuild_tensor_v2",
      "torch.nn.parameter Parameter",
      ...storages,
    ]);
    expect([...NUMPY_GLOBALS]).to.have.members([
      "numpy.core.multiarray _reconstruct",
      "numpy._core.multiarray _reconstruct",
      "numpy ndarray",
      "numpy dtype",
      "_codecs encode",
    ]);
  });
});

const PLAIN = 'a relative path of up to 255 characters without "..", "\\" or control characters';
const PATHS = ["/etc/passwd", "../w", "a/../../w", "C:\\w"];

itRefuses("paths in an archive", [
  ...PATHS.map((name): HostileCase => [
    "torch-zip",
    name,
    () => zipBytes([{ name, data: pickleBytes(op.dict()) }]),
    `FILE: zip entry 0: name is ${JSON.stringify(name)}; it must be ${PLAIN}; the file is damaged, get it again`,
  ]),
  ...PATHS.map((name): HostileCase => [
    "torch-tar",
    name,
    () =>
      tarBytes([
        { name },
        ...Object.entries(tarParts()).map(([member, data]: [string, Buffer]) => ({ name: member, data })),
      ]),
    `FILE: member ${JSON.stringify(name)} is none of sys_info, pickle, tensors, storages; give the file that torch.save wrote`,
  ]),
  ...(["1", "2", "3", "5"] as const).map((type): HostileCase => [
    "torch-tar",
    `a link, a device or a folder (type ${type})`,
    () => tarBytes([{ name: "pickle", type }]),
    `FILE: member "pickle" is of type "${type}", not a plain file ("0"); give the file that torch.save wrote`,
  ]),
  ...[...PATHS, "w", "weights.bin"].map((location): HostileCase => [
    "onnx",
    `data in ${location}`,
    () => {
      const entry = (key: string, content: string) => bytes(13, text(1, key), text(2, content));
      const external = Buffer.concat([entry("location", location), int(14, 1)]);
      return onnxBytes({ tensors: [tensor({ data: external })] });
    },
    /^FILE: tensor "w".* in another file.*--external-data/,
  ]),
]);

describe("what is beside a hostile file", () => {
  it("stays as it is: nothing is written, and no archive is unpacked", () =>
    inFolder(async (folder) => {
      const before = process.cwd();
      await mkdir(join(folder, "empty"));
      process.chdir(join(folder, "empty"));
      try {
        for (const format of PICKLES)
          await withFile(
            PICKLED[format](raw(op.global("posix", "system"), op.tuple(op.text("touch ran")), "R")),
            (path) =>
              loadWeights(path).then(
                () => expect.fail("was read"),
                (error: unknown) => expect(error).to.be.instanceOf(AlexNetError),
              ),
          );
        expect(await readdir(".")).to.deep.equal([]);
        expect(existsSync(join(folder, "ran"))).to.be.false;
      } finally {
        process.chdir(before);
      }
    }));
});

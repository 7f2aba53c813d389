/** Every text of lib/errors/weights.ts, as its factory makes it; the other tests of this folder meet them in files. */
import { expect } from "chai";
import type { AlexNetError, ErrorCode } from "../../lib/errors/base.js";
import { weightsErrors } from "../../lib/errors/weights.js";

const cause = new Error("EIO: i/o error");
const misfits = [
  { name: "a", got: [1, 2], want: [2, 1] },
  { name: "b", want: [3] },
  { name: "c", got: [4] },
];
const MISFITS = "a is [1, 2], must be [2, 1]; b is missing ([3]); c [4] is unknown";

/** By factory, so that the compiler misses one that is not here. */
const TEXTS: Record<
  keyof typeof weightsErrors,
  readonly [error: AlexNetError, code: ErrorCode, text: string]
> = {
  unreadable: [
    weightsErrors.unreadable("f", cause),
    "WEIGHTS_UNREADABLE",
    "f: cannot be read (EIO: i/o error); check the path and its permissions",
  ],
  notAFile: [
    weightsErrors.notAFile("f"),
    "WEIGHTS_UNREADABLE",
    "f: is not a regular file; give the path of a weight file",
  ],
  changed: [
    weightsErrors.changed("f"),
    "WEIGHTS_UNREADABLE",
    "f: its size or time changed since it was loaded; load it again",
  ],
  endsEarly: [
    weightsErrors.endsEarly("f", 8, 16, 4),
    "WEIGHTS_UNREADABLE",
    "f: ended while being read: 4 of 16 bytes at offset 8; load it again when nobody writes it",
  ],
  unrecognised: [
    weightsErrors.unrecognised("f", Uint8Array.of(0xca, 0xfe), ["safetensors", "torch-zip"]),
    "WEIGHTS_INVALID",
    "f: starts with bytes cafe, no format that is read; known are safetensors, torch-zip; convert it to safetensors",
  ],
  unsupported: [
    weightsErrors.unsupported("f", "a gzip file", "unpack it first"),
    "WEIGHTS_INVALID",
    "f: is a gzip file, which is not read; unpack it first",
  ],
  field: [
    weightsErrors.field("f", "shape", [0], "whole numbers from 1"),
    "WEIGHTS_INVALID",
    "f: shape is [0]; it must be whole numbers from 1; the file is damaged, get it again",
  ],
  broken: [
    weightsErrors.broken("f", "the zip archive", "has no end"),
    "WEIGHTS_INVALID",
    "f: the zip archive has no end; the file is damaged, get it again",
  ],
  checksum: [
    weightsErrors.checksum("f", "r/a", 0xbeef, 7),
    "WEIGHTS_INVALID",
    'f: member "r/a": CRC-32 of its bytes is 0x0000beef; it must be 0x00000007, as the directory says; the file is' +
      " damaged, get it again",
  ],
  refused: [
    weightsErrors.refused("f", "the pickle", "is too long", "save less"),
    "WEIGHTS_INVALID",
    "f: the pickle is too long; save less",
  ],
  dtype: [
    weightsErrors.dtype("f", "a", "I64", ["F32", "F16"]),
    "WEIGHTS_INVALID",
    'f: tensor "a": dtype is "I64"; it must be one of F32, F16; convert it to F32',
  ],
  layers: [
    weightsErrors.layers("f", cause),
    "WEIGHTS_INVALID",
    "f: its layers make no network: EIO: i/o error; use weights of a network that can be computed",
  ],
  duplicate: [
    weightsErrors.duplicate("f", "a"),
    "WEIGHTS_INVALID",
    'f: tensor "a" is there twice; names must differ; remove or rename one',
  ],
  notFinite: [
    weightsErrors.notFinite("f", "a", 7, NaN),
    "WEIGHTS_INVALID",
    'f: tensor "a": element 7 is NaN; every value must be finite as float32; training diverged or the file is damaged',
  ],
  metadata: [
    weightsErrors.metadata("f", "__metadata__ labels", cause),
    "WEIGHTS_INVALID",
    "f: __metadata__ labels: EIO: i/o error; save the weights again",
  ],
  metadataField: [
    weightsErrors.metadataField("size", 0, "a whole number from 1"),
    "WEIGHTS_INVALID",
    "size is 0; it must be a whole number from 1",
  ],
  outOfRange: [
    weightsErrors.outOfRange("f", "a", 2, 3, 4),
    "WEIGHTS_MISMATCH",
    'f: tensor "a": elements 2 to 5 were asked for; it has 4; ask for a range inside',
  ],
  noColumns: [
    weightsErrors.noColumns("f", "a"),
    "WEIGHTS_MISMATCH",
    'f: tensor "a": columns were asked for; it does not lie column by column; read its rows',
  ],
  unknownTensor: [
    weightsErrors.unknownTensor("f", "a"),
    "WEIGHTS_MISMATCH",
    'f: tensor "a" was asked for; it is not there; ask for a name in tensors',
  ],
  mismatch: [
    weightsErrors.mismatch("f", "caffenet", misfits),
    "WEIGHTS_MISMATCH",
    `f: does not fit caffenet: ${MISFITS}; choose another --model (\`network\`) or file`,
  ],
  fitsNone: [
    weightsErrors.fitsNone("f", ["caffenet", "torchvision"], "caffenet", misfits),
    "WEIGHTS_MISMATCH",
    `f: fits none of caffenet, torchvision; closest is caffenet: ${MISFITS}; give the \`network\` that it was made for`,
  ],
  ambiguous: [
    weightsErrors.ambiguous("f", ["caffenet", "bvlc-alexnet"]),
    "WEIGHTS_AMBIGUOUS",
    "f: its tensors fit caffenet, bvlc-alexnet alike, and their results differ; say which with --model (`network`)",
  ],
  tensorInput: [
    weightsErrors.tensorInput("a", "shape", [0], "whole numbers from 1"),
    "INPUT_INVALID",
    'tensor "a": shape is [0]; it must be whole numbers from 1',
  ],
  seed: [
    weightsErrors.seed(-1),
    "OPTION_INVALID",
    "seed: got -1; it must be a whole number from 0 to 2^53 - 1",
  ],
  writtenType: [
    weightsErrors.writtenType("F16", ["F32", "BF16"]),
    "OPTION_INVALID",
    'dtype: got "F16"; it must be one of F32, BF16',
  ],
  meanUnrecognised: [
    weightsErrors.meanUnrecognised("f", Uint8Array.of(0xca, 0xfe)),
    "WEIGHTS_INVALID",
    "f: starts with bytes cafe; a mean must be a .binaryproto of Caffe or a .npy; give such a file",
  ],
  meanField: [
    weightsErrors.meanField("f", "shape", [2], "[3, S, S]"),
    "WEIGHTS_INVALID",
    "f: shape of the mean is [2]; it must be [3, S, S]; save the mean so",
  ],
  meanSize: [
    weightsErrors.meanSize("f", [3, 8, 8], 256),
    "INPUT_INVALID",
    "f: the mean image is [3, 8, 8]; it must be [3, 256, 256], the size to which images are resized; give the mean" +
      " that these weights were trained with, or its colour",
  ],
  meanOfGrey: [
    weightsErrors.meanOfGrey("f"),
    "INPUT_INVALID",
    "f: the mean is of three channels; the preprocessing's channels are grey, which need one number; leave the mean of" +
      " these weights as it is",
  ],
  metadataTooLarge: [
    weightsErrors.metadataTooLarge("f", "the header", 9, 8),
    "WEIGHTS_UNWRITABLE",
    "f: the header would have 9 bytes; readers take at most 8; take the mean image (preprocessing.meanImage) out, so" +
      " that its mean colour stands for it, or write fewer labels",
  ],
  unwritable: [
    weightsErrors.unwritable("f", cause),
    "WEIGHTS_UNWRITABLE",
    "f: cannot be written (EIO: i/o error); check the folder, its permissions and its free space",
  ],
  tooLargeForBF16: [
    weightsErrors.tooLargeForBF16("f", "a", 1, 3.4e38),
    "WEIGHTS_UNWRITABLE",
    'f: tensor "a": element 1 is 3.4e+38, past the largest BF16; write it as F32',
  ],
};

describe("errors of weights", () => {
  for (const [factory, [error, code, text]] of Object.entries(TEXTS))
    it(`${factory}: ${text}`, () => {
      expect(error).to.include({ code, message: text });
    });

  it("checksum: what PyTorch wrote without any is to be saved with them", () => {
    expect(weightsErrors.checksum("f", "r/a", 0xbeef, 0).message).to.equal(
      'f: member "r/a": CRC-32 of its bytes is 0x0000beef; it must be 0x00000000, as the directory says; save it with' +
        " torch.utils.serialization.config.save.compute_crc32 = True, or get it again if it is damaged",
    );
  });

  it("keep their cause", () => {
    for (const [error] of [TEXTS.unreadable, TEXTS.metadata, TEXTS.layers, TEXTS.unwritable])
      expect(error.cause).to.equal(cause);
  });

  it("are all pinned here", () => {
    expect(Object.keys(TEXTS)).to.have.members(Object.keys(weightsErrors));
  });
});

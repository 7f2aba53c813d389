/** .npy files of layers that are built wrong. */
import { loadWeights } from "../../lib/weights/index.js";
import { floats, op } from "./helpers/build.js";
import { expectError, readAll, withFile } from "./helpers/files.js";
import {
  arrayPickle,
  byteString,
  headerText,
  holder,
  layersNpy,
  list,
  npyHeader,
  objectNpy,
  PAIR,
  type ArrayParts,
} from "./helpers/numpy.js";

const damaged = "; the file is damaged, get it again";
const savez = "; save the arrays with np.savez, named LAYER.weight and LAYER.bias";

const refuse = (bytes: Uint8Array, text: string | RegExp) =>
  withFile(bytes, (path) => expectError(loadWeights(path), "WEIGHTS_INVALID", text, path));

describe("arrays in a pickle", () => {
  const state = " is not that of an ndarray of version 1" + damaged;
  const text = (value: string) =>
    op.reduce(op.global("_codecs", "encode"), op.tuple(op.text(value), op.text("latin1")));
  const sizes = `up to 8 whole numbers from 1 with a product of at most 67108864${damaged}`;
  const arrays: readonly [parts: ArrayParts, text: string][] = [
    [{ version: 2 }, `: state${state}`],
    [{ shape: [0] }, `: shape is [0]; it must be ${sizes}`],
    [{ shape: [-1] }, `: shape is [-1]; it must be ${sizes}`],
    [{ shape: [2 ** 30, 2 ** 30] }, `: shape is [1073741824,1073741824]; it must be ${sizes}`],
    [{ shape: Array<number>(9).fill(1) }, `: shape is [1,1,1,1,1,1,1,1,1]; it must be ${sizes}`],
    [{ shape: op.tuple(op.none) }, `: shape is ["None"]; it must be ${sizes}`],
    [{ shape: op.int(2) }, `: shape is "a number"; it must be ${sizes}`],
    [{ fortran: op.none }, `: is_fortran is "None"; it must be True or False${damaged}`],
    [{ dtype: op.none }, `: dtype is None without a name and an order of bytes${damaged}`],
  ];
  for (const [parts, problem] of arrays)
    it(`refuses biases with${problem}`, () =>
      refuse(
        layersNpy(["fc7", arrayPickle({ shape: [1, 2] }), arrayPickle(parts)]),
        `FILE: layer "fc7": bias${problem}`,
      ));

  const data: readonly [parts: ArrayParts, text: string][] = [
    [{ dtype: ["<", "i8"] }, ': dtype is "<i8"; it must be one of <f4, <f8, <f2; convert it to F32'],
    [{ dtype: [">", "f4"] }, ': dtype is ">f4"; it must be one of <f4, <f8, <f2; convert it to F32'],
    [{ shape: [3] }, `: data: length is 8; it must be 12, as its shape and dtype need${damaged}`],
    [{ raw: text("abc") }, `: data: length is 3; it must be 8, as its shape and dtype need${damaged}`],
    [
      { raw: text("x".repeat(300)) },
      `: data: length is 300; it must be 8 to 16, as its shape and dtype need${damaged}`,
    ],
    [{ raw: text("\u0100") }, `: data holds a character that is no byte (U+0000 to U+00FF)${damaged}`],
    [{ raw: op.none }, `: data is None, not a string of bytes${damaged}`],
  ];
  for (const [parts, problem] of data)
    it(`refuses a tensor with${problem}`, () =>
      refuse(
        layersNpy(["fc7", arrayPickle({ shape: [1, 2] }), arrayPickle(parts)]),
        `FILE: tensor "fc7.bias"${problem}`,
      ));

  it("finds wrong characters in a long text when it is read", async () => {
    const cases: readonly [value: string, text: string][] = [
      ["\u0100".repeat(150), ` holds a character that is no byte (U+0000 to U+00FF)${damaged}`],
      ["a".repeat(300), `: characters is 300; it must be 160, as its shape and dtype need${damaged}`],
      [
        "é".repeat(100) + "a".repeat(59),
        `: characters is 159; it must be 160, as its shape and dtype need${damaged}`,
      ],
    ];
    for (const [value, problem] of cases)
      await withFile(
        layersNpy(["fc7", arrayPickle({ shape: [1, 2] }), arrayPickle({ shape: [40], raw: text(value) })]),
        async (path) =>
          expectError(
            readAll(await loadWeights(path)),
            "WEIGHTS_INVALID",
            `FILE: tensor "fc7.bias": data${problem}`,
            path,
          ),
      );
  });

  const next = "; save {layer: [weights, biases]}, or the arrays with np.savez";
  const pair = arrayPickle({ shape: [1, 2] });
  const structures: readonly [title: string, bytes: Buffer, text: string][] = [
    ["no dict", objectNpy(holder(op.int(3))), `the array holds a number, not a dict of layers${next}`],
    [
      "a key that is no string",
      objectNpy(holder(op.dict(op.int(3), list(pair, arrayPickle())))),
      "the dict has a number as a key; name layers by strings",
    ],
    [
      "three arrays",
      objectNpy(holder(op.dict(op.text("a"), list(pair, pair, pair)))),
      `layer "a" is a list of 3, not [weights, biases]${next}`,
    ],
    [
      "no arrays",
      objectNpy(holder(op.dict(op.text("a"), list(op.none, op.none)))),
      'layer "a": weight is None, not an array; save NumPy arrays alone',
    ],
    [
      "weights of one axis",
      layersNpy(["a", arrayPickle(), arrayPickle()]),
      `layer "a": weight: shape is [2]; it must be of 4 axes [kh, kw, in, out] or 2 [in, out]${damaged}`,
    ],
    [
      "biases of two axes",
      layersNpy(["a", pair, pair]),
      `layer "a": bias: shape is [1,2]; it must be of 1 axis [out]${damaged}`,
    ],
    [
      "fc6 without conv5",
      layersNpy(["fc6", pair, arrayPickle()]),
      `tensor "fc6.weight" has rows in the order of conv5's map, and there is no conv5; save all layers`,
    ],
    [
      "an array with axes",
      objectNpy(arrayPickle({ dtype: ["|", "O8"], raw: list(op.none, op.none) })),
      `the array: shape is [2]; it must be []${damaged}`,
    ],
    [
      "an array of numbers",
      objectNpy(arrayPickle()),
      `the array: dtype is "<f4"; it must be "|O8" or "|O4", that of objects${damaged}`,
    ],
    [
      "no list of objects",
      objectNpy(arrayPickle({ shape: [], dtype: ["|", "O8"] })),
      `the array has a string of 8 bytes, not a list of one object${damaged}`,
    ],
    [
      "a list that holds itself",
      objectNpy(holder(Buffer.from("]q\0h\0a"))),
      `the array holds a list of 1, not a dict of layers${next}`,
    ],
  ];
  for (const [title, bytes, problem] of structures)
    it(`refuses ${title}`, () => refuse(bytes, `FILE: ${problem}`));

  it("refuses fc6 whose rows are no square map", () =>
    refuse(
      layersNpy(
        ["conv5", arrayPickle({ shape: [1, 1, 1, 2] }), arrayPickle()],
        [
          "fc6",
          arrayPickle({ shape: [6, 1], raw: byteString(floats(1, 2, 3, 4, 5, 6)) }),
          arrayPickle({ shape: [1], raw: byteString(floats(1)) }),
        ],
      ),
      `FILE: tensor "fc6.weight": rows is 6; it must be a square map of 2 channels, as conv5 gives${damaged}`,
    ));

  const start = npyHeader(headerText("|O", "()")).length;
  const opcodes: readonly [title: string, pickle: Buffer, text: string][] = [
    [
      "a call of the system",
      op.reduce(op.global("posix", "system"), op.tuple(op.text("id"))),
      `byte ${start + 2} wants to import "posix.system", which a dict of arrays does not need${savez}`,
    ],
    [
      "a helper of NumPy that runs code",
      op.global("numpy.testing._private.utils", "runstring"),
      `byte ${start + 2} wants to import "numpy.testing._private.utils.runstring", which a dict of arrays does not need${savez}`,
    ],
    [
      "PyTorch's globals",
      op.global("torch", "FloatStorage"),
      `byte ${start + 2} wants to import "torch.FloatStorage", which a dict of arrays does not need${savez}`,
    ],
    [
      "INST",
      Buffer.from("(ios\nsystem\n"),
      `byte ${start + 3} holds opcode 0x69, which a dict of arrays does not need${savez}`,
    ],
    ["protocol 4", Buffer.from([0x80, 4]), `byte ${start + 2} is of pickle protocol 4, not 2 or 3${savez}`],
    [
      "a byte string past the end",
      byteString(PAIR, 2 ** 32 - 1),
      `byte ${start + 2} needs 4294967295 bytes, 9 are left${damaged}`,
    ],
    [
      "a text past the end",
      Buffer.from("X\xff\xff\xff\xff", "latin1"),
      `byte ${start + 2} needs 4294967295 bytes, 1 are left${damaged}`,
    ],
    [
      "a string of a negative length",
      Buffer.from("T\xff\xff\xff\xff", "latin1"),
      `byte ${start + 2} says a length of -1${damaged}`,
    ],
    ["65 marks", Buffer.from("(".repeat(65)), `byte ${start + 66} nests deeper than 64${damaged}`],
    [
      "a layer twice",
      op.dict(op.text("a"), op.none, op.text("a"), op.none),
      `byte ${start + 18} sets a key that is already there${damaged}`,
    ],
    [
      "a memo bomb",
      Buffer.concat([Buffer.from("]q\0("), Buffer.from("h\0".repeat(200_000)), Buffer.from("e")]),
      `byte ${start + 400_000 - 4} is the last of 200000 opcodes that are read; save the dict of arrays alone`,
    ],
  ];
  for (const [title, pickle, problem] of opcodes)
    it(`refuses ${title}`, () => refuse(objectNpy(pickle), `FILE: the pickle: ${problem}`));

  it("refuses bytes behind the pickle", () => {
    const whole = layersNpy(["fc7", pair, arrayPickle()]);
    return refuse(
      Buffer.concat([whole, PAIR]),
      `FILE: the file goes on behind its pickle's end at byte ${whole.length}${damaged}`,
    );
  });
});

/** Pickles that refer to themselves, or to one thing again and again: what is followed or written out has no end. */
import { op, pickleBytes, torchBytes } from "../helpers/build.js";
import { legacyBytes, list } from "../helpers/build-old-torch.js";
import { arrayPickle, byteString, holder, objectNpy } from "../helpers/numpy.js";
import { PICKLE_AT, PICKLED, raw, TORCH, type TorchFormat } from "./formats.js";
import { itRefuses, type HostileCase } from "./judge.js";

const SAVE = "; save it with torch.save(model.state_dict(), path)";
const ordered = op.global("collections", "OrderedDict");

/** A tuple of itself before, twice, sixty times over: written out, 2^60 items. */
const doubled = raw("Nq", 0, ...Array<Buffer>(60).fill(raw("h", 0, 0x86, "q", 0)));
const doubling = raw(op.text("x"), "q", 0, ...Array<Buffer>(60).fill(raw("h", 0, 0x86, "q", 0)));

const selfIn = (format: TorchFormat): readonly HostileCase[] => [
  [
    format,
    "a list in itself",
    () => PICKLED[format](raw("]q", 0, "h", 0, "a")),
    `FILE: the file holds a list of 1, not a state dict${SAVE}`,
  ],
  [
    format,
    "a state dict in itself",
    () => PICKLED[format](raw("}q", 0, op.text("state_dict"), "h", 0, "s")),
    `FILE: tensor "state_dict" is a dict of 1, not a tensor${SAVE}`,
  ],
  [
    format,
    "a parameter of itself",
    () =>
      PICKLED[format](
        op.dict(
          op.text("w"),
          raw(op.global("torch._utils", "_rebuild_parameter"), op.tuple(op.none), "Rq", 1, "(h", 1, "NNNNtb"),
        ),
      ),
    `FILE: tensor "w" is a torch._utils._rebuild_parameter, not a tensor${SAVE}`,
  ],
  [
    format,
    "a tuple of 2^60 items",
    () => PICKLED[format](op.dict(op.text("w"), doubled)),
    `FILE: tensor "w" is a tuple of 2, not a tensor${SAVE}`,
  ],
  [
    format,
    "a thousand entries that are made a dict 201 times",
    () => {
      const pairs = Array.from({ length: 1000 }, (_, key) => raw(op.int(key), "N", 0x86));
      const again = raw(ordered, "h", 0, 0x85, "R");
      return PICKLED[format](op.tuple(raw("](", ...pairs, "eq", 0), ...Array<Buffer>(201).fill(again)));
    },
    new RegExp(
      `^FILE: ${PICKLE_AT[format][0]} byte \\d+ brings the entries of OrderedDicts to 201000, more than 200000; save `,
    ),
  ],
  [
    format,
    "a text of 900 KB 20000 times",
    () =>
      PICKLED[format](
        op.tuple(raw(op.text("x".repeat(900_000)), "q", 0), ...Array<Buffer>(20_000).fill(raw("h", 0))),
      ),
    `FILE: the file holds a tuple of 20001, not a state dict${SAVE}`,
  ],
];

/** Storages whose key, or whose view's, is a text of 900 KB, named 8000 times. */
const longKeys = raw(
  "(",
  op.text("x".repeat(900_000)),
  raw("q", 0),
  op.global("torch", "FloatStorage"),
  raw("q", 1),
  op.text("storage"),
  raw("q", 2),
  ...Array<Buffer>(8000).fill(op.persistent(raw("(h", 2, "h", 1, "h", 0, "NK", 2, "t"))),
  "t",
);

const array = arrayPickle();
const CASES: readonly HostileCase[] = [
  ...TORCH.flatMap(selfIn),
  [
    "torch-zip",
    "a tensor whose number of elements is a tuple of 2^60 items",
    () => {
      const id = op.tuple(
        op.text("storage"),
        op.global("torch", "FloatStorage"),
        op.text("0"),
        op.text("cpu"),
        doubling,
      );
      const arguments_ = op.tuple(op.persistent(id), op.int(0), op.tuple(op.int(2)), op.tuple(op.int(1)));
      return torchBytes(
        pickleBytes(
          op.dict(op.text("w"), op.reduce(op.global("torch._utils", "_rebuild_tensor"), arguments_)),
        ),
      );
    },
    'FILE: tensor "w": storage: elements is "a tuple of 2"; it must be a whole number from 0; the file is damaged, get it again',
  ],
  [
    "torch-legacy",
    "a key of 900 KB that is named 8000 times",
    () => legacyBytes(longKeys, { keys: list(), storages: Buffer.alloc(0) }),
    /^FILE: storage "x{76}\.\.\. is not in the list of storage keys; the file is damaged, get it again$/,
  ],
  [
    "npy",
    "a dict in itself",
    () => objectNpy(holder(raw("}q", 0, op.text("l"), "h", 0, "s"))),
    'FILE: layer "l" is a dict of 1, not [weights, biases]; save {layer: [weights, biases]}, or the arrays with np.savez',
  ],
  [
    "npy",
    "a layer of itself",
    () => objectNpy(holder(op.dict(op.text("l"), raw("]q", 0, "(h", 0, "h", 0, "e")))),
    'FILE: layer "l": weight is a list of 2, not an array; save NumPy arrays alone',
  ],
  [
    "npy",
    "an array whose bytes are itself",
    () => {
      const made = op.reduce(
        op.global("numpy.core.multiarray", "_reconstruct"),
        op.tuple(op.global("numpy", "ndarray"), op.tuple(op.int(0)), byteString(Buffer.from("b"))),
      );
      const state = arrayPickle({ shape: [1, 2], raw: raw("h", 1) }).subarray(made.length);
      return objectNpy(holder(op.dict(op.text("l"), list(raw(made, "q", 1, state), array))));
    },
    'FILE: tensor "l.weight": data is a numpy.core.multiarray._reconstruct, not a string of bytes; the file is damaged,' +
      " get it again",
  ],
  [
    "npy",
    "a tuple of 2^60 items for an array",
    () => objectNpy(holder(op.dict(op.text("l"), list(doubled, array)))),
    'FILE: layer "l": weight is a tuple of 2, not an array; save NumPy arrays alone',
  ],
  [
    "npy",
    "a tuple of 2^60 items for a shape",
    () => objectNpy(holder(op.dict(op.text("l"), list(arrayPickle({ shape: doubled }), array)))),
    'FILE: layer "l": weight: shape is ["a tuple of 2","a tuple of 2"]; it must be up to 8 whole numbers from 1 with a' +
      " product of at most 67108864; the file is damaged, get it again",
  ],
];
itRefuses("references", CASES);

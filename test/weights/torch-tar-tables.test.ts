import { floats, op, pickleBytes } from "./helpers/build.js";
import {
  int64,
  list,
  storageEntry,
  table,
  tarTorchBytes,
  tensorEntry,
  views,
  type TarParts,
  type TensorEntryParts,
} from "./helpers/build-old-torch.js";
import { itRefuses } from "./helpers/damaged.js";

const damaged = "; the file is damaged, get it again";
const storages = (...parts: Buffer[]): Buffer => Buffer.concat([table(storageEntry(10)), ...parts]);
const view = (key: number, root: number, offset: number, elements: number): Buffer =>
  op.tuple(...[key, root, offset, elements].map(op.int));
const refuses = (title: string, parts: TarParts, text: string | RegExp): void => {
  itRefuses(title, tarTorchBytes(parts), text);
};

describe("the tables of PyTorch tar files", () => {
  for (const [name, table] of [
    ["storages", (count: Buffer) => ({ storages: Buffer.concat([pickleBytes(count), views()]) })],
    ["tensors", (count: Buffer) => ({ tensors: pickleBytes(count) })],
  ] as const)
    for (const [count, shown] of [
      [op.int(-1), "-1"],
      [op.int(4097), "4097"],
      [op.none, '"None"'],
      [Buffer.from("473fe0000000000000", "hex"), "0.5"],
    ] as const)
      refuses(
        `${shown} as the count of ${name}`,
        table(count),
        `${name}: count is ${shown}; it must be a whole number from 0 to 4096${damaged}`,
      );

  const many = (content: Buffer = int64(0), type?: string): TarParts => ({
    storages: Buffer.concat([table(storageEntry(10, type, content)), views()]),
  });
  const room = "for which there is room";
  refuses(
    "a storage of more elements than there are",
    many(Buffer.concat([int64(1000), floats(1, 2)])),
    new RegExp(`storage "10": elements is 1000; it must be from 0 to \\d, ${room}`),
  );
  refuses(
    "a storage of negative length",
    many(Buffer.concat([int64(-2), floats(1, 2)])),
    new RegExp(`storage "10": elements is -2; it must be from 0 to \\d, ${room}`),
  );
  refuses(
    "a storage of an unknown type",
    many(undefined, "CharStorage"),
    /storages byte \d+ wants to import "torch.CharStorage", which a state dict does not need/,
  );
  refuses(
    "a tensor for a storage",
    many(undefined, "FloatTensor"),
    /storages byte \d+ wants to import "torch.FloatTensor", which a state dict does not need/,
  );
  const entry = (value: Buffer): TarParts => ({
    storages: table(Buffer.concat([pickleBytes(value), int64(0)])),
  });
  const storageRule = "it must be a key, a location and a class";
  refuses(
    "a storage without a class",
    entry(op.tuple(op.int(10), op.text("cpu"), op.none)),
    `storages: entry 0 is "a tuple of 3"; ${storageRule}${damaged}`,
  );
  refuses(
    "a storage without a key",
    entry(op.tuple(op.text("10"), op.text("cpu"), op.global("torch", "FloatStorage"))),
    `storages: entry 0 is "a tuple of 3"; ${storageRule}${damaged}`,
  );
  refuses(
    "a storage of four items",
    entry(op.tuple(op.int(10), op.none, op.global("torch", "FloatStorage"), op.none)),
    `storages: entry 0 is "a tuple of 4"; ${storageRule}${damaged}`,
  );
  refuses(
    "a storage twice",
    { storages: Buffer.concat([table(storageEntry(10), storageEntry(10)), views()]) },
    `storage "10" is there twice${damaged}`,
  );

  refuses(
    "views that are no list",
    { storages: storages(pickleBytes(op.none)) },
    `storages: views is "None"; it must be a list${damaged}`,
  );
  const viewRule = "it must be a key, a storage's key, an offset and elements";
  refuses(
    "a view that is no tuple",
    { storages: storages(views(op.int(3))) },
    `storages: view 0 is 3; ${viewRule}${damaged}`,
  );
  refuses(
    "a view of an unknown storage",
    { storages: storages(views(view(11, 12, 0, 1))) },
    `storages: view 0 is "a tuple of 4"; ${viewRule}${damaged}`,
  );
  refuses(
    "a view with a storage's key",
    { storages: storages(views(view(10, 10, 0, 1))) },
    `storage "10" is there twice${damaged}`,
  );
  refuses(
    "a view past its storage",
    { storages: storages(views(view(11, 10, 1, 2))) },
    `storages: view 0: offset + elements is 3; it must be at most 2, the elements of its storage${damaged}`,
  );
  refuses(
    "a view before its storage",
    { storages: storages(views(view(11, 10, -1, 2))) },
    `storages: view 0: offset is -1; it must be a whole number from 0${damaged}`,
  );

  const tensorRule = "it must be a key, a storage's key and a class";
  const tensors: readonly [tensor: TensorEntryParts, text: string][] = [
    [{ key: op.text("20") }, `tensors: entry 0 is "a tuple of 3"; ${tensorRule}`],
    [{ storage: op.int(11) }, `tensors: entry 0 is "a tuple of 3"; ${tensorRule}`],
    [{ storage: op.none }, `tensors: entry 0 is "a tuple of 3"; ${tensorRule}`],
    [{ key: op.int(10) }, 'tensor key "10" is there twice'],
    [{ type: "HalfTensor" }, 'tensors: entry 0: class is "torch.HalfTensor"; it must be a tensor\'s of F32'],
    [{ rank: -1 }, "tensors: entry 0: axes is -1; it must be from 0 to 8"],
    [{ rank: 9 }, "tensors: entry 0: axes is 9; it must be from 0 to 8"],
    [{ size: [0] }, 'tensor "w": size is [0]; it must be whole numbers from 1'],
    [{ size: [-2] }, 'tensor "w": size is [-2]; it must be whole numbers from 1'],
    [{ size: [2n ** 62n] }, 'tensor "w": size is [4611686018427388000]; it must be whole numbers from 1'],
    [{ size: [3] }, 'tensor "w": storage offset + span is 3; it must be at most 2'],
    [{ stride: [-1] }, 'tensor "w": stride is [-1]; it must be whole numbers from 0'],
    [{ stride: [0] }, 'tensor "w" has stride [0], by which elements of size [2] share places'],
    [{ stride: [2n ** 62n] }, 'tensor "w": stride is [4611686018427388000]; it must be whole numbers from 0'],
    [
      { size: [2 ** 40, 2 ** 40], stride: [2 ** 40, 1] },
      'tensor "w": size is [1099511627776,1099511627776]; it must be of fewer than 2',
    ],
    [{ offset: -1 }, 'tensor "w": storage offset is -1; it must be a whole number from 0'],
    [{ offset: 1 }, 'tensor "w": storage offset + span is 3; it must be at most 2'],
    [
      { offset: 2n ** 60n },
      'tensor "w": storage offset is 1152921504606847000; it must be a whole number from 0',
    ],
  ];
  for (const [tensor, text] of tensors) {
    const title = JSON.stringify(tensor, (_, value: unknown) =>
      typeof value === "bigint" ? `${value}` : value,
    );
    const pattern = text.replace(/[[\]+().]/g, "\\$&");
    refuses(
      `a tensor with ${title}`,
      { tensors: table(tensorEntry(tensor)) },
      new RegExp(`^FILE: ${pattern}`),
    );
  }
  refuses(
    "a tensor twice",
    { tensors: table(tensorEntry(), tensorEntry()) },
    `tensor key "20" is there twice${damaged}`,
  );
  refuses(
    "a tensor of counters",
    {
      storages: Buffer.concat([table(storageEntry(10, "LongStorage", int64(2, 1, 2))), views()]),
      tensors: table(tensorEntry({ type: "LongTensor" })),
    },
    'tensor "w": dtype is "I64"; it must be one of F32, F16, BF16, F64; convert it to F32',
  );
  refuses(
    "lists for pickles of numbers",
    { tensors: pickleBytes(list(op.int(1))) },
    `tensors: count is "a list of 1"; it must be a whole number from 0 to 4096${damaged}`,
  );
});

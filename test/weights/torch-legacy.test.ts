import { expect } from "chai";
import { loadWeights } from "../../lib/weights/load.js";
import { floats, op, pickleBytes, tensorPickle, type TensorParts } from "./helpers/build.js";
import { int64, legacyBytes, list, MAGIC, no, system, type LegacyParts } from "./helpers/build-old-torch.js";
import { itRefuses } from "./helpers/damaged.js";
import { expectFixture, readAll, withFile } from "./helpers/files.js";

const damaged = "; the file is damaged, get it again";
const save = "; save it with torch.save(model.state_dict(), path)";
const again = "; save it with torch.save of 1.6 or later";

const tensor = (parts: TensorParts = {}): Buffer => tensorPickle({ view: op.none, ...parts });
const view = (key: string, offset: number, elements: number): Buffer =>
  op.tuple(op.text(key), op.int(offset), op.int(elements));
const one = op.dict(op.text("w"), tensor());
const raw = (text: string): Buffer => Buffer.from(text, "latin1");
const empty: LegacyParts = { keys: list(), storages: raw("") };

describe("PyTorch streams of before 1.6", () => {
  for (const name of ["state", "checkpoint", "dtypes", "strided", "tied", "parameter", "counter"])
    it(`reads legacy-${name}.pth as torch does`, () =>
      expectFixture(`legacy-${name}.pth`, "torch-legacy", `torch-${name}.pth`));
  for (const name of ["python2", "views"])
    it(`reads legacy-${name}.pth as torch does`, () => expectFixture(`legacy-${name}.pth`, "torch-legacy"));

  it("reads storages in the order of the keys, not of the tensors", () => {
    const state = op.dict(op.text("a"), tensor({ key: "b" }), op.text("b"), tensor({ key: "a" }));
    const bytes = legacyBytes(state, {
      keys: list(op.text("a"), op.text("b")),
      storages: Buffer.concat([int64(2), floats(3, 4), int64(2), floats(1, 2)]),
    });
    return withFile(bytes, async (path) => {
      const values = await readAll(await loadWeights(path));
      expect([...values]).to.deep.equal([
        ["a", Float32Array.of(1, 2)],
        ["b", Float32Array.of(3, 4)],
      ]);
    });
  });

  const parts: readonly [title: string, parts: LegacyParts, text: string][] = [
    ["another protocol version", { version: op.int(1002) }, `the protocol version is 1002, not 1001${again}`],
    ["no protocol version", { version: op.none }, `the protocol version is None, not 1001${again}`],
    [
      "a sys_info of tar files",
      { system: system(1000) },
      `sys_info: protocol_version is 1000, not 1001${again}`,
    ],
    ["a sys_info that is no dict", { system: op.int(1) }, `sys_info is a number, not a dict${damaged}`],
    ["an empty sys_info", { system: op.dict() }, `sys_info: protocol_version is nothing, not 1001${again}`],
    [
      "big-endian numbers",
      { system: system(1001, no) },
      "sys_info: little_endian is false, not true; save it on a little-endian machine",
    ],
    [
      "keys that are no list",
      { keys: op.text("0") },
      `storage keys is "0"; it must be a list of strings${damaged}`,
    ],
    [
      "a key that no tensor names",
      { keys: list(op.text("0"), op.text("1")) },
      `a storage key is "1"; it must be one that a tensor names${damaged}`,
    ],
    [
      "a key that is no string",
      { keys: list(op.int(0)) },
      `a storage key is 0; it must be one that a tensor names${damaged}`,
    ],
    [
      "a key twice",
      { keys: list(op.text("0"), op.text("0")), tail: Buffer.concat([int64(2), floats(1, 2)]) },
      `storage "0" is there twice${damaged}`,
    ],
    [
      "a key that is missing",
      { keys: list(), storages: raw("") },
      `storage "0" is not in the list of storage keys${damaged}`,
    ],
    [
      "4097 keys",
      { keys: list(...Array<Buffer>(4097).fill(op.text("0"))) },
      "storage keys are 4097, more than 4096; save the state dict alone",
    ],
    [
      "a storage of another length than the state dict says",
      { storages: Buffer.concat([int64(1), floats(1)]) },
      `storage "0": elements is 1; it must be 2, as the state dict says${damaged}`,
    ],
    [
      "a storage of more elements than the file has",
      { storages: Buffer.concat([int64(3), floats(1, 2)]) },
      `storage "0": elements is 3; it must be from 0 to 2, for which there is room${damaged}`,
    ],
    [
      "a storage of negative length",
      { storages: Buffer.concat([int64(-1), floats(1, 2)]) },
      `storage "0": elements is -1; it must be from 0 to 2, for which there is room${damaged}`,
    ],
    [
      "a storage whose bytes overflow",
      { storages: Buffer.concat([int64(2n ** 62n + 2n), floats(1, 2)]) },
      `storage "0": elements is 4611686018427388000; it must be from 0 to 2, for which there is room${damaged}`,
    ],
  ];
  for (const [title, changed, text] of parts) itRefuses(title, legacyBytes(one, changed), text);

  const named = (...entries: Buffer[]): Buffer =>
    legacyBytes(op.dict(...entries.flatMap((entry, i) => [op.text(`w${i}`), entry])));
  itRefuses(
    "two types of one storage",
    named(tensor(), tensor({ type: "HalfStorage" })),
    `storage "0" is named twice and not alike${damaged}`,
  );
  itRefuses(
    "two lengths of one storage",
    named(tensor(), tensor({ elements: 1, size: [1] })),
    `storage "0" is named twice and not alike${damaged}`,
  );
  itRefuses(
    "a view that is named twice and not alike",
    named(tensor({ view: view("v", 0, 2) }), tensor({ view: view("v", 1, 1), size: [1] })),
    `storage "v" is named twice and not alike${damaged}`,
  );
  itRefuses(
    "a view with the key of its storage",
    named(tensor({ view: view("0", 0, 2) })),
    `storage "0" is named twice and not alike${damaged}`,
  );
  itRefuses(
    "a view past its storage",
    named(tensor({ view: view("v", 1, 2) })),
    `tensor "w0": view: offset + elements is 3; it must be at most 2, the elements of its storage${damaged}`,
  );
  itRefuses(
    "a view before its storage",
    named(tensor({ view: view("v", -1, 2) })),
    `tensor "w0": view: offset is -1; it must be a whole number from 0${damaged}`,
  );
  itRefuses(
    "a view of a negative length",
    named(tensor({ view: view("v", 0, -2) })),
    `tensor "w0": view: elements is -2; it must be a whole number from 0${damaged}`,
  );
  itRefuses(
    "a tensor past its view",
    named(tensor({ view: view("v", 1, 1) })),
    `tensor "w0": storage offset + span is 2; it must be at most 1, the elements of its storage${damaged}`,
  );
  itRefuses(
    "a view that is a number",
    named(tensor({ view: op.int(1) })),
    `a persistent id: view is 1; it must be None or a key, an offset and elements${damaged}`,
  );
  itRefuses(
    "a stride of 0",
    named(tensor({ size: [1000, 1000], stride: [0, 0] })),
    'tensor "w0" has stride [0, 0], by which elements of size [1000, 1000] share places; save tensor.contiguous()',
  );

  const module = op.persistent(
    op.tuple(op.text("module"), op.none, op.text("f.py"), op.text("class A: pass")),
  );
  itRefuses(
    "a module with its source",
    legacyBytes(op.dict(op.text("a"), module)),
    `a persistent id is a module with its source code${save}`,
  );
  itRefuses(
    "a persistent id of another kind",
    legacyBytes(op.dict(op.text("a"), op.persistent(op.text("0")))),
    `a persistent id is a persistent object without a type and a key${damaged}`,
  );
  const at = MAGIC.length + pickleBytes(op.int(1001)).length + pickleBytes(system(1001)).length + 2;
  itRefuses(
    "a call of the system",
    legacyBytes(op.reduce(op.global("posix", "system"), op.tuple(op.text("id")))),
    `the stream byte ${at} wants to import "posix.system", which a state dict does not need${save}`,
  );
  itRefuses(
    "an import outside of the state dict",
    legacyBytes(one, { keys: op.global("torch", "FloatStorage") }),
    /the stream byte \d+ wants to import "torch.FloatStorage", which a state dict does not need/,
  );
  itRefuses(
    "another protocol of pickles",
    Buffer.concat([Buffer.from([0x80, 3]), MAGIC.subarray(2)]),
    "the stream byte 0 is of pickle protocol 3, not 2; save it with torch.save's default protocol",
  );
  itRefuses(
    "a dict that holds itself",
    legacyBytes(raw("}q\0X\x01\0\0\0wh\0s"), empty),
    /tensor "w" is a dict of 1, not a tensor/,
  );
  itRefuses(
    "a list that holds itself",
    legacyBytes(raw("]q\0h\0a"), empty),
    `the file holds a list of 1, not a state dict${save}`,
  );
  itRefuses(
    "bytes behind the last storage",
    legacyBytes(one, { tail: raw("\0") }),
    /^FILE: the stream goes on behind its end at byte \d+; the file is damaged/,
  );
  itRefuses(
    "a state dict of more than 1 MiB",
    legacyBytes(op.dict(op.text("a"), op.text("x".repeat(1 << 20)))),
    /the stream byte \d+ goes past the 1048576 bytes of a pickle that are read; save the state dict alone/,
  );
  itRefuses(
    "a name that crosses the end of 1 MiB",
    legacyBytes(Buffer.concat([op.text("x".repeat((1 << 20) - 20)), op.global("torch", "FloatStorage")])),
    /the stream byte \d+ goes past the 1048576 bytes of a pickle that are read; save the state dict alone/,
  );
  itRefuses(
    "a list that doubles itself by the memo",
    legacyBytes(Buffer.concat([raw("]q\0"), ...Array<Buffer>(2000).fill(raw("(h\0h\0e"))]), empty),
    `the file holds a list of 4000, not a state dict${save}`,
  );
  itRefuses(
    "tensors that name a storage far more often than it is stored",
    legacyBytes(
      op.dict(
        ...Array.from({ length: 5 }, (_, i) => [
          op.text(`w${i}`),
          tensor({ elements: 1 << 18, size: [1 << 18], view: view(`v${i}`, 0, 1 << 18) }),
        ]).flat(),
      ),
      { storages: Buffer.concat([int64(1 << 18), Buffer.alloc(1 << 20)]) },
    ),
    /^FILE: the size of its tensors together is 5242880 bytes, more than 4 times the \d+ in which they lie; save each /,
  );
});
